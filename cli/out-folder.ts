/** The folder that `hilum run` writes to: proved before the work begins, and written study by study, whole or not at all. */
import { lstat, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { atPath, atPathSync, systemRefusal } from '#adapters/system-refusal.ts';
import { makeFolder, proveWritable, removeEmpty } from '#adapters/writable-folder.ts';
import { SystemRefusalError } from '#core/errors.ts';
import { folderId } from '#files/file-tree.ts';
import { UsageError } from './command.ts';

/** As long as the longest name that is written: a UID has 64 characters. */
const LONGEST_NAME = `${'9'.repeat(64)}.dcm`;

/** A name that is wrong, rather than a machine that refuses it. */
const WRONG_NAMES = new Set(['EEXIST', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'EINVAL']);

/**
 * Refuses a folder that lies in what is read, by whatever name or link: a second run would read the results of the first.
 *
 * @param folders those that are read (`FileTree`)
 * @param study the folder in it that is meant, where it is not `out` itself
 * @throws UsageError where it does
 */
export async function checkOutside(out: string, folders: ReadonlySet<string>, study = ''): Promise<void> {
  const real = await asWrongName(out, study, () => realPathOf(resolve(out, study)));
  for (let above = real; ; above = dirname(above)) {
    const stats = await stat(above).catch(() => undefined);
    if (stats?.isDirectory() && folders.has(folderId(stats))) {
      const where = above === real ? 'is' : 'lies in';
      throw new UsageError(
        `--out ${join(out, study)} ${where} a folder that is read (${above}): a second run would take the results of the ` +
          'first for its input. Name a folder outside it',
      );
    }
    if (above === dirname(above)) return;
  }
}

/**
 * Proves that the folder of every study can be made and written to, so that no work is lost for want of a place. What was
 * made for the proof is removed.
 *
 * @throws UsageError where `out` names no folder
 * @throws SystemRefusalError where it cannot be written: the disk is full, there is no permission
 */
export async function checkWritable(out: string, studies: readonly string[]): Promise<void> {
  for (const study of studies) {
    await asWrongName(out, study, async () => proveWritable(resolve(out, study), LONGEST_NAME));
  }
}

/**
 * Writes files into a folder, made where there is none: all of them or, where one fails, none. Files of the same names that
 * were there before stay as they were then.
 *
 * @throws SystemRefusalError where the system refuses one
 */
export async function writeTogether(folder: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const made = atPathSync(folder, () => makeFolder(folder));
  const paths = [...files].map(([name, content]) => ({ path: join(folder, name), content }));
  try {
    for (const { path, content } of paths) await atPath(path, () => writeFile(draftOf(path), content));
    for (const { path } of paths) await atPath(path, () => rename(draftOf(path), path));
  } catch (error) {
    // What cannot be removed was not made: the first error is the one to tell.
    for (const { path } of paths) await rm(draftOf(path), { force: true }).catch(() => undefined);
    if (made !== undefined) removeEmpty(folder, made);
    throw error;
  }
}

const draftOf = (path: string): string => `${path}.${process.pid}.part`;

/** Where a path leads, links followed; of one that does not exist, where it would be made. */
async function realPathOf(path: string): Promise<string> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stats !== undefined) return realpath(path);
  const parent = dirname(path);
  return parent === path ? path : join(await realPathOf(parent), basename(path));
}

/** Does `action` on `--out`; that it is no name of a folder is wrong usage. */
async function asWrongName<T>(out: string, study: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const refusal = systemRefusal(error);
    if (!(refusal instanceof SystemRefusalError)) throw refusal;
    if (!WRONG_NAMES.has(refusal.code)) throw refusal;
    const { is, why } = await whyNot(resolve(out, study), refusal);
    throw new UsageError(`--out ${out} ${is ?? 'is no folder, and none can be made there'}: ${why}`);
  }
}

/** What stands where the folder should be: a file, or a link that leads nowhere. */
async function whyNot(
  folder: string,
  refusal: SystemRefusalError,
): Promise<{ readonly is?: string; readonly why: string }> {
  if (refusal.code === 'ENAMETOOLONG')
    return { why: 'the path, or a name in it, is longer than the file system takes' };
  if (refusal.code === 'ELOOP') return { why: 'its symbolic links lead in a circle' };
  for (let path = folder; ; path = dirname(path)) {
    const stats = await stat(path).catch(() => undefined);
    // As in /proc, which holds what the system puts there.
    if (stats?.isDirectory()) return { is: 'cannot be written', why: `${path} takes no new folders. Name another one` };
    if (stats !== undefined) return { why: `${path} is ${stats.isFile() ? 'a file' : 'a device, a pipe or a socket'}` };
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined) return { why: `${path} is a link to ${target}, which does not exist` };
    if (path === dirname(path)) return { why: refusal.message };
  }
}
