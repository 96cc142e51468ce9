/**
 * The edge's journal, one SQLite file: how far the edge has followed Orthanc's changes, the state of each study, and the
 * place of each uploaded instance in the bucket. It holds UIDs, digests and the header index, but no patient data.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDatabase, type Database, openDatabase, type Row, together } from '#adapters/sqlite/database.ts';
import type { Reason } from '#core/errors.ts';
import { createJournalAgain, type JournalAgain } from './journal-again.ts';
import {
  keyOf,
  type Noticed,
  number,
  packed,
  type RefusedFile,
  type RefusedSeries,
  reasonIn,
  refusedIn,
  refusedSeriesIn,
  text,
  unpacked,
} from './journal-rows.ts';
import { MIGRATIONS } from './journal-schema.ts';
import type { ManifestInstance } from './spool.ts';

export type { Noticed, RefusedFile, RefusedSeries } from './journal-rows.ts';

/** `seen`: stable in Orthanc, and waiting for its first or next attempt. The other two states are final. */
export type StudyState = 'seen' | 'uploaded' | 'skipped';

export interface JournalStudy {
  /** Names the study in the journal: by its UID, and a further one of the same UID also by Orthanc's identifier. */
  readonly key: string;
  readonly StudyInstanceUID: string;
  readonly orthancId: string;
  readonly state: StudyState;
  /** The revision of the last upload. */
  readonly revision?: string;
  /** Why the study was skipped, or why the last attempt failed. */
  readonly reason?: Reason;
  /** Orthanc's LastUpdate when the study last reached a final state. */
  readonly lastUpdate?: string;
  /** ms since the epoch. */
  readonly seenAt: number;
  readonly settledAt?: number;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  /** The key of the manifest that closed the last upload. */
  readonly manifestKey?: string;
  /** The sequence of the last manifest; 0 if the journal does not know of one. */
  readonly sequence: number;
  /** When Orthanc last deleted the study, since its last manifest; ms since the epoch, 0 if it did not. */
  readonly goneAt: number;
  /** Names the request to send the study again; 0 without one. */
  readonly resend: number;
  readonly refused: readonly RefusedFile[];
  /** Series that the archive refuses to send. */
  readonly refusedSeries: readonly RefusedSeries[];
}

/** The decision on a series when it was last read; with a `reason` if it was left out. */
export interface JournalSeries {
  readonly SeriesInstanceUID: string;
  readonly lastUpdate: string;
  /** The number of instances that Orthanc listed then. */
  readonly listed: number;
  /** Digest of the tools' selections then. */
  readonly wants: string;
  readonly reason?: Reason;
}

export type Settlement = {
  readonly lastUpdate?: string;
  /** `resend` of the study when the attempt began. If a further request came since, the study stays queued. */
  readonly resend?: number;
  /** `goneAt` of the study when the attempt began. */
  readonly goneAt?: number;
} & (
  | { readonly state: 'uploaded'; readonly revision: string; readonly manifestKey?: string; readonly sequence?: number }
  | { readonly state: 'skipped'; readonly reason: Reason }
);

export class Journal {
  readonly file: string;
  readonly again: JournalAgain<JournalStudy>;
  readonly #db: Database;

  /** Opens the journal and creates file and folder if necessary. Every change is on disk when its method returns. */
  constructor(file: string) {
    this.file = file;
    this.#db = openDatabase(file, MIGRATIONS);
    this.again = createJournalAgain(this.#db, (row) => this.#study(row));
  }

  /** @throws SystemRefusalError if the file is damaged */
  check(): void {
    checkDatabase(this.#db, this.file);
  }

  /**
   * Forgets where the instances of studies are that were finished before this time. If such a study changes, its series are read
   * again, and chunks that the bucket still has are not uploaded again. What became of the studies stays.
   */
  prune(before: number): void {
    const isOld = `placed = 1 AND state != 'seen' AND settledAt < ?`;
    const old = `study IN (SELECT key FROM studies WHERE ${isOld})`;
    together(this.#db, () => {
      // Without its instances, a series must not count as unchanged.
      this.#db.prepare(`DELETE FROM series WHERE code IS NULL AND ${old}`).run(before);
      this.#db.prepare(`DELETE FROM instances WHERE ${old}`).run(before);
      this.#db.prepare(`UPDATE studies SET placed = 0 WHERE ${isOld}`).run(before);
    });
  }

  close(): void {
    this.#db.close();
  }

  /** The position in Orthanc's log of changes up to which all changes were processed; undefined before the first start. */
  cursor(): number | undefined {
    const value = this.#mark('cursor');
    return value === undefined ? undefined : Number(value);
  }

  /** Studies that were last changed at or before this time, by Orthanc's clock, are not forwarded. Undefined before the first start. */
  since(): string | undefined {
    return this.#mark('since');
  }

  /** Sets the starting point, at the first start and after Orthanc's database was replaced. */
  begin(cursor: number, since: string): void {
    together(this.#db, () => {
      this.#setMark('cursor', String(cursor));
      this.#setMark('since', since);
    });
  }

