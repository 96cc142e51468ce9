/**
 * What the edge remembers, in one SQLite file: how far it has followed Orthanc's changes, what became of each study, and
 * where each instance that it uploaded lies in the bucket. It holds UIDs, digests and the header index, nothing of the patient.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase, type Row } from '#adapters/sqlite/database.ts';
import type { Reason } from '#core/errors.ts';
import { SCHEMA } from './journal-schema.ts';
import type { ManifestInstance } from './spool.ts';

/** `seen`: stable in Orthanc and waiting its turn, or for another attempt. The other two are settled. */
type StudyState = 'seen' | 'uploaded' | 'skipped';

export interface JournalStudy {
  readonly StudyInstanceUID: string;
  readonly orthancId: string;
  readonly state: StudyState;
  /** Of the last upload. */
  readonly revision?: string;
  /** Why it was skipped, or why the last attempt failed. */
  readonly reason?: Reason;
  /** Orthanc's LastUpdate of what was last settled. */
  readonly lastUpdate?: string;
  /** ms since the epoch. */
  readonly seenAt: number;
  readonly settledAt?: number;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly refused: readonly RefusedFile[];
}

/** A file that cannot be taken as DICOM, named by its digest, for it may have no UID. */
export interface RefusedFile {
  readonly SeriesInstanceUID: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly reason: Reason;
}

/** What was decided on a series the last time it was read; `reason` where it was left out. */
export interface JournalSeries {
  readonly SeriesInstanceUID: string;
  readonly lastUpdate: string;
  /** How many instances Orthanc listed then. */
  readonly listed: number;
  /** Digest of what the tools wanted then. */
  readonly wants: string;
  readonly reason?: Reason;
}

export interface Noticed {
  readonly StudyInstanceUID: string;
  readonly orthancId: string;
}

export type Settlement = { readonly lastUpdate?: string } & (
  | { readonly state: 'uploaded'; readonly revision: string }
  | { readonly state: 'skipped'; readonly reason: Reason }
);

export class Journal {
  readonly #db: Database;

