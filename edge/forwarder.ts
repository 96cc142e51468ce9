/**
 * The forwarder: follows Orthanc's changes and uploads every stable study that a tool may want to the bucket. It may be
 * stopped at any time; studies that it has noticed are forwarded after the next start.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDamage } from '#adapters/sqlite/salvage.ts';
import {
  ArchiveDeniedError,
  ArchiveRequestError,
  ArchiveTrustError,
  ArchiveUnavailableError,
  ConfigurationError,
  reasonOf,
} from '#core/errors.ts';
import { chunkKey } from '#pipeline/keys.ts';
import { type AttemptOptions, createAttempts, explained } from './attempts.ts';
import { createDeployedWants, type DeployedWantsOptions } from './deployed.ts';
import { createFollowing, type FollowingOptions } from './following.ts';
import type { StudyOutcome } from './forward-study.ts';
import type { JournalStudy } from './journal.ts';
import { factsOf } from './log.ts';
import { createPlaces } from './places.ts';
import { observed } from './progress.ts';
import { backoffMs, createStudyQueue } from './queue.ts';
import { createReconciliation, type ReconciliationOptions } from './reconcile.ts';
import { clearSpools } from './spool.ts';

export interface ForwarderOptions extends DeployedWantsOptions, AttemptOptions {
  readonly start?: FollowingOptions['start'];
  readonly pollMs?: number;
  readonly scanEveryMs?: FollowingOptions['scanEveryMs'];
  readonly checkEveryMs?: ReconciliationOptions['checkEveryMs'];
  readonly checkedForMs?: ReconciliationOptions['checkedForMs'];
  /** The edge worked with other settings before, so that a wrong one now is no reason to end. */
  readonly resumed?: boolean;
}

export interface Forwarder {
  /** Runs until `signal` is aborted. @throws ArchiveDeniedError, ArchiveTrustError, ConfigurationError if it cannot start */
  run(signal: AbortSignal): Promise<void>;
  /** Looks for all changes once, and forwards all studies that are due. */
  runOnce(signal?: AbortSignal): Promise<readonly StudyOutcome[]>;
  /** Forwards one study as it is now, stable or not. @throws ArchiveRequestError if Orthanc does not have it */
  forwardStudy(StudyInstanceUID: string, signal?: AbortSignal): Promise<StudyOutcome>;
}

const POLL_MS = 500;
/** The longest wait for Orthanc and the bucket. */
const OUTAGE_CAP_MS = 30_000;
/** How long the places of a finished study's instances are remembered. Late slices come within days. */
const REMEMBERED_MS = 14 * 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
/** How long ago a study may have been skipped that is judged again for other tools. Nobody waits for older ones. */
const JUDGED_AGAIN_MS = 30 * 86_400_000;

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { orthanc, journal, clock, log, lane = 'live', pollMs = POLL_MS } = options;
  const { progress } = options;
  const turned = (): void => progress?.turned();
  const deployedWants = createDeployedWants({ ...options, deployed: observed(options.deployed, turned) });
  const queue = createStudyQueue(journal, clock);
  const following = createFollowing({ ...options, orthanc: observed(orthanc, turned), noticed: queue.noticed });
  const watched = { store: observed(options.store, turned), orthanc: observed(orthanc, turned) };
  const reconciliation = createReconciliation({ ...options, ...watched, lane });
  const attempts = createAttempts({ ...options, bucketFailed: reconciliation.begin });
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
    const { key, StudyInstanceUID, orthancId } = due;
    try {
      return await attempts.attempt(due, await deployedWants.current(signal), signal);
    } finally {
      if (queue.giveBack(key)) journal.notice([{ StudyInstanceUID, orthancId }], clock.now());
    }
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
          const error = explained(caught, options);
          // The next start restores the journal.
          if (isDamage(error)) throw error;
          // Before the first success, a wrong setting is more likely than a temporary fault: report it and stop.
          if (!begun && options.resumed !== true && isSetting(error)) throw error;
          stale ||= error instanceof ArchiveUnavailableError || error instanceof ArchiveTrustError;
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
      const [key = StudyInstanceUID] = await following.notice([study], signal);
      return attempts.forward(
        study,
        { key, wants: await deployedWants.current(signal), attempts: 0, resend: 0 },
        signal,
      );
    },
  };
}

const SETTINGS = [ArchiveDeniedError, ArchiveTrustError, ArchiveRequestError, ConfigurationError];
const isSetting = (error: unknown): boolean => SETTINGS.some((kind) => error instanceof kind);

/** Waits until `early` resolves or `signal` is aborted, but no longer than `ms`. */
async function pause(ms: number, signal: AbortSignal, early?: Promise<void>): Promise<void> {
  const woken = new AbortController();
  early?.then(() => woken.abort());
  await sleep(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
}
