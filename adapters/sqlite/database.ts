/** SQLite, in a file of one program's own. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

/** A row as SQLite hands it out, by column name. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export type { DatabaseSync as Database };

/**
 * Opens a database, making file, folder and tables where there are none. Every change is on disk when its call returns.
 *
 * @param file its path, or `:memory:`
 * @param schema statements that may run each time (`CREATE … IF NOT EXISTS`)
 */
export function openDatabase(file: string, schema: string): DatabaseSync {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
  return database;
}
