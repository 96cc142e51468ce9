/** The part of the journal about studies that are finished and still come back: lost by the bucket, or asked for by a person. */
import { type Database, type Row, together } from '#adapters/sqlite/database.ts';
import { number, text, unpacked } from './journal-rows.ts';

/** Where a list of uploads continues. */
export interface UploadPosition {
  readonly settledAt: number;
  readonly rowid: number;
}

export interface UploadPage<Study> {
  readonly studies: readonly Study[];
  /** Absent on the last page. */
  readonly next?: UploadPosition;
}

/** A row of a damaged journal. */
export interface TakenOver {
  readonly key: string;
  readonly StudyInstanceUID: string;
  readonly orthancId: string;
  readonly state: 'seen' | 'uploaded' | 'skipped';
  readonly revision: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly lastUpdate: string | null;
  readonly seenAt: number;
  readonly settledAt: number | null;
}

export interface PartialUpload {
  readonly revision: string;
  readonly manifestKey: string;
  readonly sequence: number;
  /** `goneAt` of the study when the attempt began. */
  readonly goneAt: number;
}

export interface JournalAgain<Study> {
  /** Fills a new journal with what could be read of a damaged one. The cursor is left out: a scan finds what changed before. */
  takeOver(found: {
    readonly studies: readonly TakenOver[];
    readonly since: string | undefined;
    readonly wants: string | undefined;
  }): void;
  /**
   * Studies that were uploaded at or after `since`, newest first. One that the bucket has lost before must also have been noticed since
   * then, so that a bucket that deletes everything after a day is not filled for ever.
   */
  uploads(since: number, limit: number, after?: UploadPosition): UploadPage<Study>;
  /** The names of the chunks that hold a study's instances; none if their places were forgotten. */
  chunksOf(key: string): ReadonlySet<string>;
  /**
   * Queues a study that the bucket has lost. False if that has happened `limit` times without a day between: something removes what
   * is put there, and the study stays as it is.
   */
  putAgain(key: string, limit: number, now: number): boolean;
  /** Studies that were noticed or finished at or after this time, newest first. */
  since(time: number): readonly Study[];
  /** Queues studies as if nothing of them had been uploaded, also those that the journal does not know. */
  resend(StudyInstanceUIDs: readonly string[], now: number): void;
  /**
   * Records which of the studies that were uploaded were made anew in Orthanc since: they had been deleted there.
   *
   * @param studies by Orthanc's identifier, each with the time at which it was made, by Orthanc's clock
   */
  made(studies: readonly { readonly id: string; readonly date: string }[], now: number): void;
  /** Forgets what was read and uploaded of series that are not among these: Orthanc does not have them any more. */
  keepSeries(key: string, SeriesInstanceUIDs: readonly string[]): void;
  /** How many instances Orthanc listed of each series of a study when it was read and went up. */
  listed(key: string): ReadonlyMap<string, number>;
  /** Records an upload that went up without a series which another attempt may bring. The study stays queued. */
  partly(key: string, upload: PartialUpload): void;
  /** Ends a request to send a study again, unless there is a further one; the study stays queued. */
  fulfil(key: string, resend: number): void;
  /** Forgets what was read and uploaded of a study, so that all of it is read and judged again. */
  forget(key: string): void;
  /** Records which of Orthanc's studies it is. */
  identify(key: string, orthancId: string): void;
}

const DAY_MS = 86_400_000;
const LOST_AGAIN = {
  code: 'lost-again',
  message:
    'The bucket has lost the upload repeatedly: find out what deletes its objects, then use `hilum edge resend`.',
};

/** Named, the index spares sorting all uploads; it is usable because of the first condition. */
export const UPLOADS = `SELECT rowid, * FROM studies INDEXED BY settled
  WHERE state != 'seen' AND state = 'uploaded' AND settledAt >= ? AND settledAt <= ? AND (settledAt < ? OR rowid < ?)
    AND (putAgain = 0 OR seenAt >= ?) ORDER BY settledAt DESC, rowid DESC LIMIT ?`;

