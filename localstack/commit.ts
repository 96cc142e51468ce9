/** Which commit a clone is at. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Build } from './place.mjs';

/** The commit of a clone, by git; none where there is no git, no commit yet, or a clone that git does not trust. */
export function commitOf(clone: string): Build {
  // Without a `.git` of its own the folder may lie in a repository of somebody else's.
  if (!existsSync(join(clone, '.git'))) return { dirty: false };
  try {
    return { commit: git(clone, 'rev-parse', 'HEAD'), dirty: git(clone, 'status', '--porcelain') !== '' };
  } catch {
    return { dirty: false };
  }
}

/** Without locks, so that a commit meanwhile is not disturbed, and without the repository that a git hook's environment names. */
function git(clone: string, ...args: readonly string[]): string {
  const env = { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  return execFileSync('git', ['--no-optional-locks', ...args], {
    cwd: clone,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
