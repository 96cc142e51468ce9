/**
 * The forwarder: follows Orthanc's changes and uploads every stable study that a tool may want to the bucket. It may be
 * stopped at any time; studies that it has noticed are forwarded after the next start.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrthancClient, OrthancStudy } from '#adapters/orthanc/client.ts';
import { systemRefusal } from '#adapters/system-refusal.ts';
import {
  ArchiveDeniedError,
  ArchiveRequestError,
  ArchiveUnavailableError,
  ConfigurationError,
  isKnown,
  reasonOf,
  ServiceUnavailableError,
  SystemRefusalError,
} from '#core/errors.ts';
import { chunkKey, type Lane } from '#pipeline/keys.ts';
import type { ObjectStore } from '#pipeline/ports.ts';
import { createDeployedWants, type DeployedWantsOptions } from './deployed.ts';
import type { SeriesForwarding } from './forward-series.ts';
import { forwardStudy, type StudyOutcome } from './forward-study.ts';
import type { Journal, JournalStudy, Noticed } from './journal.ts';
import type { Facts } from './log.ts';
import { clearSpools } from './spool.ts';
import type { Wants } from './wanted.ts';

export interface ForwarderOptions extends DeployedWantsOptions {
  readonly archive: SeriesForwarding['archive'];
  readonly orthanc: OrthancClient;
  readonly store: ObjectStore;
  readonly journal: Journal;
  /** Chunks wait here until their series is judged; emptied at the start. */
  readonly spoolFolder: string;
  readonly lane?: Lane;
  /** What the very first start forwards: `now` only studies that arrive from then on, `all` also those already in Orthanc. */
  readonly start?: 'now' | 'all';
  readonly pollMs?: number;
  /** How often all studies are scanned for missed ones. They are also scanned at the start and after every outage. */
  readonly scanEveryMs?: number;
  readonly chunkBytes?: number;
  /** The edge worked with other settings before, so that a wrong one now is no reason to end. */
  readonly resumed?: boolean;
}

export interface Forwarder {
  /** Runs until `signal` is aborted. @throws ArchiveDeniedError, ConfigurationError if it cannot start */
  run(signal: AbortSignal): Promise<void>;
  /** Looks for all changes once, and forwards all studies that are due. */
  runOnce(signal?: AbortSignal): Promise<readonly StudyOutcome[]>;
  /** Forwards one study as it is now, stable or not. @throws ArchiveRequestError if Orthanc does not have it */
  forwardStudy(StudyInstanceUID: string, signal?: AbortSignal): Promise<StudyOutcome>;
}

