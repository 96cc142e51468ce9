/** The edge's folder: its journal and its spool, and the lock that keeps them one process's own. */
import { join } from 'node:path';
import { edgeAtWork, lockFolder } from '#adapters/sqlite/lock.ts';
import { proveWritable } from '#adapters/writable-folder.ts';
import { ConfigurationError } from '#core/errors.ts';
import { Journal, journalFile } from './journal.ts';

/** What an edge holds for as long as it works. */
export interface EdgeFolder {
  readonly journal: Journal;
  /** Chunks wait here; emptied at every start, so nobody else's may lie there. */
  readonly spoolFolder: string;
  close(): void;
}

/**
 * Opens the folder for this process alone, making it where there is none. A process that died does not hold it.
 *
 * @throws ConfigurationError where another edge works in it
 * @throws SystemRefusalError where it cannot be written, before a study is read
 */
export function openEdgeFolder(folder: string): EdgeFolder {
  proveWritable(folder);
  const lock = lockFolder(folder);
  if (lock === undefined) {
    throw new ConfigurationError(`${edgeAtWork(folder)}, or set HILUM_EDGE_FOLDER to another folder`);
  }
  const journal = new Journal(journalFile(folder));
  return {
    journal,
    spoolFolder: join(folder, 'spool'),
    close() {
      journal.close();
      lock.release();
    },
  };
}
