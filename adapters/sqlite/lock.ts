/** A lock between processes. The operating system releases it when its owner dies, however that happens. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemRefusal } from '../system-refusal.ts';
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
    makePrivateFile(holderFile(folder));
    writeFileSync(holderFile(folder), String(process.pid));
    return {
      release() {
        held.delete(database);
        database.close();
      },
    };
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw systemRefusal(error, file);
  }
}

const holderFile = (folder: string): string => join(folder, 'lock.pid');

/** The process that holds the lock of a folder; undefined if it is not known. Meaningful only while the lock is held. */
function lockHolder(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(holderFile(folder), 'utf8'));
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined; // An owner of an older version wrote none.
  }
}

/** The message about an edge that already works in a folder. */
export function edgeAtWork(folder: string): string {
  const pid = lockHolder(folder);
  const [process, fix] = pid === undefined ? ['', 'stop it'] : [`: process ${pid}`, `stop it (\`kill ${pid}\`)`];
  return `An edge (\`hilum edge\` or \`hilum demo\`) already works in ${folder}${process}. First ${fix}`;
}
