/** Lists the files below a path. Symbolic links are followed, and no file is listed twice. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { atPath } from '#adapters/system-refusal.ts';
import { WrongPathError } from './wrong-path.ts';

/** The files and folders below some paths. */
export interface FileTree {
  /** The files, sorted by name in each folder. A link that leads nowhere is included, and refused when it is read. */
  readonly files: readonly string[];
  /** Device and inode of every listed folder, which are the same under all its names. */
  readonly folders: ReadonlySet<string>;
}

/** Identifies a folder, whatever its name. */
export const folderId = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

/**
 * Lists every file below the paths. A link stands for its target. Links that lead in a circle are followed once. Devices,
 * pipes and sockets in a folder are skipped.
 *
 * @throws WrongPathError if a path does not exist, or is a device or a pipe
 * @throws SystemRefusalError if the system refuses to list one of the paths
 */
export async function findTree(paths: readonly string[]): Promise<FileTree> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const folders = new Set<string>();
  /** Adds a file once, under the first name that leads to it. */
  const add = async (path: string): Promise<void> => {
    const real = await realpath(path).catch(() => path);
    if (!seen.has(real)) found.add(path);
    seen.add(real);
  };
  const list = async (folder: string): Promise<void> => {
    const id = folderId(await stat(folder));
    if (folders.has(id)) return;
    const entries = await readdir(folder, { withFileTypes: true });
    folders.add(id);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (kind === undefined || kind.isFile()) await add(path);
      // A folder that cannot be listed is reported like a file that cannot be read.
      else if (kind.isDirectory()) await list(path).catch(() => add(path));
    }
  };
  for (const path of paths) {
    const stats = await stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? '');
    if (typeof stats === 'string') await refuse(path, stats);
    else if (stats.isFile()) await add(path);
    else if (stats.isDirectory()) await atPath(path, () => list(path));
    else throw new WrongPathError(`${path} is neither a file nor a folder`);
  }
  return { files: [...found], folders };
}

async function refuse(path: string, code: string): Promise<void> {
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === '') {
    throw new WrongPathError(`There is no file or folder ${path || "''"}`);
  }
  if (code === 'ELOOP') throw new WrongPathError(`${path} leads nowhere: its symbolic links go in a circle`);
  if (code === 'ENAMETOOLONG') throw new WrongPathError(`${path} is longer than a path may be`);
  await atPath(path, () => stat(path));
}
