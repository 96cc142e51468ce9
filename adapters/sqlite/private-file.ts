/** Makes SQLite's files before SQLite opens them, so that only their owner can ever read them. */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../writable-folder.ts';

/** Creates `file` and its folder, readable by the owner only. SQLite gives its -wal and -shm files the same mode. */
export function makePrivateFile(file: string): void {
  makeFolder(dirname(file), 0o700);
  // A file that exists is not opened, because closing it would release this process's locks on it (POSIX, fcntl).
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}