const PAGE = 200;
const CHANGES_PAGE = 1_000;
const POLL_MS = 500;
const SCAN_EVERY_MS = 3_600_000;
/** Back-off between attempts: 1 s, doubled each time, up to 30 s for Orthanc and the bucket and up to 5 min for one study. */
const OUTAGE_CAP_MS = 30_000;
const STUDY_CAP_MS = 300_000;
/** The wait before a study is checked again that received instances while it was queued. */
const UNSTABLE_MS = 5_000;

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { orthanc, journal, clock, log, lane = 'live', pollMs = POLL_MS, scanEveryMs = SCAN_EVERY_MS } = options;
  const deployedWants = createDeployedWants(options);
  /** The position of the scan of all studies; undefined if no scan is in progress. */
  let scanOffset: number | undefined = 0;
  let scannedAt = clock.now();
  let begun = false;

  /** Decides, at the start and after an outage, from where to follow the changes. */
  async function begin(signal?: AbortSignal): Promise<void> {
    if (!begun) {
      await clearSpools(options.spoolFolder);
      // Any answer shows that the deployment can be used.
      await options.store.exists(chunkKey('0'.repeat(64)), signal && { signal });
      await deployedWants.current(signal);
    }
    const last = await orthanc.lastChange(signal && { signal });
    const [cursor, newest] = [journal.cursor(), last?.seq ?? 0];
    // The scan of all studies that follows finds everything older than the newest change.
    if (cursor === undefined) journal.begin(newest, options.start === 'all' ? '' : (last?.date ?? ''));
    else if (cursor > newest) {
      log.warn('orthanc-replaced', { cursor, newest });
      journal.begin(newest, journal.since());
    }
    scanOffset = 0;
    begun = true;
  }

  /** Notices studies that became stable since the cursor. */
  async function follow(signal?: AbortSignal): Promise<void> {
    for (let done = false; !done; ) {
      const cursor = journal.cursor() ?? 0;
      const page = await orthanc.changes(cursor, CHANGES_PAGE, signal && { signal });
      const ids = new Set(page.changes.filter((change) => change.type === 'StableStudy').map((change) => change.id));
      const studies = await Promise.all([...ids].map((id) => orthanc.study(id, signal && { signal })));
      notice(
        studies.filter((study) => study !== undefined),
        Math.max(cursor, page.last),
      );
      done = page.done || page.changes.length === 0;
    }
  }

  /**
   * Scans one page of all studies for those that became stable while the edge or Orthanc was down, for which there is no
   * event. It scans page by page, so that a large archive does not delay new studies.
   */
  async function scan(signal?: AbortSignal): Promise<void> {
    if (scanOffset === undefined && clock.now() - scannedAt >= scanEveryMs) scanOffset = 0;
    if (scanOffset === undefined) return;
    const page = await orthanc.studies(scanOffset, PAGE, signal && { signal });
    const since = journal.since();
    notice(page.filter((study) => study.stable && study.lastUpdate > since && !isSettled(study)));
    scanOffset = page.length < PAGE ? undefined : scanOffset + PAGE;
    scannedAt = clock.now();
  }

  function isSettled({ StudyInstanceUID, lastUpdate }: OrthancStudy): boolean {
    const known = journal.study(StudyInstanceUID);
    return known !== undefined && (known.state === 'seen' || known.lastUpdate === lastUpdate);
  }

  function notice(studies: readonly OrthancStudy[], cursor?: number): void {
    const noticed: readonly Noticed[] = studies.map(({ StudyInstanceUID, id }) => ({
      StudyInstanceUID,
      orthancId: id,
    }));
    if (noticed.length > 0 || cursor !== journal.cursor()) journal.notice(noticed, clock.now(), cursor);
    for (const { orthancId } of noticed) log.info('study-noticed', { orthancId });
  }

  /** Forwards one study that is due; undefined if there is none. */
  async function workOff(signal?: AbortSignal): Promise<StudyOutcome | 'postponed' | undefined> {
    const due = journal.due(clock.now());
    if (due === undefined) return undefined;
    const { StudyInstanceUID, orthancId } = due;
    const wants = await deployedWants.current(signal);
    try {
      const study = await orthanc.study(orthancId, signal && { signal });
      if (study?.stable === false) {
        journal.postpone(StudyInstanceUID, clock.now() + UNSTABLE_MS);
        return 'postponed';
      }
      return await forward(study ?? { ...due, id: orthancId, stable: true, lastUpdate: '' }, wants, signal);
    } catch (caught) {
      signal?.throwIfAborted();
      const error = systemRefusal(caught, options.spoolFolder);
      postpone(due, error);
      if (isOutage(error)) throw error;
      return 'postponed';
    }
  }

  async function forward(study: OrthancStudy, wants: Wants, signal?: AbortSignal): Promise<StudyOutcome> {
    const { StudyInstanceUID, lastUpdate } = study;
    const startedAt = clock.now();
    const outcome = await forwardStudy({ ...options, lane, wants }, study, signal);
    journal.settle(StudyInstanceUID, { ...outcome, lastUpdate }, clock.now());
    const ms = clock.now() - startedAt;
    if (outcome.state === 'skipped') {
      const { code, message } = outcome.reason;
      log.info('study-skipped', { orthancId: study.id, code, reason: message, ms });
    } else {
      const { revision, instances, storedBytes, fresh } = outcome;
      log.info('study-forwarded', { StudyInstanceUID, revision, instances, storedBytes, fresh, ms });
    }
    return outcome;
  }

  function postpone({ StudyInstanceUID, orthancId, attempts }: JournalStudy, error: unknown): void {
    const waitMs = backoffMs(attempts, STUDY_CAP_MS);
    journal.postpone(StudyInstanceUID, clock.now() + waitMs, reasonOf(error));
    log.warn('study-postponed', { orthancId, attempts: attempts + 1, waitMs, ...factsOf(error) });
  }

  return {
    async run(signal) {
      log.info('edge-started', { lane });
      let outages = 0;
      let stale = true;
      while (!signal.aborted) {
        try {
          if (stale) await begin(signal);
          stale = false;
          await follow(signal);
          await scan(signal);
          const idle = (await workOff(signal)) === undefined && scanOffset === undefined;
          outages = 0;
          if (idle) await pause(pollMs, signal);
        } catch (error) {
          if (signal.aborted) break;
          // Before the first success, a wrong setting is more likely than a temporary fault: report it and stop.
          if (!begun && options.resumed !== true && isSetting(error)) throw error;
          stale ||= error instanceof ArchiveUnavailableError;
          const waitMs = backoffMs(outages, OUTAGE_CAP_MS);
          outages += 1;
          log.error('edge-waiting', { attempts: outages, waitMs, ...factsOf(systemRefusal(error)) });
          await pause(waitMs, signal);
        }
      }
      log.info('edge-stopped');
    },

    async runOnce(signal) {
      await begin(signal);
      await follow(signal);
      while (scanOffset !== undefined) await scan(signal);
      const outcomes: StudyOutcome[] = [];
      for (let outcome = await workOff(signal); outcome !== undefined; outcome = await workOff(signal))
        if (outcome !== 'postponed') outcomes.push(outcome);
      return outcomes;
    },

    async forwardStudy(StudyInstanceUID, signal) {
      const [study] = await orthanc.findStudies(StudyInstanceUID, signal && { signal });
      if (study === undefined)
        throw new ArchiveRequestError('Orthanc does not have this study', { facts: { StudyInstanceUID } });
      notice([study]);
      return forward(study, await deployedWants.current(signal), signal);
    },
  };
}

const isSetting = (error: unknown): boolean =>
  error instanceof ArchiveDeniedError || error instanceof ArchiveRequestError || error instanceof ConfigurationError;

/** Errors that are not the study's fault, since they would affect all studies. */
const isOutage = (error: unknown): boolean =>
  error instanceof ArchiveUnavailableError ||
  error instanceof ServiceUnavailableError ||
  error instanceof ArchiveDeniedError ||
  error instanceof ConfigurationError ||
  error instanceof SystemRefusalError;

const backoffMs = (attempts: number, capMs: number): number => Math.min(capMs, 1_000 * 2 ** Math.min(attempts, 20));

/** The loggable facts of an error. The message is logged only for Hilum's own errors; other messages may quote a dataset. */
const factsOf = (error: unknown): Facts =>
  isKnown(error)
    ? { ...error.facts, code: error.code, message: error.message }
    : { code: 'unexpected', error: error instanceof Error ? error.name : typeof error };

/** Waits, or returns at once when `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
