/** Finds the commit of a clone. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Build } from './place.mjs';

/** The commit of a clone. It is absent without git, before the first commit, and if git does not trust the folder. */
export function commitOf(clone: string): Build {
  // Without a `.git` of its own, the folder may lie in an unrelated repository.
  if (!existsSync(join(clone, '.git'))) return { dirty: false };
  try {
    return { commit: git(clone, 'rev-parse', 'HEAD'), dirty: git(clone, 'status', '--porcelain') !== '' };
  } catch {
    return { dirty: false };
  }
}

/** Runs git without locks, so that it does not disturb a commit, and without the repository that a git hook's environment names. */
function git(clone: string, ...args: readonly string[]): string {
  const env = { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  return execFileSync('git', ['--no-optional-locks', ...args], {
    cwd: clone,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
