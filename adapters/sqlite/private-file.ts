/** Files that SQLite finds made when it opens them, so that nobody but their owner ever reads them. */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../writable-folder.ts';

/** Creates `file` and its folder, readable by the owner only. SQLite gives its -wal and -shm files the same mode. */
export function makePrivateFile(file: string): void {
  makeFolder(dirname(file), 0o700);
  // One that is there is not opened: with its closing this process would lose the locks that it has on it (POSIX, fcntl).
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}
