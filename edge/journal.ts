/**
 * The edge's journal, one SQLite file: how far the edge has followed Orthanc's changes, the state of each study, and the
 * place of each uploaded instance in the bucket. It holds UIDs, digests and the header index, but no patient data.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDatabase, type Database, openDatabase, type Row, together } from '#adapters/sqlite/database.ts';
import type { Reason } from '#core/errors.ts';
import { createJournalAgain, type JournalAgain } from './journal-again.ts';
import { number, packed, reasonIn, text, unpacked } from './journal-rows.ts';
import { MIGRATIONS } from './journal-schema.ts';
import type { ManifestInstance } from './spool.ts';

/** `seen`: stable in Orthanc, and waiting for its first or next attempt. The other two states are final. */
export type StudyState = 'seen' | 'uploaded' | 'skipped';

export interface JournalStudy {
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
  /** Names the request to send the study again; 0 without one. */
  readonly resend: number;
  readonly refused: readonly RefusedFile[];
  /** Series that the archive refuses to send. */
  readonly refusedSeries: readonly RefusedSeries[];
}

export interface RefusedSeries {
  readonly SeriesInstanceUID: string;
  readonly reason: Reason;
}

/** A file that cannot be read as DICOM. It is identified by its digest, because it may have no UID. */
export interface RefusedFile {
  readonly SeriesInstanceUID: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly reason: Reason;
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

export interface Noticed {
  readonly StudyInstanceUID: string;
  readonly orthancId: string;
}

export type Settlement = {
  readonly lastUpdate?: string;
  /** `resend` of the study when the attempt began. If a further request came since, the study stays queued. */
  readonly resend?: number;
} & (
  | { readonly state: 'uploaded'; readonly revision: string; readonly manifestKey?: string }
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
    const old = `StudyInstanceUID IN (SELECT StudyInstanceUID FROM studies WHERE ${isOld})`;
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

  /** Queues studies for `now` and moves the cursor, in one transaction. */
  notice(studies: readonly Noticed[], now: number, cursor?: number): void {
    const insert = this.#db.prepare(`
      INSERT INTO studies (StudyInstanceUID, orthancId, state, seenAt) VALUES (?, ?, 'seen', ?)
      ON CONFLICT DO UPDATE SET orthancId = excluded.orthancId, state = 'seen', seenAt = excluded.seenAt,
        attempts = 0, nextAttemptAt = 0, code = NULL, message = NULL, putAgain = 0`);
    together(this.#db, () => {
      for (const { StudyInstanceUID, orthancId } of studies) insert.run(StudyInstanceUID, orthancId, now);
      if (cursor !== undefined) this.#setMark('cursor', String(cursor));
    });
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
        AND StudyInstanceUID NOT IN (SELECT value FROM json_each(?)) ORDER BY attempts > 0, seenAt, rowid LIMIT 1`)
      .get(now, latest, JSON.stringify(but));
    return row && this.#study(row);
  }

  study(StudyInstanceUID: string): JournalStudy | undefined {
    const row = this.#db.prepare('SELECT * FROM studies WHERE StudyInstanceUID = ?').get(StudyInstanceUID);
    return row && this.#study(row);
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
  settle(StudyInstanceUID: string, settlement: Settlement, now: number): void {
    const { state, lastUpdate, resend } = settlement;
    const [revision, key] = state === 'uploaded' ? [settlement.revision, settlement.manifestKey ?? null] : [null, null];
    const reason = state === 'skipped' ? settlement.reason : undefined;
    this.#db
      .prepare(`UPDATE studies SET state = ?, revision = coalesce(?, revision), manifestKey = coalesce(?, manifestKey),
        code = ?, message = ?, lastUpdate = coalesce(?, lastUpdate), settledAt = ?, attempts = 0, nextAttemptAt = 0, resend = 0
        WHERE StudyInstanceUID = ? AND resend = coalesce(?, resend)`)
      .run(
        ...[state, revision, key, reason?.code ?? null, reason?.message ?? null, lastUpdate ?? null, now],
        ...[StudyInstanceUID, resend ?? null],
      );
  }

  /** Schedules a study's next attempt at `nextAttemptAt`. With a reason, it counts as a failed attempt, unless it waits by plan. */
  postpone(StudyInstanceUID: string, nextAttemptAt: number, reason?: Reason, failed = reason !== undefined): void {
    this.#db
      .prepare(`UPDATE studies SET attempts = attempts + ?, nextAttemptAt = ?, code = ?, message = ?
        WHERE StudyInstanceUID = ?`)
      .run(failed ? 1 : 0, nextAttemptAt, reason?.code ?? null, reason?.message ?? null, StudyInstanceUID);
  }

  series(StudyInstanceUID: string, SeriesInstanceUID: string): JournalSeries | undefined {
    const row = this.#db
      .prepare('SELECT * FROM series WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ?')
      .get(StudyInstanceUID, SeriesInstanceUID);
    if (row === undefined) return undefined;
    const reason = reasonIn(row);
    const [lastUpdate, wants] = [text(row, 'lastUpdate') ?? '', text(row, 'wants') ?? ''];
    return { SeriesInstanceUID, lastUpdate, listed: number(row, 'listed') ?? 0, wants, ...(reason && { reason }) };
  }

  /** The places of a series' uploaded instances in the bucket, by the SHA-256 of their files. */
  instances(StudyInstanceUID: string, SeriesInstanceUID: string): ReadonlyMap<string, ManifestInstance> {
    const rows = this.#db
      .prepare('SELECT sha256, entry FROM instances WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ?')
      .all(StudyInstanceUID, SeriesInstanceUID);
    return new Map(rows.map((row) => [text(row, 'sha256') ?? '', unpacked(row['entry'])]));
  }

  /** Records the places of a chunk's instances, after the chunk was uploaded. */
  uploaded(StudyInstanceUID: string, SeriesInstanceUID: string, instances: readonly ManifestInstance[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?)');
    together(this.#db, () => {
      for (const entry of instances) insert.run(StudyInstanceUID, SeriesInstanceUID, entry.sha256, packed(entry));
      this.#db.prepare('UPDATE studies SET placed = 1 WHERE StudyInstanceUID = ?').run(StudyInstanceUID);
    });
  }

