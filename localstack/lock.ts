import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessRecord, recordOf } from './processes.ts';

/** Does `action` while no other process does so in this home; who comes second waits. A dead owner's lock does not hold. */
export async function withLock<T>(home: string, action: () => Promise<T>): Promise<T> {
  const file = join(home, 'lock');
  while (!take(file)) await sleep(100);
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  if (existsSync(file) && !isRunning(ownerOf(file))) rmSync(file, { force: true });
  try {
    writeFileSync(file, JSON.stringify(recordOf(process.pid)), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(file: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    // Given back, or not written to its end, between the look and the reading.
    return recordOf(process.pid);
  }
}
