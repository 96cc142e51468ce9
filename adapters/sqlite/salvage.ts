/** Reads what is left of a damaged database. */
import { copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isKnown } from '#core/errors.ts';
import { atPathSync } from '../system-refusal.ts';
import type { Row } from './database.ts';

/** SQLite's codes for contents that are not as they were written. A restart does not help, and a further attempt neither. */
const DAMAGED = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB']);

/** Whether an error, translated by `systemRefusal`, says that a database is damaged. */
export const isDamage = (error: unknown): boolean => isKnown(error) && DAMAGED.has(error.code);

/**
 * Gives a damaged database, and the file of its last changes (`-wal`), a further name each. It stays where it is until
 * `replaceDatabase`, so that an interruption loses nothing. Returns when it was last written, ms since the epoch.
 *
 * @throws SystemRefusalError if the folder cannot be written
 */
export function setAside(file: string, aside: string): number {
  return atPathSync(file, () => {
    const logs = existsSync(`${file}-wal`) ? [`${file}-wal`] : [];
    linkOrCopy(file, aside);
    for (const log of logs) linkOrCopy(log, `${aside}-wal`);
    return Math.max(...[file, ...logs].map((one) => statSync(one).mtimeMs));
  });
}

function linkOrCopy(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch {
    copyFileSync(file, name); // Some file systems have no links.
  }
}

/** Puts a database, which nobody has opened, in the place of another one. */
export function replaceDatabase(file: string, by: string): void {
  atPathSync(file, () => {
    // SQLite would apply the other one's last changes to it.
    for (const log of ['-wal', '-shm']) rmSync(`${file}${log}`, { force: true });
    renameSync(by, file);
  });
}

/** Removes a database, if there is one. */
export function removeDatabase(file: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(`${file}${part}`, { force: true });
}

export interface Salvaged {
  readonly rows: readonly Row[];
  /** Whether the whole table could be read. */
  readonly complete: boolean;
}

/** The rows of a table that can be read: from its beginning to the damage, and from its end back to the damage. */
export function salvagedRows(file: string, table: string): Salvaged {
  try {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const fromStart = readable(database, `SELECT rowid, * FROM ${table} ORDER BY rowid`);
      if (fromStart.complete) return fromStart;
      const fromEnd = readable(database, `SELECT rowid, * FROM ${table} ORDER BY rowid DESC`);
      return { rows: [...fromStart.rows, ...fromEnd.rows], complete: false };
    } finally {
      database.close();
    }
  } catch {
    return { rows: [], complete: false };
  }
}

function readable(database: DatabaseSync, query: string): Salvaged {
  const rows: Row[] = [];
  try {
    for (const row of database.prepare(query).iterate()) rows.push(row);
    return { rows, complete: true };
  } catch {
    return { rows, complete: false };
  }
}
