/** Opens SQLite databases. */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { atPathSync } from '../system-refusal.ts';
import { makePrivateFile } from './private-file.ts';

/** A row, by column name. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export type { DatabaseSync as Database };

/** How long another process may hold the file. Nothing else happens meanwhile, and a signal waits too. */
const LOCKED_MS = 2_000;

/**
 * Opens a database and creates its file, folder and tables if they do not exist. Only the owner can read the file. Every
 * change is on disk when its call returns.
 *
 * @param schema statements that may run each time (`CREATE … IF NOT EXISTS`)
 * @throws SystemRefusalError if the file cannot be made, read or written
 */
export function openDatabase(file: string, schema: string): DatabaseSync {
  return atPathSync(file, () => {
    makePrivateFile(file);
    const database = new DatabaseSync(file, { timeout: LOCKED_MS });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
    return database;
  });
}
