/**
 * The folder that `hilum run` writes to. It is tested before the work begins. Each study is then written completely or not at
 * all.
 */
import { lstat, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { atPath, atPathSync, systemRefusal } from '#adapters/system-refusal.ts';
import { makeFolder, proveWritable, removeEmpty } from '#adapters/writable-folder.ts';
import { SystemRefusalError } from '#core/errors.ts';
import { folderId } from '#files/file-tree.ts';
import { UsageError } from './command.ts';

/** As long as the longest file name that is written, since a UID has up to 64 characters. */
const LONGEST_NAME = `${'9'.repeat(64)}.dcm`;

/** The system's codes that mean a wrong name and not a refusal. */
const WRONG_NAMES = new Set(['EEXIST', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'EINVAL']);

/**
 * Refuses an output folder inside an input folder, also through links: a second run would read the results of the first.
 *
 * @param folders the input folders (`FileTree`)
 * @param study the name of a study's folder in `out`; empty for `out` itself
 * @throws UsageError if the folder lies in an input folder
 */
export async function checkOutside(out: string, folders: ReadonlySet<string>, study = ''): Promise<void> {
  const real = await asWrongName(out, study, () => realPathOf(resolve(out, study)));
  for (let above = real; ; above = dirname(above)) {
    const stats = await stat(above).catch(() => undefined);
    if (stats?.isDirectory() && folders.has(folderId(stats))) {
      const where = above === real ? 'is' : 'lies in';
      throw new UsageError(
        `--out ${join(out, study)} ${where} an input folder (${above}): a second run would read the results of the ` +
          'first. Name a folder outside it',
      );
    }
    if (above === dirname(above)) return;
  }
}

/**
 * Tests that the folder of every study can be made and written to, so that no work is lost. Removes what the test made.
 *
 * @throws UsageError if `out` cannot be a folder
 * @throws SystemRefusalError if the system refuses, e.g. because the disk is full
 */
export async function checkWritable(out: string, studies: readonly string[]): Promise<void> {
  for (const study of studies) {
    await asWrongName(out, study, async () => proveWritable(resolve(out, study), LONGEST_NAME));
  }
}

/**
 * Writes files into a folder, which is made if necessary. If one file fails, none is written, and older files of the same
 * names stay unchanged.
 *
 * @throws SystemRefusalError if the system refuses to write a file
 */
export async function writeTogether(folder: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const made = atPathSync(folder, () => makeFolder(folder));
  const paths = [...files].map(([name, content]) => ({ path: join(folder, name), content }));
  try {
    for (const { path, content } of paths) await atPath(path, () => writeFile(draftOf(path), content));
    for (const { path } of paths) await atPath(path, () => rename(draftOf(path), path));
  } catch (error) {
    // A draft that cannot be removed was never made. The first error is the one to report.
    for (const { path } of paths) await rm(draftOf(path), { force: true }).catch(() => undefined);
    if (made !== undefined) removeEmpty(folder, made);
    throw error;
  }
}

const draftOf = (path: string): string => `${path}.${process.pid}.part`;

/** A path with all links followed. If it does not exist, the path where it would be made. */
async function realPathOf(path: string): Promise<string> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stats !== undefined) return realpath(path);
  const parent = dirname(path);
  return parent === path ? path : join(await realPathOf(parent), basename(path));
}

/** Runs `action` on `--out`. A name that cannot be a folder is wrong usage. */
async function asWrongName<T>(out: string, study: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const refusal = systemRefusal(error);
    if (!(refusal instanceof SystemRefusalError)) throw refusal;
    if (!WRONG_NAMES.has(refusal.code)) throw refusal;
    const { is, why } = await whyNot(resolve(out, study), refusal);
    throw new UsageError(`--out ${out} ${is ?? 'is not a folder, and none can be made there'}: ${why}`);
  }
}

/** What is in the way of the folder: a file, or a link that leads nowhere. */
async function whyNot(
  folder: string,
  refusal: SystemRefusalError,
): Promise<{ readonly is?: string; readonly why: string }> {
  if (refusal.code === 'ENAMETOOLONG')
    return { why: 'the path, or a name in it, is longer than the file system allows' };
  if (refusal.code === 'ELOOP') return { why: 'its symbolic links lead in a circle' };
  for (let path = folder; ; path = dirname(path)) {
    const stats = await stat(path).catch(() => undefined);
    // Only the system adds folders to /proc and its like.
    if (stats?.isDirectory())
      return { is: 'cannot be written', why: `no folder can be made in ${path}. Name another one` };
    if (stats !== undefined) return { why: `${path} is ${stats.isFile() ? 'a file' : 'a device, a pipe or a socket'}` };
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined) return { why: `${path} is a link to ${target}, which does not exist` };
    if (path === dirname(path)) return { why: refusal.message };
  }
}
