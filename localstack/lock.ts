import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { edgeAtWork, type Lock, lockFolder } from '#adapters/sqlite/lock.ts';
import { ConfigurationError } from '#core/errors.ts';

/** Runs `action` under the home's lock. A second process waits. The lock of a dead process does not count. */
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
 * Makes sure that no edge works in a folder, before work that a running edge would disturb.
 *
 * @throws ConfigurationError that names the process of the edge
 */
export function refuseBesideEdge(folder: string): void {
  if (existsSync(folder)) lockOfNobody(folder).release();
}

/**
 * Removes an edge's folder, with what waits in it.
 *
 * @throws ConfigurationError if an edge works in it
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
