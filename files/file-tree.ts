/** The files below a path, symbolic links followed, none read twice. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { atPath } from '#adapters/system-refusal.ts';
import { WrongPathError } from './wrong-path.ts';

/** What lies below some paths. */
export interface FileTree {
  /** Each folder's in the order of their names. A link that leads nowhere is one of them: reading it says so. */
  readonly files: readonly string[];
  /** Device and inode of every folder that was listed, whatever names lead to it. */
  readonly folders: ReadonlySet<string>;
}

/** What tells a folder from all others, under each of its names. */
export const folderId = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

/**
 * Every file below the paths. A link to a file or a folder stands for it; a folder that links lead to in a circle is listed
 * once. Devices, pipes and sockets in a folder are passed over.
 *
 * @throws WrongPathError where a path does not exist, or is a device or a pipe
 * @throws SystemRefusalError where the system does not let a path that was named be listed
 */
export async function findTree(paths: readonly string[]): Promise<FileTree> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const folders = new Set<string>();
  /** A file counts once, under the name that leads to it first. */
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
      // A folder that cannot be listed is told of like a file that cannot be read.
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
