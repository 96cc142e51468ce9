/** A lock between processes. The operating system releases it when its owner's process ends, however it ends. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile } from './private-file.ts';

/** SQLite's result code if another connection has locked the file. */
const SQLITE_BUSY = 5;

/** The locks that this process holds. Without a reference, a lock would be garbage-collected and so released. */
const held = new Set<DatabaseSync>();

export interface Lock {
  release(): void;
}

/**
 * Takes a folder's lock; undefined if this process or another one already holds it. Creates the folder if it does not exist.
 */
export function lockFolder(folder: string): Lock | undefined {
  const file = join(folder, 'lock.sqlite');
  makePrivateFile(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // Nothing is ever written, so no journal file is needed.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    held.add(database);
    return {
      release() {
        held.delete(database);
        database.close();
      },
    };
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
