/**
 * Compares the journal with the bucket and with Orthanc. A study counts as uploaded once, but its objects may vanish afterwards: a bucket
 * that somebody emptied, a local cloud that was started anew. What is gone is queued, so that it is put there again, and the
 * manifest's arrival starts the pipeline anew. A run that waits for a missing chunk then goes on. Images may vanish from Orthanc, too, which
 * tells of no deletion: such a study is read and judged again as it is now.
 */
import type { OrthancClient } from '#adapters/orthanc/client.ts';
import type { Clock } from '#core/ports.ts';
import { type Lane, manifestKey } from '#pipeline/keys.ts';
import type { CallOptions, ObjectStore } from '#pipeline/ports.ts';
import type { Journal, JournalStudy } from './journal.ts';
import type { UploadPosition } from './journal-again.ts';
import type { Log } from './log.ts';
import { missingChunks } from './put-manifest.ts';

export interface ReconciliationOptions {
  readonly store: Pick<ObjectStore, 'exists'>;
  readonly orthanc: Pick<OrthancClient, 'series'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** The lane of uploads whose manifest's key the journal does not know. */
  readonly lane: Lane;
  /** How often all uploads are checked. They are also checked at the start and after every error of the bucket. */
  readonly checkEveryMs?: number | undefined;
  /** For how long an upload is checked. 0: never. */
  readonly checkedForMs?: number | undefined;
}

export interface Reconciliation {
  /** Makes a check of all uploads due, after the one in progress if there is one. */
  begin(): void;
  /** Whether a check is in progress or due. */
  isDue(): boolean;
  /** Checks a few uploads, newest first, if a check is in progress or due. @throws the errors of the bucket and of Orthanc */
  step(signal?: AbortSignal): Promise<void>;
}

/** Studies in one step: between two steps, new studies are noticed. */
const IN_A_STEP = 4;
const CHECK_EVERY_MS = 600_000;
const CHECKED_FOR_MS = 3 * 86_400_000;
/** How often a study is put again that the bucket loses, without a day between. */
const PUT_AGAIN = 20;

export function createReconciliation({
  store,
  orthanc,
  journal,
  clock,
  log,
  lane,
  ...options
}: ReconciliationOptions): Reconciliation {
  const { checkEveryMs = CHECK_EVERY_MS, checkedForMs = CHECKED_FOR_MS } = options;
  let asked = true;
  let position: UploadPosition | 'first' | undefined;
  let checkedAt = clock.now();

  function isDue(): boolean {
    const agoMs = clock.now() - checkedAt;
    // A clock that was set back must not delay the next check.
    return checkedForMs > 0 && (asked || position !== undefined || agoMs >= checkEveryMs || agoMs < 0);
  }

  /** What the bucket lost of an upload; undefined if nothing. */
  async function lossOf(study: JournalStudy, call?: CallOptions): Promise<{ readonly chunks?: number } | undefined> {
    const { key, StudyInstanceUID, revision } = study;
    const manifest = study.manifestKey ?? (revision && manifestKey(lane, StudyInstanceUID, revision));
    if (manifest === undefined || manifest === '' || !(await store.exists(manifest, call))) return {};
    const { length: chunks } = await missingChunks(store, journal.again.chunksOf(key), call);
    return chunks === 0 ? undefined : { chunks };
  }

  /** Whether Orthanc has fewer instances of a series than there were. A study that is gone as a whole is left as it is. */
  async function hasLess({ key, orthancId }: JournalStudy, call?: CallOptions): Promise<boolean> {
    const before = journal.again.listed(key);
    const series = orthancId === '' || before.size === 0 ? undefined : await orthanc.series(orthancId, call);
    if (series === undefined) return false;
    const now = new Map(series.map(({ SeriesInstanceUID, instances }) => [SeriesInstanceUID, instances]));
    return [...before].some(([uid, listed]) => (now.get(uid) ?? 0) < listed);
  }

  async function check(study: JournalStudy, call?: CallOptions): Promise<void> {
    const { key, StudyInstanceUID, orthancId, reason } = study;
    const loss = await lossOf(study, call);
    if (loss === undefined) {
      if (!(await hasLess(study, call))) return;
      journal.notice([{ StudyInstanceUID, orthancId }], clock.now());
      log.warn('images-deleted', { StudyInstanceUID });
      return;
    }
    if (journal.again.putAgain(key, PUT_AGAIN, clock.now())) log.warn('upload-lost', { StudyInstanceUID, ...loss });
    else if (reason === undefined) log.error('upload-lost-again', { StudyInstanceUID, ...loss });
  }

  return {
    begin() {
      asked = true;
    },
    isDue,
    async step(signal) {
      if (!isDue()) return;
      if (position === undefined) {
        position = 'first';
        asked = false;
      }
      const after = position === 'first' ? undefined : position;
      const { studies, next } = journal.again.uploads(clock.now() - checkedForMs, IN_A_STEP, after);
      for (const study of studies) await check(study, signal && { signal });
      position = next;
      checkedAt = clock.now();
    },
  };
}
