/** One attempt to forward a study, whatever comes of it: uploaded, skipped, or to be tried again, which the journal remembers. */
import type { OrthancClient, OrthancStudy } from '#adapters/orthanc/client.ts';
import { isOfDatabase, systemRefusal } from '#adapters/system-refusal.ts';
import { reasonOf } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import type { Lane } from '#pipeline/keys.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { type Arrival, PATIENCE, type Patience, REVISED_LATELY } from './complete.ts';
import { forwardStudy, type StudyForwarding, type StudyOutcome } from './forward-study.ts';
import type { Journal, JournalStudy } from './journal.ts';
import { factsOf, type Log } from './log.ts';
import { isOfBucket, outageBehind, type Probed } from './probe.ts';
import { observed, type Progress } from './progress.ts';
import { backoffMs, STUDY_CAP_MS } from './queue.ts';
import type { Wants } from './wanted.ts';

export interface AttemptOptions {
  readonly archive: StudyForwarding['archive'] & Probed['archive'];
  readonly orthanc: OrthancClient;
  readonly store: ObjectStore & ObjectListing;
  readonly identityKey: Uint8Array;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Chunks wait here until their series is judged; emptied at the start. */
  readonly spoolFolder: string;
  readonly lane?: Lane;
  readonly chunkBytes?: number;
  /** Told of what the edge does. */
  readonly progress?: Progress | undefined;
  /** How long studies wait for further images. */
  readonly patience?: Patience;
  /** Told of each error of the bucket, also of one that passes at once: another bucket may answer now. */
  readonly bucketFailed?: () => void;
}

export interface Attempts {
  /**
   * Forwards a study that is due.
   *
   * @throws the error of a service that cannot be used for any study
   */
  attempt(due: JournalStudy, wants: Wants, signal?: AbortSignal): Promise<StudyOutcome | 'postponed'>;
  /** Forwards a study as it is. @throws the error of a series that is missing, also if the rest went up */
  forward(study: OrthancStudy, state: AttemptState, signal?: AbortSignal): Promise<StudyOutcome>;
}

type AttemptState = Pick<StudyForwarding, 'key' | 'wants' | 'attempts' | 'arrival'> & { readonly resend: number };

/** The wait before a study is checked again that received instances while it was queued. */
const UNSTABLE_MS = 5_000;

/** What the system refuses, explained. */
export const explained = (
  error: unknown,
  { journal, spoolFolder }: Pick<AttemptOptions, 'journal' | 'spoolFolder'>,
): unknown => systemRefusal(error, isOfDatabase(error) ? journal.file : spoolFolder);

