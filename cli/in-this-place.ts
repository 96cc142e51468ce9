/** The command line that runs `hilum` from the reader's folder. Messages name the command as it can be typed there. */
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** The place of this command's code, and its reader's folder. */
export interface Place {
  /** The folder that holds `tools/` and `layers/`: a clone, or a part of an installed package. */
  readonly root: string;
  /** The reader's current folder. */
  readonly folder: string;
  /** The file that Node was started with. */
  readonly entry: string;
}

/**
 * The command line that starts `hilum`. In a clone it is `bin/hilum`, by a relative path. In a project with the package
 * installed it is `npx hilum`; anywhere else, npx would ask a registry. Otherwise it is the program's full path.
 */
export function hilumIn({ root, folder, entry }: Place): string {
  const modules = folderAbove(root, 'node_modules');
  if (modules !== undefined) {
    const program = join(modules, '.bin', 'hilum');
    if (isInside(folder, dirname(modules))) return 'npx hilum';
    if (existsSync(program)) return quoted(program);
  }
  const program = join(root, 'bin', 'hilum');
  if (existsSync(program)) return quoted(isInside(folder, root) ? relative(folder, program) : program);
  return `node ${quoted(resolve(folder, entry))}`;
}

/** Replaces every `hilum …` between backquotes by what can be typed in this place. */
export function asTyped(line: string, command: string): string {
  return line.replace(/`hilum(?=[ `])/g, () => `\`${command}`);
}

/** The nearest folder of that name in a path, or undefined. */
function folderAbove(path: string, name: string): string | undefined {
  if (basename(path) === name) return path;
  return dirname(path) === path ? undefined : folderAbove(dirname(path), name);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

/** Quotes a word for a POSIX shell if necessary. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
