/** Opens SQLite databases. */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { atPathSync } from '../system-refusal.ts';
import { makePrivateFile } from './private-file.ts';

/** A row, by column name. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export type { DatabaseSync as Database };

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
    const database = new DatabaseSync(file, { timeout: 5_000 });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
    return database;
  });
}
