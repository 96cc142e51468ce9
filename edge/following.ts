/** Notices the studies that became stable in Orthanc: by its log of changes, and by scans for those without an event. */
import type { OrthancClient, OrthancStudy } from '#adapters/orthanc/client.ts';
import type { Clock } from '#core/ports.ts';
import type { Journal, Noticed } from './journal.ts';
import type { Log } from './log.ts';

export interface FollowingOptions {
  readonly orthanc: OrthancClient;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** What the very first start forwards: `now` only studies that arrive from then on, `all` also those already in Orthanc. */
  readonly start?: 'now' | 'all' | undefined;
  /** How often all studies are scanned for missed ones. They are also scanned at the start and after every outage. */
  readonly scanEveryMs?: number | undefined;
  /** Told of every study that is noticed; `live` if its event came while the edge was following. */
  readonly noticed: (key: string, live: boolean) => void;
}

export interface Following {
  /** Decides, at the start and after an outage, from where to follow the changes. */
  begin(signal?: AbortSignal): Promise<void>;
  /** Notices studies that became stable since the cursor. */
  follow(signal?: AbortSignal): Promise<void>;
  /** Scans one page of all studies, if a scan is in progress or due. */
  scan(signal?: AbortSignal): Promise<void>;
  /** Whether a scan has more pages. */
  isScanning(): boolean;
  /** Returns the keys of the studies in the journal. */
  notice(studies: readonly OrthancStudy[], signal?: AbortSignal): Promise<readonly string[]>;
}

interface NoticeOptions {
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 200;
const CHANGES_PAGE = 1_000;
/** Studies that are asked for at once. A burst of changes must not become a burst of requests. */
const ASKED_AT_ONCE = 4;
const SCAN_EVERY_MS = 3_600_000;

export function createFollowing({ orthanc, journal, clock, log, noticed, ...options }: FollowingOptions): Following {
  const { scanEveryMs = SCAN_EVERY_MS } = options;
  /** The position of the scan of all studies; undefined if no scan is in progress. */
  let scanOffset: number | undefined = 0;
  let scannedAt = clock.now();
  /** Whether all changes were followed since the last start or outage. What is noticed before then is a backlog. */
  let upToDate = false;

  async function studiesOf(ids: readonly string[], signal?: AbortSignal): Promise<readonly OrthancStudy[]> {
    const found: OrthancStudy[] = [];
    for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
      const some = ids.slice(from, from + ASKED_AT_ONCE);
      const studies = await Promise.all(some.map((id) => orthanc.study(id, signal && { signal })));
      found.push(...studies.filter((study) => study !== undefined));
    }
    return found;
  }

  /** A clock that was set back must not delay the next scan. */
  const isScanDue = (): boolean => {
    const agoMs = clock.now() - scannedAt;
    return agoMs >= scanEveryMs || agoMs < 0;
  };

  function isSettled({ StudyInstanceUID, id, lastUpdate }: OrthancStudy): boolean {
    const known = journal.of(StudyInstanceUID).find(({ orthancId }) => orthancId === id || orthancId === '');
    return known !== undefined && (known.state === 'seen' || known.lastUpdate === lastUpdate);
  }

  /** Which of the studies that are known by a UID Orthanc does not have any more: their patient was corrected. */
  async function goneOf({ StudyInstanceUID, id }: OrthancStudy, signal?: AbortSignal): Promise<readonly string[]> {
    const known = journal.of(StudyInstanceUID).filter(({ orthancId }) => orthancId !== id && orthancId !== '');
    const gone: string[] = [];
    for (const { orthancId } of known)
      if ((await orthanc.study(orthancId, signal && { signal })) === undefined) gone.push(orthancId);
    return gone;
  }

  async function notice(
    studies: readonly OrthancStudy[],
    { cursor, live = false, signal }: { readonly cursor?: number; readonly live?: boolean } & NoticeOptions = {},
  ): Promise<readonly string[]> {
    const found: Noticed[] = [];
    for (const study of studies) {
      const { StudyInstanceUID, id: orthancId } = study;
      found.push({ StudyInstanceUID, orthancId, gone: await goneOf(study, signal) });
    }
    if (found.length === 0 && cursor === journal.cursor()) return [];
    const keys = journal.notice(found, clock.now(), cursor);
    for (const key of keys) noticed(key, live);
    for (const { orthancId } of found) log.info('study-noticed', { orthancId });
    return keys;
  }

  return {
    async begin(signal) {
      const last = await orthanc.lastChange(signal && { signal });
      const [cursor, newest] = [journal.cursor(), last?.seq ?? 0];
      // The scan of all studies that follows finds everything older than the newest change.
      // A journal that was restored knows since when, but not up to which change.
      if (cursor === undefined)
        journal.begin(newest, journal.since() ?? (options.start === 'all' ? '' : (last?.date ?? '')));
      else if (cursor > newest) {
        log.warn('orthanc-replaced', { cursor, newest });
        journal.begin(newest, journal.since() ?? '');
      }
      scanOffset = 0;
      upToDate = false;
    },

    async follow(signal) {
      for (let done = false; !done; ) {
        const cursor = journal.cursor() ?? 0;
        const page = await orthanc.changes(cursor, CHANGES_PAGE, signal && { signal });
        const ofType = (type: string) => page.changes.filter((one) => one.type === type);
        const ids = new Set(ofType('StableStudy').map(({ id }) => id));
        // Orthanc tells of no deletion, and forgets the changes of what is deleted. A known study that is new was deleted before.
        // Before the cursor moves, so that this is not forgotten.
        const made = ofType('NewStudy');
        if (made.length > 0) journal.again.made(made, clock.now());
        await notice(await studiesOf([...ids], signal), {
          ...{ cursor: Math.max(cursor, page.last), live: upToDate, signal },
        });
        done = page.done || page.changes.length === 0;
      }
      upToDate = true;
    },

    /** It scans page by page, so that a large archive does not delay new studies. */
    async scan(signal) {
      if (scanOffset === undefined && isScanDue()) scanOffset = 0;
      if (scanOffset === undefined) return;
      const page = await orthanc.studies(scanOffset, PAGE, signal && { signal });
      const since = journal.since() ?? '';
      await notice(
        page.filter((study) => study.stable && study.lastUpdate > since && !isSettled(study)),
        { signal },
      );
      scanOffset = page.length < PAGE ? undefined : scanOffset + PAGE;
      scannedAt = clock.now();
    },

    isScanning: () => scanOffset !== undefined,
    notice: (studies, signal) => notice(studies, { signal }),
  };
}
