/**
 * The forwarder: follows Orthanc's changes and uploads every stable study that a tool may want to the bucket. It may be
 * stopped at any time; studies that it has noticed are forwarded after the next start.
 */
import type { OrthancClient, OrthancStudy } from '#adapters/orthanc/client.ts';
import { isDamage } from '#adapters/sqlite/salvage.ts';
import { isOfDatabase, systemRefusal } from '#adapters/system-refusal.ts';
import {
  ArchiveDeniedError,
  ArchiveRequestError,
  ArchiveUnavailableError,
  ConfigurationError,
  isKnown,
  reasonOf,
} from '#core/errors.ts';
import { chunkKey, type Lane } from '#pipeline/keys.ts';
import type { ObjectStore } from '#pipeline/ports.ts';
import { type Arrival, PATIENCE, type Patience, REVISED_LATELY } from './complete.ts';
import { createDeployedWants, type DeployedWantsOptions } from './deployed.ts';
import { createFollowing, type FollowingOptions } from './following.ts';
import type { SeriesForwarding } from './forward-series.ts';
import { forwardStudy, type StudyForwarding, type StudyOutcome } from './forward-study.ts';
import type { Journal, JournalStudy } from './journal.ts';
import type { Facts } from './log.ts';
import { createPlaces } from './places.ts';
import { outageBehind, type Probed } from './probe.ts';
import { observed, type Progress } from './progress.ts';
import { createStudyQueue, STUDY_CAP_MS } from './queue.ts';
import { createReconciliation, type ReconciliationOptions } from './reconcile.ts';
import { clearSpools } from './spool.ts';
import { backoffMs, pause } from './waiting.ts';
import type { Wants } from './wanted.ts';

export interface ForwarderOptions extends DeployedWantsOptions {
  readonly archive: SeriesForwarding['archive'] & Probed['archive'];
  readonly orthanc: OrthancClient;
  readonly store: ObjectStore;
  readonly journal: Journal;
  /** Chunks wait here until their series is judged; emptied at the start. */
  readonly spoolFolder: string;
  readonly lane?: Lane;
  readonly start?: FollowingOptions['start'];
  readonly pollMs?: number;
  readonly scanEveryMs?: FollowingOptions['scanEveryMs'];
  readonly checkEveryMs?: ReconciliationOptions['checkEveryMs'];
  readonly checkedForMs?: ReconciliationOptions['checkedForMs'];
  readonly chunkBytes?: number;
  /** Told of what the edge does. */
  readonly progress?: Progress | undefined;
  /** How long studies wait for further images. */
  readonly patience?: Patience;
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

const POLL_MS = 500;
/** Back-off between attempts: 1 s, doubled each time, up to 30 s for Orthanc and the bucket. `STUDY_CAP_MS` is that of a study. */
const OUTAGE_CAP_MS = 30_000;
/** The wait before a study is checked again that received instances while it was queued. */
const UNSTABLE_MS = 5_000;
/** How long the places of a finished study's instances are remembered. Late slices come within days. */
const REMEMBERED_MS = 14 * 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
/** How long ago a study may have been skipped that is judged again for other tools. Nobody waits for older ones. */
const JUDGED_AGAIN_MS = 30 * 86_400_000;

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { orthanc, journal, clock, log, lane = 'live', pollMs = POLL_MS, patience = PATIENCE } = options;
  const { progress } = options;
  const turned = (): void => progress?.turned();
  const deployedWants = createDeployedWants({ ...options, deployed: observed(options.deployed, turned) });
  const queue = createStudyQueue(journal, clock);
  const following = createFollowing({ ...options, orthanc: observed(orthanc, turned), noticed: queue.noticed });
  const reconciliation = createReconciliation({ ...options, lane, store: observed(options.store, turned) });
  /** What the system refuses, explained. */
  const refused = (error: unknown): unknown =>
    systemRefusal(error, isOfDatabase(error) ? journal.file : options.spoolFolder);
  /** Studies that changed again while they waited after a revision. Lost at the end of the process, which makes the wait shorter. */
  const trickling = new Set<string>();
  let begun = false;
  let prunedAt = 0;