  /** Records a series that was read completely: forgets instances that are no longer in it, and lists refused files. */
  closeSeries(
    StudyInstanceUID: string,
    series: JournalSeries,
    found: { readonly sha256s: ReadonlySet<string>; readonly refused: readonly RefusedFile[] },
  ): void {
    const { SeriesInstanceUID, lastUpdate, listed, wants, reason } = series;
    const key = [StudyInstanceUID, SeriesInstanceUID] as const;
    together(this.#db, () => {
      const forget = this.#db.prepare(
        'DELETE FROM instances WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ? AND sha256 = ?',
      );
      for (const sha256 of this.instances(...key).keys()) if (!found.sha256s.has(sha256)) forget.run(...key, sha256);
      this.#db.prepare('DELETE FROM refused WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ?').run(...key);
      const refuse = this.#db.prepare('INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?)');
      for (const file of found.refused)
        refuse.run(...key, file.sha256, file.sizeBytes, file.reason.code, file.reason.message);
      this.#db
        .prepare('INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(...key, lastUpdate, listed, wants, reason?.code ?? null, reason?.message ?? null);
    });
  }

  #study(row: Row): JournalStudy {
    const StudyInstanceUID = text(row, 'StudyInstanceUID') ?? '';
    const [revision, lastUpdate, reason] = [text(row, 'revision'), text(row, 'lastUpdate'), reasonIn(row)];
    const [settledAt, key] = [number(row, 'settledAt'), text(row, 'manifestKey')];
    return {
      StudyInstanceUID,
      orthancId: text(row, 'orthancId') ?? '',
      state: text(row, 'state') as StudyState, // ensured by the table's CHECK
      ...(revision !== undefined && { revision }),
      ...(reason && { reason }),
      ...(lastUpdate !== undefined && { lastUpdate }),
      seenAt: number(row, 'seenAt') ?? 0,
      ...(settledAt !== undefined && { settledAt }),
      attempts: number(row, 'attempts') ?? 0,
      nextAttemptAt: number(row, 'nextAttemptAt') ?? 0,
      ...(key !== undefined && { manifestKey: key }),
      resend: number(row, 'resend') ?? 0,
      refused: this.#refused(StudyInstanceUID),
      refusedSeries: this.#refusedSeries(StudyInstanceUID),
    };
  }

  #refusedSeries(StudyInstanceUID: string): readonly RefusedSeries[] {
    const rows = this.#db
      .prepare(
        `SELECT * FROM series WHERE StudyInstanceUID = ? AND code = 'archive-request' ORDER BY SeriesInstanceUID`,
      )
      .all(StudyInstanceUID);
    return rows.flatMap((row) => {
      const reason = reasonIn(row);
      return reason === undefined ? [] : { SeriesInstanceUID: text(row, 'SeriesInstanceUID') ?? '', reason };
    });
  }

  #refused(StudyInstanceUID: string): readonly RefusedFile[] {
    const rows = this.#db.prepare('SELECT * FROM refused WHERE StudyInstanceUID = ?').all(StudyInstanceUID);
    return rows.map((row) => ({
      SeriesInstanceUID: text(row, 'SeriesInstanceUID') ?? '',
      sha256: text(row, 'sha256') ?? '',
      sizeBytes: number(row, 'sizeBytes') ?? 0,
      reason: reasonIn(row) ?? { code: '', message: '' },
    }));
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
