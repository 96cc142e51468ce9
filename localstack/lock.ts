import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { edgeAtWork, type Lock, lockFolder } from '#adapters/sqlite/lock.ts';
import { ConfigurationError } from '#core/errors.ts';

/** Does `action` while nobody else does so in this home; who comes second waits. A dead owner's lock does not hold. */
export async function withLock<T>(home: string, action: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(home);
  try {
    return await action();
  } finally {
    lock.release();
  }
}

async function waitForLock(home: string): Promise<Lock> {
  for (;;) {
    const lock = lockFolder(home);
    if (lock !== undefined) return lock;
    await sleep(100);
  }
}

/**
 * Makes sure that no edge works in a folder, before anything is done that an edge would be in the way of.
 *
 * @throws ConfigurationError that names the process of the edge
 */
export function refuseBesideEdge(folder: string): void {
  if (existsSync(folder)) lockOfNobody(folder).release();
}

/**
 * Removes the folder of an edge, whose journal tells of a cloud that is no more.
 *
 * @throws ConfigurationError where an edge works in it
 */
export function removeEdgeFolder(folder: string): void {
  if (!existsSync(folder)) return;
  const lock = lockOfNobody(folder);
  try {
    rmSync(folder, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

function lockOfNobody(folder: string): Lock {
  const lock = lockFolder(folder);
  if (lock === undefined) throw new ConfigurationError(edgeAtWork(folder));
  return lock;
}