  async function begin(signal?: AbortSignal): Promise<void> {
    if (!begun) {
      await clearSpools(options.spoolFolder);
      // Any answer shows that the deployment can be used.
      await options.store.exists(chunkKey('0'.repeat(64)), signal && { signal });
      await deployedWants.current(signal);
    }
    await following.begin(signal);
    begun = true;
  }

  /**
   * Forwards a study that was taken from the queue.
   *
   * @throws the error of a service that cannot be used for any study
   */
  async function workOff(due: JournalStudy, signal?: AbortSignal): Promise<StudyOutcome | 'postponed'> {
    const { StudyInstanceUID, orthancId } = due;
    try {
      return await attempt(due, await deployedWants.current(signal), signal);
    } finally {
      if (queue.giveBack(StudyInstanceUID)) journal.notice([{ StudyInstanceUID, orthancId }], clock.now());
    }
  }

  /** When a study arrived. A study that a person sends again is judged as it is. */
  function arrivalOf({ StudyInstanceUID, revision, settledAt, seenAt, resend }: JournalStudy): Arrival | undefined {
    if (resend > 0) return undefined;
    const revisedAt = revision === undefined ? undefined : settledAt;
    return { ...patience, now: clock.now(), stableAt: seenAt, revisedAt, isTrickling: trickling.has(StudyInstanceUID) };
  }

  /** Keeps the journal small. */
  function prune(): void {
    const now = clock.now();
    if (Math.abs(now - prunedAt) < PRUNE_EVERY_MS) return;
    prunedAt = now;
    journal.prune(now - REMEMBERED_MS);
  }

  /** Queues the studies again that no tool took, when the deployed tools have changed. */
  async function judgeAgain(signal?: AbortSignal): Promise<void> {
    const { digest } = await deployedWants.current(signal);
    const studies = journal.judgeAgain(digest, clock.now() - JUDGED_AGAIN_MS);
    if (studies > 0) log.info('studies-judged-again', { studies });
  }

  /** A study whose patient was corrected has another identifier in Orthanc, and one that a person asked for may have none yet. */
  async function find({ StudyInstanceUID, orthancId }: JournalStudy, signal?: AbortSignal) {
    const study = orthancId === '' ? undefined : await orthanc.study(orthancId, signal && { signal });
    return study ?? (await orthanc.findStudies(StudyInstanceUID, signal && { signal }))[0];
  }

  async function attempt(due: JournalStudy, wants: Wants, signal?: AbortSignal): Promise<StudyOutcome | 'postponed'> {
    const { StudyInstanceUID, orthancId } = due;
    try {
      const study = await find(due, signal);
      if (study?.stable === false) {
        journal.postpone(StudyInstanceUID, clock.now() + UNSTABLE_MS);
        return 'postponed';
      }
      const known = study ?? { ...due, id: orthancId, stable: true, lastUpdate: '' };
      if (due.resend > 0) journal.again.forget(StudyInstanceUID);
      const { attempts, resend } = due;
      return await forward(known, { wants, attempts, resend, arrival: arrivalOf(due) }, signal);
    } catch (caught) {
      signal?.throwIfAborted();
      const error = refused(caught);
      // Nothing about any study can be recorded.
      if (isOfDatabase(caught)) throw error;
      postpone(due, error);
      const outage = await outageBehind(error, options, signal);
      if (outage !== undefined) throw outage;
      return 'postponed';
    }
  }

