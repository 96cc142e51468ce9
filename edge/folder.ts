/** The edge's folder: its journal, its spool, and the lock that reserves them for one process. */
import { join } from 'node:path';
import { edgeAtWork, type Lock, lockFolder } from '#adapters/sqlite/lock.ts';
import { isDamage } from '#adapters/sqlite/salvage.ts';
import { proveWritable } from '#adapters/writable-folder.ts';
import { ConfigurationError } from '#core/errors.ts';
import { openIdentityKey } from './identity-key.ts';
import { Journal, journalFile } from './journal.ts';
import { type Restored, restoreJournal } from './journal-salvage.ts';

/** The resources that an edge holds while it runs. */
export interface EdgeFolder {
  readonly journal: Journal;
  /** Holds chunks before their upload. It is emptied at every start, so it must not be shared. */
  readonly spoolFolder: string;
  readonly identityKey: Uint8Array;
  /** Set if the journal was damaged and had to be replaced. */
  readonly restored?: Restored;
  close(): void;
}

/**
 * Opens the folder for this process alone and creates it if necessary. A process that died no longer holds it. A damaged journal is
 * set aside, and what can be read of it is taken over.
 *
 * @param start what the edge forwards at its very first start
 * @throws ConfigurationError if another edge works in it, or a newer version wrote its journal
 * @throws SystemRefusalError if it cannot be written; no study has been read then
 */
export function openEdgeFolder(folder: string, start: 'now' | 'all' = 'now'): EdgeFolder {
  proveWritable(folder);
  const lock = lockFolder(folder);
  if (lock === undefined) {
    throw new ConfigurationError(`${edgeAtWork(folder)}, or set HILUM_EDGE_FOLDER to another folder`);
  }
  const identityKey = heldWhile(lock, () => openIdentityKey(folder));
  const { journal, restored } = heldWhile(lock, () => openedJournal(journalFile(folder), start));
  return {
    journal,
    spoolFolder: join(folder, 'spool'),
    identityKey,
    ...(restored && { restored }),
    close() {
      journal.close();
      lock.release();
    },
  };
}

/** If it fails, the folder is not held any longer. */
function heldWhile<T>(lock: Lock, work: () => T): T {
  try {
    return work();
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The journal, checked. */
function openedJournal(
  file: string,
  start: 'now' | 'all',
): { readonly journal: Journal; readonly restored?: Restored } {
  try {
    return { journal: checkedJournal(file) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const restored = restoreJournal(file, start, Date);
    return { journal: checkedJournal(file), restored };
  }
}

function checkedJournal(file: string): Journal {
  const journal = new Journal(file);
  try {
    journal.check();
    return journal;
  } catch (error) {
    journal.close();
    throw error;
  }
}
