/** Folders that are to be written to: made, and proved before work begins whose outcome needs them. */
import { mkdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atPathSync, systemRefusal } from './system-refusal.ts';

/**
 * Makes a folder and those above it, and returns the first that was not there. Node's own (`recursive`) never returns where
 * the system says of a folder that is there that it is not (/proc).
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
 * Proves that a folder can be made and written to; what was made for the proof is removed.
 *
 * @param name of the file that is written for it: as long as the longest that will be
 * @throws SystemRefusalError where it cannot: the disk is full, there is no permission
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
    // The first error is the one to tell: what could not be made cannot be removed.
    refused ??= systemRefusal(error, folder, 'emptied');
  }
  if (made !== undefined) removeEmpty(folder, made);
  if (refused !== undefined) throw refused;
}

/** Removes a folder, and those above it as far as they were made with it; one that holds something stays. */
export function removeEmpty(folder: string, firstMade: string): void {
  try {
    for (let each = folder; each.length >= firstMade.length; each = dirname(each)) rmdirSync(each);
  } catch {
    // It holds something, or is in use: it is somebody's.
  }
}
