/** Makes folders, and tests before the work begins that its output can be written. */
import { mkdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atPathSync, systemRefusal } from './system-refusal.ts';

/**
 * Makes a folder and its missing parents, and returns the topmost folder that it made. Node's own `recursive` never returns
 * in /proc, where the system says of an existing folder that it does not exist.
 *
 * @throws the system's error
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return undefined;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    const first = makeFolder(dirname(path), mode);
    mkdirSync(path, { mode });
    return first ?? path;
  }
}

/**
 * Tests that a folder can be made and written to. Removes what the test made.
 *
 * @param name name of the test file, as long as the longest name that will be written
 * @throws SystemRefusalError if the system refuses, e.g. because the disk is full
 */
export function proveWritable(folder: string, name = '.hilum'): void {
  const made = atPathSync(folder, () => makeFolder(folder));
  const probe = join(folder, `${name}.${process.pid}.part`);
  let refused: unknown;
  try {
    writeFileSync(probe, 'probe');
  } catch (error) {
    refused = systemRefusal(error, folder, 'written');
  }
  try {
    rmSync(probe, { force: true });
  } catch (error) {
    // The first error is the one to report: a file that could not be made cannot be removed.
    refused ??= systemRefusal(error, folder, 'emptied');
  }
  if (made !== undefined) removeEmpty(folder, made);
  if (refused !== undefined) throw refused;
}

/** Removes a folder, and the folders above it that were made with it. A folder that is not empty stays. */
export function removeEmpty(folder: string, firstMade: string): void {
  try {
    for (let each = folder; each.length >= firstMade.length; each = dirname(each)) rmdirSync(each);
  } catch {
    // The folder is not empty or is in use, so it stays.
  }
}
