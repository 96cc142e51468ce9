/** Opens SQLite databases. */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { ConfigurationError } from '#core/errors.ts';
import { atPathSync, damaged } from '../system-refusal.ts';
import { makePrivateFile } from './private-file.ts';

/** A row, by column name. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export type { DatabaseSync as Database };

/** How long another process may hold the file. Nothing else happens meanwhile, and a signal waits too. */
const LOCKED_MS = 2_000;

/**
 * Opens a database, creates its file, folder and tables if they do not exist, and brings older tables up to date. Only the owner can
 * read the file. Every change is on disk when its call returns.
 *
 * @param migrations the statements of each version, from the first. What was released may only be added to
 * @throws SystemRefusalError if the file cannot be made, read or written
 * @throws ConfigurationError if a newer version wrote it
 */
export function openDatabase(file: string, migrations: readonly string[]): DatabaseSync {
  return atPathSync(file, () => {
    makePrivateFile(file);
    const database = new DatabaseSync(file, { timeout: LOCKED_MS });
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      migrate(database, file, migrations);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** SQLite keeps the number of the last migration in the file's header (`user_version`). */
function migrate(database: DatabaseSync, file: string, migrations: readonly string[]): void {
  const version = (): number => Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version() > migrations.length)
    throw new ConfigurationError(
      `${file} was written by a newer version of Hilum: start that version, or name another folder`,
    );
  if (version() === migrations.length) return;
  together(database, () => {
    // Another process may have done it meanwhile.
    for (const statements of migrations.slice(version())) database.exec(statements);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

/**
 * Reads the whole file and checks its structure.
 *
 * @throws SystemRefusalError if it is damaged
 */
export function checkDatabase(database: DatabaseSync, file: string): void {
  const answer = atPathSync(file, () => database.prepare('PRAGMA quick_check(1)').get());
  if (answer?.['quick_check'] !== 'ok') throw damaged(file);
}

/**
 * Runs `change` as one transaction. If anything fails, nothing of it remains, and the next transaction can begin: SQLite ends some
 * transactions by itself, such as on a full disk, and leaves others open.
 */
export function together(database: DatabaseSync, change: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    change();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