export function createAttempts(options: AttemptOptions): Attempts {
  const { orthanc, journal, clock, log, lane = 'live', patience = PATIENCE, progress } = options;
  /** Studies that changed again while they waited after a revision. Lost at the end of the process, which makes the wait shorter. */
  const trickling = new Set<string>();

  /** When a study arrived. A study that a person sends again is judged as it is. */
  function arrivalOf({ key, revision, settledAt, seenAt, resend }: JournalStudy): Arrival | undefined {
    if (resend > 0) return undefined;
    const revisedAt = revision === undefined ? undefined : settledAt;
    return { ...patience, now: clock.now(), stableAt: seenAt, revisedAt, isTrickling: trickling.has(key) };
  }

  /** A study whose patient was corrected has another identifier in Orthanc, and one that a person asked for may have none yet. */
  async function find({ key, StudyInstanceUID, orthancId }: JournalStudy, signal?: AbortSignal) {
    const own = orthancId === '' ? undefined : await orthanc.study(orthancId, signal && { signal });
    if (own !== undefined) return own;
    const known = new Set(journal.of(StudyInstanceUID).map((study) => study.orthancId));
    const found = await orthanc.findStudies(StudyInstanceUID, signal && { signal });
    const [study, ...others] = found.filter(({ id }) => !known.has(id));
    if (study !== undefined) journal.again.identify(key, study.id);
    // Where several patients have it, each is a study of its own.
    const noticed = others.map(({ id }) => ({ StudyInstanceUID, orthancId: id }));
    if (orthancId === '' && noticed.length > 0) journal.notice(noticed, clock.now());
    return study;
  }

  async function attempt(due: JournalStudy, wants: Wants, signal?: AbortSignal): Promise<StudyOutcome | 'postponed'> {
    const { key, orthancId } = due;
    try {
      const study = await find(due, signal);
      if (study?.stable === false) {
        journal.postpone(key, clock.now() + UNSTABLE_MS);
        return 'postponed';
      }
      const known = study ?? { ...due, id: orthancId, stable: true, lastUpdate: '', PatientID: '' };
      if (due.resend > 0) journal.again.forget(key);
      const { attempts, resend } = due;
      return await forward(known, { key, wants, attempts, resend, arrival: arrivalOf(due) }, signal);
    } catch (caught) {
      signal?.throwIfAborted();
      const error = explained(caught, options);
      // Nothing about any study can be recorded.
      if (isOfDatabase(caught)) throw error;
      postpone(due, error);
      if (isOfBucket(error)) options.bucketFailed?.();
      const outage = await outageBehind(error, options, signal);
      if (outage !== undefined) throw outage;
      return 'postponed';
    }
  }

  async function forward(study: OrthancStudy, state: AttemptState, signal?: AbortSignal): Promise<StudyOutcome> {
    const { StudyInstanceUID, lastUpdate } = study;
    const startedAt = clock.now();
    const probe = async (error: unknown) =>
      isOfDatabase(error) ? error : outageBehind(explained(error, options), options, signal);
    const { key, resend } = state;
    const work = progress?.begin(StudyInstanceUID);
    const moved = (): void => work?.moved();
    const [archive, store] = [observed(options.archive, moved), observed(options.store, moved)];
    const edge = { ...options, archive, store, lane, ...state, again: resend > 0, outageBehind: probe };
    const outcome = await forwardStudy(edge, study, signal).finally(() => work?.end());
    const now = clock.now();
    const ms = now - startedAt;
    if (outcome.state === 'waiting') {
      const { reason, untilMs } = outcome;
      if (reason.code === REVISED_LATELY) trickling.add(key);
      journal.postpone(key, Math.min(untilMs, now + STUDY_CAP_MS), reason, false);
      log.info('study-waits', { StudyInstanceUID, ...reason, waitMs: untilMs - now, ms });
      return outcome;
    }
    trickling.delete(key);
    const isWhole = outcome.state === 'skipped' || outcome.missing === undefined;
    // The wait after a revision counts from its manifest.
    const known = outcome.state === 'uploaded' && !outcome.fresh ? journal.study(key) : undefined;
    if (isWhole) journal.settle(key, { ...outcome, lastUpdate, resend }, known?.settledAt ?? now);
    else journal.again.partly(key, outcome);
    if (outcome.state === 'skipped') {
      const { code, message } = outcome.reason;
      log.info('study-skipped', { orthancId: study.id, code, reason: message, ms });
    } else {
      const { revision, instances, storedBytes, fresh } = outcome;
      log.info('study-forwarded', { StudyInstanceUID, revision, instances, storedBytes, fresh, ms });
      if (!isWhole) {
        // What went up started the pipeline. Further attempts are for what is missing.
        journal.again.fulfil(key, resend);
        throw outcome.missing;
      }
    }
    return outcome;
  }

  function postpone({ key, orthancId, attempts }: JournalStudy, error: unknown): void {
    const waitMs = backoffMs(attempts, STUDY_CAP_MS);
    journal.postpone(key, clock.now() + waitMs, reasonOf(error));
    log.warn('study-postponed', { orthancId, attempts: attempts + 1, waitMs, ...factsOf(error) });
  }

  return { attempt, forward };
}