  /** Opens the journal, making file and folder where there are none. Every change is on disk when its method returns. */
  constructor(file: string) {
    this.#db = openDatabase(file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  /** The position in Orthanc's log of changes up to which everything is noticed; undefined before the first start. */
  cursor(): number | undefined {
    const value = this.#mark('cursor');
    return value === undefined ? undefined : Number(value);
  }

  /** Studies that were last changed at this time of Orthanc's or before are none of the edge's work. */
  since(): string {
    return this.#mark('since') ?? '';
  }

  /** Sets where to begin: at the first start, and after Orthanc's database was replaced. */
  begin(cursor: number, since: string): void {
    this.#together(() => {
      this.#setMark('cursor', String(cursor));
      this.#setMark('since', since);
    });
  }

  /** Puts studies in line for `now` and moves the cursor, both or neither. */
  notice(studies: readonly Noticed[], now: number, cursor?: number): void {
    const insert = this.#db.prepare(`
      INSERT INTO studies (StudyInstanceUID, orthancId, state, seenAt) VALUES (?, ?, 'seen', ?)
      ON CONFLICT DO UPDATE SET orthancId = excluded.orthancId, state = 'seen', seenAt = excluded.seenAt,
        attempts = 0, nextAttemptAt = 0, code = NULL, message = NULL`);
    this.#together(() => {
      for (const { StudyInstanceUID, orthancId } of studies) insert.run(StudyInstanceUID, orthancId, now);
      if (cursor !== undefined) this.#setMark('cursor', String(cursor));
    });
  }

  /** The study that has waited longest and may be tried at `now`. */
  due(now: number): JournalStudy | undefined {
    const row = this.#db
      .prepare(`SELECT * FROM studies WHERE state = 'seen' AND nextAttemptAt <= ? ORDER BY seenAt, rowid LIMIT 1`)
      .get(now);
    return row && this.#study(row);
  }

  study(StudyInstanceUID: string): JournalStudy | undefined {
    const row = this.#db.prepare('SELECT * FROM studies WHERE StudyInstanceUID = ?').get(StudyInstanceUID);
    return row && this.#study(row);
  }

  /** All studies, the newest first. */
  studies(): readonly JournalStudy[] {
    const rows = this.#db.prepare('SELECT * FROM studies ORDER BY seenAt DESC, rowid DESC').all();
    return rows.map((row) => this.#study(row));
  }

  /** A study's turn has come to an end. */
  settle(StudyInstanceUID: string, settlement: Settlement, now: number): void {
    const { state, lastUpdate } = settlement;
    const revision = state === 'uploaded' ? settlement.revision : null;
    const reason = state === 'skipped' ? settlement.reason : undefined;
    this.#db
      .prepare(`UPDATE studies SET state = ?, revision = coalesce(?, revision), code = ?, message = ?,
        lastUpdate = coalesce(?, lastUpdate), settledAt = ?, attempts = 0, nextAttemptAt = 0 WHERE StudyInstanceUID = ?`)
      .run(state, revision, reason?.code ?? null, reason?.message ?? null, lastUpdate ?? null, now, StudyInstanceUID);
  }

  /** A study's turn has to be tried again at `nextAttemptAt`; with a reason it counts as a failed attempt. */
  postpone(StudyInstanceUID: string, nextAttemptAt: number, reason?: Reason): void {
    this.#db
      .prepare(`UPDATE studies SET attempts = attempts + ?, nextAttemptAt = ?, code = ?, message = ?
        WHERE StudyInstanceUID = ?`)
      .run(reason ? 1 : 0, nextAttemptAt, reason?.code ?? null, reason?.message ?? null, StudyInstanceUID);
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

  /** Where the instances of a series lie that were uploaded so far, by the SHA-256 of their files. */
  instances(StudyInstanceUID: string, SeriesInstanceUID: string): ReadonlyMap<string, ManifestInstance> {
    const rows = this.#db
      .prepare('SELECT sha256, entry FROM instances WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ?')
      .all(StudyInstanceUID, SeriesInstanceUID);
    // Our own file: what was written below is what is read here.
    return new Map(
      rows.map((row) => [text(row, 'sha256') ?? '', JSON.parse(text(row, 'entry') ?? '') as ManifestInstance]),
    );
  }

  /** Remembers where the instances of a chunk lie, once it is in the bucket. */
  uploaded(StudyInstanceUID: string, SeriesInstanceUID: string, instances: readonly ManifestInstance[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?)');
    this.#together(() => {
      for (const entry of instances)
        insert.run(StudyInstanceUID, SeriesInstanceUID, entry.sha256, JSON.stringify(entry));
    });
  }

  /** Closes a series that was read to its end: forgets instances that are no longer in it, and says what was refused. */
  closeSeries(
    StudyInstanceUID: string,
    series: JournalSeries,
    found: { readonly sha256s: ReadonlySet<string>; readonly refused: readonly RefusedFile[] },
  ): void {
    const { SeriesInstanceUID, lastUpdate, listed, wants, reason } = series;
    const key = [StudyInstanceUID, SeriesInstanceUID] as const;
    this.#together(() => {
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
    const settledAt = number(row, 'settledAt');
    return {
      StudyInstanceUID,
      orthancId: text(row, 'orthancId') ?? '',
      state: text(row, 'state') as StudyState, // held to these by the table's CHECK
      ...(revision !== undefined && { revision }),
      ...(reason && { reason }),
      ...(lastUpdate !== undefined && { lastUpdate }),
      seenAt: number(row, 'seenAt') ?? 0,
      ...(settledAt !== undefined && { settledAt }),
      attempts: number(row, 'attempts') ?? 0,
      nextAttemptAt: number(row, 'nextAttemptAt') ?? 0,
      refused: this.#refused(StudyInstanceUID),
    };
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

  #together(change: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      change();
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#db.exec('COMMIT');
  }
}

const text = (row: Row, column: string): string | undefined => {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
};

const number = (row: Row, column: string): number | undefined => {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
};

function reasonIn(row: Row): Reason | undefined {
  const [code, message] = [text(row, 'code'), text(row, 'message')];
  return code === undefined || message === undefined ? undefined : { code, message };
}

/** The journal in an edge's folder. */
export const journalFile = (folder: string): string => join(folder, 'journal.sqlite');

/** What the edge remembers of its studies, for `hilum status`; none where it never ran. */
export function readJournal(file: string): readonly JournalStudy[] {
  if (!existsSync(file)) return [];
  const journal = new Journal(file);
  try {
    return journal.studies();
  } finally {
    journal.close();
  }
}
