/**
 * Copies of the working tree for mutations. The tree itself is never changed, however the run ends. Threads and
 * processes that a test starts read the mutation too, which they would not if only vitest served it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Installed once, and only read by tests. */
const LINKED = ['node_modules', '.venv', '.cache'];

/** Copies the files that git knows, including uncommitted changes and new files. */
export function copyTree(root: string, folder: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const path of listed.toString().split('\0').filter(Boolean)) {
    if (LINKED.includes(path) || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  for (const path of LINKED) if (existsSync(join(root, path))) symlinkSync(join(root, path), join(folder, path));
}

/** Runs `work` while a file of the copy has another text. */
export async function withText<T>(
  folder: string,
  file: string,
  { text, original }: { readonly text: string; readonly original: string },
  work: () => Promise<T>,
): Promise<T> {
  writeFileSync(join(folder, file), text);
  try {
    return await work();
  } finally {
    writeFileSync(join(folder, file), original);
  }
}
