/** What a person types to run `hilum` in the place where it was started: sentences name the command by what works there. */
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** Where this command's code lies, and where its reader is. */
export interface Place {
  /** The folder that holds `tools/` and `layers/`: a clone, or a part of an installed package. */
  readonly root: string;
  /** The reader's current folder. */
  readonly folder: string;
  /** The file that Node was started with. */
  readonly entry: string;
}

/**
 * The command line that starts `hilum` in a place: `bin/hilum` of a clone, relative to the current folder where that is
 * inside; `npx hilum` in a project that has the package installed, since npx asks a registry anywhere else; else the full path.
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

/** A line for people in which every `hilum …` between backquotes is what can be typed in this place. */
export function asTyped(line: string, command: string): string {
  return line.replace(/`hilum(?=[ `])/g, () => `\`${command}`);
}

/** The nearest folder of that name in a path; undefined where there is none. */
function folderAbove(path: string, name: string): string | undefined {
  if (basename(path) === name) return path;
  return dirname(path) === path ? undefined : folderAbove(dirname(path), name);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

/** A word for a POSIX shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