/** @param studyIn the study in a row of the table */
export function createJournalAgain<Study>(db: Database, studyIn: (row: Row) => Study): JournalAgain<Study> {
  return {
    takeOver({ studies, since, wants }) {
      const mark = db.prepare('INSERT OR REPLACE INTO marks VALUES (?, ?)');
      const insert = db.prepare(`INSERT OR IGNORE INTO studies
        (key, StudyInstanceUID, orthancId, state, revision, code, message, lastUpdate, seenAt, settledAt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
      together(db, () => {
        for (const { key, StudyInstanceUID, orthancId, state, ...rest } of studies)
          insert.run(
            ...[key, StudyInstanceUID, orthancId, state, rest.revision, rest.code, rest.message, rest.lastUpdate],
            ...[rest.seenAt, rest.settledAt],
          );
        if (since !== undefined) mark.run('since', since);
        if (wants !== undefined) mark.run('wants', wants);
      });
    },

    uploads(since, limit, after) {
      const { settledAt, rowid } = after ?? { settledAt: Number.MAX_SAFE_INTEGER, rowid: 0 };
      const rows = db.prepare(UPLOADS).all(since, settledAt, settledAt, rowid, since, limit);
      const last = rows.at(-1);
      const next = last && { settledAt: number(last, 'settledAt') ?? 0, rowid: number(last, 'rowid') ?? 0 };
      return { studies: rows.map(studyIn), ...(next && rows.length === limit && { next }) };
    },

    chunksOf(key) {
      const rows = db.prepare('SELECT entry FROM instances WHERE study = ?').all(key);
      return new Set(rows.map((row) => unpacked(row['entry']).chunk));
    },

    putAgain(key, limit, now) {
      const yesterday = now - DAY_MS;
      const { changes } = db
        .prepare(`UPDATE studies SET state = 'seen', attempts = 0, nextAttemptAt = 0, code = NULL, message = NULL,
          putAgain = CASE WHEN lostAt < ? THEN 1 ELSE putAgain + 1 END, lostAt = ?
          WHERE key = ? AND (putAgain < ? OR lostAt < ?)`)
        .run(yesterday, now, key, limit, yesterday);
      if (Number(changes) > 0) return true;
      db.prepare('UPDATE studies SET code = ?, message = ? WHERE key = ?').run(
        ...[LOST_AGAIN.code, LOST_AGAIN.message, key],
      );
      return false;
    },

    since(time) {
      const rows = db
        .prepare(`SELECT * FROM studies WHERE seenAt >= ? OR (state != 'seen' AND settledAt >= ?)
          ORDER BY seenAt DESC, rowid DESC`)
        .all(time, time);
      return rows.map(studyIn);
    },

    resend(StudyInstanceUIDs, now) {
      const queue = db.prepare(`
        UPDATE studies SET state = 'seen', attempts = 0, nextAttemptAt = 0, code = NULL, message = NULL,
          putAgain = 0, resend = max(resend + 1, ?) WHERE StudyInstanceUID = ?`);
      const insert = db.prepare(`INSERT INTO studies (key, StudyInstanceUID, orthancId, state, seenAt, resend)
        VALUES (?, ?, '', 'seen', ?, ?)`);
      together(db, () => {
        for (const uid of new Set(StudyInstanceUIDs))
          if (Number(queue.run(now, uid).changes) === 0) insert.run(uid, uid, now, now);
      });
    },

    made(studies, now) {
      const mark = db.prepare('UPDATE studies SET goneAt = ? WHERE orthancId = ? AND lastUpdate < ?');
      together(db, () => {
        for (const { id, date } of studies) mark.run(now, id, date);
      });
    },

    keepSeries(key, SeriesInstanceUIDs) {
      const kept = JSON.stringify(SeriesInstanceUIDs);
      together(db, () => {
        for (const table of ['series', 'instances', 'refused'])
          db.prepare(
            `DELETE FROM ${table} WHERE study = ? AND SeriesInstanceUID NOT IN (SELECT value FROM json_each(?))`,
          ).run(key, kept);
      });
    },

    listed(key) {
      const rows = db.prepare('SELECT SeriesInstanceUID, listed FROM series WHERE study = ? AND code IS NULL');
      return new Map(rows.all(key).map((row) => [text(row, 'SeriesInstanceUID') ?? '', number(row, 'listed') ?? 0]));
    },

    partly(key, { revision, manifestKey, sequence, goneAt }) {
      db.prepare(`UPDATE studies SET revision = ?, manifestKey = ?, sequence = max(sequence, ?), goneAt = iif(goneAt = ?, 0, goneAt)
        WHERE key = ?`).run(revision, manifestKey, sequence, goneAt, key);
    },

    fulfil(key, resend) {
      db.prepare('UPDATE studies SET resend = 0 WHERE key = ? AND resend = ?').run(key, resend);
    },

    forget(key) {
      together(db, () => {
        for (const table of ['series', 'instances', 'refused'])
          db.prepare(`DELETE FROM ${table} WHERE study = ?`).run(key);
      });
    },

    identify(key, orthancId) {
      db.prepare('UPDATE studies SET orthancId = ? WHERE key = ?').run(orthancId, key);
    },
  };
}