  /** Queues studies for `now` and moves the cursor, in one transaction. Returns their keys. */
  notice(studies: readonly Noticed[], now: number, cursor?: number): readonly string[] {
    const insert = this.#db.prepare(`
      INSERT INTO studies (key, StudyInstanceUID, orthancId, state, seenAt) VALUES (?, ?, ?, 'seen', ?)
      ON CONFLICT DO UPDATE SET orthancId = excluded.orthancId, state = 'seen', seenAt = excluded.seenAt,
        attempts = 0, nextAttemptAt = 0, code = NULL, message = NULL, putAgain = 0`);
    const keys: string[] = [];
    together(this.#db, () => {
      for (const study of studies) {
        const key = keyOf(this.of(study.StudyInstanceUID), study);
        insert.run(key, study.StudyInstanceUID, study.orthancId, now);
        keys.push(key);
      }
      if (cursor !== undefined) this.#setMark('cursor', String(cursor));
    });
    return keys;
  }

  /**
   * Queues the studies again that no tool took, if the tools' selections have changed since the last call. Returns how many.
   *
   * @param wants digest of the selections
   * @param since studies that were skipped before this time stay as they are
   */
  judgeAgain(wants: string, since: number): number {
    if (this.#mark('wants') === wants) return 0;
    let queued = 0;
    together(this.#db, () => {
      const { changes } = this.#db
        .prepare(`UPDATE studies SET state = 'seen', attempts = 0, nextAttemptAt = 0
          WHERE state = 'skipped' AND settledAt >= ? AND code IN ('modality-not-wanted', 'no-suitable-image', 'nothing-wanted')`)
        .run(since);
      queued = Number(changes);
      this.#setMark('wants', wants);
    });
    return queued;
  }

  /**
   * The study that is due at `now` and has waited longest; those that were not tried yet come first.
   *
   * @param latest a study whose attempt is scheduled after this time is due too: the clock was set back
   * @param but studies that are being forwarded
   */
  due(now: number, latest: number = Number.MAX_SAFE_INTEGER, but: readonly string[] = []): JournalStudy | undefined {
    const row = this.#db
      .prepare(`SELECT * FROM studies WHERE state = 'seen' AND (nextAttemptAt <= ? OR nextAttemptAt > ?)
        AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY attempts > 0, seenAt, rowid LIMIT 1`)
      .get(now, latest, JSON.stringify(but));
    return row && this.#study(row);
  }

  study(key: string): JournalStudy | undefined {
    const row = this.#db.prepare('SELECT * FROM studies WHERE key = ?').get(key);
    return row && this.#study(row);
  }

  /** The studies of a UID, one for each patient who has it. */
  of(StudyInstanceUID: string): readonly JournalStudy[] {
    const rows = this.#db
      .prepare('SELECT * FROM studies WHERE StudyInstanceUID = ? ORDER BY key')
      .all(StudyInstanceUID);
    return rows.map((row) => this.#study(row));
  }

  /** All studies, newest first. */
  studies(): readonly JournalStudy[] {
    const rows = this.#db.prepare('SELECT * FROM studies ORDER BY seenAt DESC, rowid DESC').all();
    return rows.map((row) => this.#study(row));
  }

  /** The newest studies of a state, those that were seen at `since` (ms since the epoch) or later. */
  newest(state: StudyState, since: number, limit: number): readonly JournalStudy[] {
    const rows = this.#db
      .prepare('SELECT * FROM studies WHERE state = ? AND seenAt >= ? ORDER BY seenAt DESC, rowid DESC LIMIT ?')
      .all(state, since, limit);
    return rows.map((row) => this.#study(row));
  }

  count(state: StudyState, since: number): number {
    const row = this.#db
      .prepare('SELECT count(*) AS studies FROM studies WHERE state = ? AND seenAt >= ?')
      .get(state, since);
    return Number(row?.['studies']);
  }

  /** Records a study's final state. */
  settle(key: string, settlement: Settlement, now: number): void {
    const { state, lastUpdate = null, resend = null, goneAt = 0 } = settlement;
    const { revision = null, manifestKey = null, sequence = 0 } = state === 'uploaded' ? settlement : {};
    const { code = null, message = null } = state === 'skipped' ? settlement.reason : {};
    this.#db
      .prepare(`UPDATE studies SET state = ?, revision = coalesce(?, revision), manifestKey = coalesce(?, manifestKey),
        sequence = max(sequence, ?), code = ?, message = ?, lastUpdate = coalesce(?, lastUpdate), settledAt = ?,
        attempts = 0, nextAttemptAt = 0, resend = 0, goneAt = iif(goneAt = ?, 0, goneAt) WHERE key = ? AND resend = coalesce(?, resend)`)
      .run(state, revision, manifestKey, sequence, code, message, lastUpdate, now, goneAt, key, resend);
  }

  /** Schedules a study's next attempt at `nextAttemptAt`. With a reason, it counts as a failed attempt, unless it waits by plan. */
  postpone(key: string, nextAttemptAt: number, reason?: Reason, failed = reason !== undefined): void {
    this.#db
      .prepare(`UPDATE studies SET attempts = attempts + ?, nextAttemptAt = ?, code = ?, message = ?
        WHERE key = ?`)
      .run(failed ? 1 : 0, nextAttemptAt, reason?.code ?? null, reason?.message ?? null, key);
  }

  series(study: string, SeriesInstanceUID: string): JournalSeries | undefined {
    const row = this.#db
      .prepare('SELECT * FROM series WHERE study = ? AND SeriesInstanceUID = ?')
      .get(study, SeriesInstanceUID);
    if (row === undefined) return undefined;
    const reason = reasonIn(row);
    const [lastUpdate, wants] = [text(row, 'lastUpdate') ?? '', text(row, 'wants') ?? ''];
    return { SeriesInstanceUID, lastUpdate, listed: number(row, 'listed') ?? 0, wants, ...(reason && { reason }) };
  }

  /** The places of a series' uploaded instances in the bucket, by the SHA-256 of their files. */
  instances(study: string, SeriesInstanceUID: string): ReadonlyMap<string, ManifestInstance> {
    const rows = this.#db
      .prepare('SELECT sha256, entry FROM instances WHERE study = ? AND SeriesInstanceUID = ?')
      .all(study, SeriesInstanceUID);
    return new Map(rows.map((row) => [text(row, 'sha256') ?? '', unpacked(row['entry'])]));
  }

  /** Records the places of a chunk's instances, after the chunk was uploaded. */
  uploaded(study: string, SeriesInstanceUID: string, instances: readonly ManifestInstance[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?)');
    together(this.#db, () => {
      for (const entry of instances) insert.run(study, SeriesInstanceUID, entry.sha256, packed(entry));
      this.#db.prepare('UPDATE studies SET placed = 1 WHERE key = ?').run(study);
    });
  }

  /** Records a series that was read completely: forgets instances that are no longer in it, and lists refused files. */
  closeSeries(
    study: string,
    series: JournalSeries,
    found: { readonly sha256s: ReadonlySet<string>; readonly refused: readonly RefusedFile[] },
  ): void {
    const { SeriesInstanceUID, lastUpdate, listed, wants, reason } = series;
    const key = [study, SeriesInstanceUID] as const;
    together(this.#db, () => {
      const forget = this.#db.prepare('DELETE FROM instances WHERE study = ? AND SeriesInstanceUID = ? AND sha256 = ?');
      for (const sha256 of this.instances(...key).keys()) if (!found.sha256s.has(sha256)) forget.run(...key, sha256);
      this.#db.prepare('DELETE FROM refused WHERE study = ? AND SeriesInstanceUID = ?').run(...key);
      const refuse = this.#db.prepare('INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?)');
      for (const file of found.refused)
        refuse.run(...key, file.sha256, file.sizeBytes, file.reason.code, file.reason.message);
      this.#db
        .prepare('INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(...key, lastUpdate, listed, wants, reason?.code ?? null, reason?.message ?? null);
    });
  }

  #study(row: Row): JournalStudy {
    const key = text(row, 'key') ?? '';
    const [revision, lastUpdate, reason] = [text(row, 'revision'), text(row, 'lastUpdate'), reasonIn(row)];
    const [settledAt, manifestKey] = [number(row, 'settledAt'), text(row, 'manifestKey')];
    return {
      key,
      StudyInstanceUID: text(row, 'StudyInstanceUID') ?? '',
      orthancId: text(row, 'orthancId') ?? '',
      state: text(row, 'state') as StudyState, // ensured by the table's CHECK
      ...(revision !== undefined && { revision }),
      ...(reason && { reason }),
      ...(lastUpdate !== undefined && { lastUpdate }),
      seenAt: number(row, 'seenAt') ?? 0,
      ...(settledAt !== undefined && { settledAt }),
      attempts: number(row, 'attempts') ?? 0,
      nextAttemptAt: number(row, 'nextAttemptAt') ?? 0,
      ...(manifestKey !== undefined && { manifestKey }),
      sequence: number(row, 'sequence') ?? 0,
      goneAt: number(row, 'goneAt') ?? 0,
      resend: number(row, 'resend') ?? 0,
      refused: refusedIn(this.#db, key),
      refusedSeries: refusedSeriesIn(this.#db, key),
    };
  }

  #mark(name: string): string | undefined {
    const row = this.#db.prepare('SELECT value FROM marks WHERE name = ?').get(name);
    return row && text(row, 'value');
  }

  #setMark(name: string, value: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO marks VALUES (?, ?)').run(name, value);
  }
}

/** The journal in an edge's folder. */
export const journalFile = (folder: string): string => join(folder, 'journal.sqlite');

/** What `read` finds in the journal of an edge; undefined if the edge never ran. */
export async function readJournal<T>(file: string, read: (journal: Journal) => T): Promise<Awaited<T> | undefined> {
  if (!existsSync(file)) return undefined;
  const journal = new Journal(file);
  try {
    return await read(journal);
  } finally {
    journal.close();
  }
}
