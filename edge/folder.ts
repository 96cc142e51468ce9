/** The edge's folder: its journal, its spool, and the lock that reserves them for one process. */
import { join } from 'node:path';
import { lockFolder } from '#adapters/sqlite/lock.ts';
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
 * @throws ConfigurationError if another edge is using it
 */
export function openEdgeFolder(folder: string): EdgeFolder {
  const lock = lockFolder(folder);
  if (lock === undefined) {
    throw new ConfigurationError(
      `Another edge (\`hilum edge\` or \`hilum demo\`) works in ${folder}: stop it, or set HILUM_EDGE_FOLDER to another folder`,
    );
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
