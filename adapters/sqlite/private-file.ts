/** Creates database files before SQLite opens them, so that only their owner can ever read them. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Creates `file` and its folder, readable by the owner only. SQLite gives its -wal and -shm files the same mode. */
export function makePrivateFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // An existing file is not opened: closing it would release all locks that this process holds on it (POSIX, fcntl).
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}
