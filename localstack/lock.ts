import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, lockFolder } from '#adapters/sqlite/lock.ts';
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
 * Removes the folder of an edge, whose journal tells of a cloud that is no more.
 *
 * @throws ConfigurationError where an edge works in it
 */
export function removeEdgeFolder(folder: string): void {
  if (!existsSync(folder)) return;
  const lock = lockFolder(folder);
  if (lock === undefined) {
    throw new ConfigurationError(
      `An edge (\`hilum edge\` or \`hilum demo\`) works in ${folder}, for a cloud that is to be emptied: stop it first`,
    );
  }
  try {
    rmSync(folder, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}