  /** @throws the error of a series that is missing, also if the rest went up */
  async function forward(
    study: OrthancStudy,
    state: Pick<StudyForwarding, 'wants' | 'attempts' | 'arrival'> & { readonly resend: number },
    signal?: AbortSignal,
  ): Promise<StudyOutcome> {
    const { StudyInstanceUID, lastUpdate } = study;
    const startedAt = clock.now();
    const probe = async (error: unknown) =>
      isOfDatabase(error) ? error : outageBehind(refused(error), options, signal);
    const { resend } = state;
    const work = progress?.begin(StudyInstanceUID);
    const moved = (): void => work?.moved();
    const [archive, store] = [observed(options.archive, moved), observed(options.store, moved)];
    const edge = { ...options, archive, store, lane, ...state, again: resend > 0, outageBehind: probe };
    const outcome = await forwardStudy(edge, study, signal).finally(() => work?.end());
    const now = clock.now();
    const ms = now - startedAt;
    if (outcome.state === 'waiting') {
      const { reason, untilMs } = outcome;
      if (reason.code === REVISED_LATELY) trickling.add(StudyInstanceUID);
      journal.postpone(StudyInstanceUID, Math.min(untilMs, now + STUDY_CAP_MS), reason, false);
      log.info('study-waits', { StudyInstanceUID, ...reason, waitMs: untilMs - now, ms });
      return outcome;
    }
    trickling.delete(StudyInstanceUID);
    const isWhole = outcome.state === 'skipped' || outcome.missing === undefined;
    // The wait after a revision counts from its manifest.
    const known = outcome.state === 'uploaded' && !outcome.fresh ? journal.study(StudyInstanceUID) : undefined;
    if (isWhole) journal.settle(StudyInstanceUID, { ...outcome, lastUpdate, resend }, known?.settledAt ?? now);
    if (outcome.state === 'skipped') {
      const { code, message } = outcome.reason;
      log.info('study-skipped', { orthancId: study.id, code, reason: message, ms });
    } else {
      const { revision, instances, storedBytes, fresh } = outcome;
      log.info('study-forwarded', { StudyInstanceUID, revision, instances, storedBytes, fresh, ms });
      if (!isWhole) throw outcome.missing;
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
      const places = createPlaces(queue, async (study) => {
        await workOff(study, signal);
        outages = 0;
      });
      while (!signal.aborted) {
        turned();
        try {
          if (stale) await begin(signal);
          stale = false;
          await following.follow(signal);
          await following.scan(signal);
          await judgeAgain(signal);
          await reconciliation.step(signal);
          prune();
          const working = places.fill();
          if (!working && !following.isScanning()) outages = 0;
          progress?.waiting(undefined);
          if (!following.isScanning()) await pause(pollMs, signal, working ? places.next() : undefined);
        } catch (caught) {
          if (signal.aborted) break;
          const error = refused(caught);
          // The next start restores the journal.
          if (isDamage(error)) throw error;
          // Before the first success, a wrong setting is more likely than a temporary fault: report it and stop.
          if (!begun && options.resumed !== true && isSetting(error)) throw error;
          stale ||= error instanceof ArchiveUnavailableError;
          reconciliation.begin();
          progress?.waiting(reasonOf(error).code);
          const waitMs = backoffMs(outages, OUTAGE_CAP_MS);
          outages += 1;
          log.error('edge-waiting', { attempts: outages, waitMs, ...factsOf(error) });
          await pause(waitMs, signal);
        }
      }
      await places.empty();
      log.info('edge-stopped');
    },

    async runOnce(signal) {
      await begin(signal);
      await following.follow(signal);
      while (following.isScanning()) await following.scan(signal);
      await judgeAgain(signal);
      while (reconciliation.isDue()) await reconciliation.step(signal);
      const outcomes: StudyOutcome[] = [];
      for (let due = queue.take('any'); due !== undefined; due = queue.take('any')) {
        const outcome = await workOff(due, signal);
        if (outcome !== 'postponed' && outcome.state !== 'waiting') outcomes.push(outcome);
      }
      return outcomes;
    },

    async forwardStudy(StudyInstanceUID, signal) {
      const [study] = await orthanc.findStudies(StudyInstanceUID, signal && { signal });
      if (study === undefined)
        throw new ArchiveRequestError('Orthanc does not have this study', { facts: { StudyInstanceUID } });
      following.notice([study]);
      return forward(study, { wants: await deployedWants.current(signal), attempts: 0, resend: 0 }, signal);
    },
  };
}

const isSetting = (error: unknown): boolean =>
  error instanceof ArchiveDeniedError || error instanceof ArchiveRequestError || error instanceof ConfigurationError;

/** The loggable facts of an error. The message is logged only for Hilum's own errors; other messages may quote a dataset. */
const factsOf = (error: unknown): Facts =>
  isKnown(error)
    ? { ...error.facts, code: error.code, message: error.message }
    : { code: 'unexpected', error: error instanceof Error ? error.name : typeof error };
