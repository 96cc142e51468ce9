/** The edge's folder: its journal, its spool, and the lock that reserves them for one process. */
import { join } from 'node:path';
import { edgeAtWork, type Lock, lockFolder } from '#adapters/sqlite/lock.ts';
import { proveWritable } from '#adapters/writable-folder.ts';
import { ConfigurationError } from '#core/errors.ts';
import { Journal, journalFile } from './journal.ts';

/** The resources that an edge holds while it runs. */
export interface EdgeFolder {
  readonly journal: Journal;
  /** Holds chunks before their upload. It is emptied at every start, so it must not be shared. */
  readonly spoolFolder: string;
  close(): void;
}

/**
 * Opens the folder for this process alone and creates it if necessary. A process that died no longer holds it.
 *
 * @throws ConfigurationError if another edge works in it
 * @throws SystemRefusalError if it cannot be written, or its journal is damaged; no study has been read then
 */
export function openEdgeFolder(folder: string): EdgeFolder {
  proveWritable(folder);
  const lock = lockFolder(folder);
  if (lock === undefined) {
    throw new ConfigurationError(`${edgeAtWork(folder)}, or set HILUM_EDGE_FOLDER to another folder`);
  }
  const journal = openedJournal(journalFile(folder), lock);
  return {
    journal,
    spoolFolder: join(folder, 'spool'),
    close() {
      journal.close();
      lock.release();
    },
  };
}

/** The journal, checked. If it cannot be used, the folder is not held any longer. */
function openedJournal(file: string, lock: Lock): Journal {
  try {
    const journal = new Journal(file);
    journal.check();
    return journal;
  } catch (error) {
    lock.release();
    throw error;
  }
}
