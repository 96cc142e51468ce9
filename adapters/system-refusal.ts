/** Explains to people what the operating system refuses: Node's system errors and SQLite's, each with its reason and fix. */
import { SystemRefusalError } from '#core/errors.ts';

/** The reason and the fix, by the system's code (errno(3)). Each follows "… cannot be written: ". */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Make room on it, or name a folder on another one.',
  EDQUOT: "this user's quota is used up. Make room, or name a folder on another disk.",
  EACCES: 'this user has no permission. Grant it, or name another path.',
  EPERM: 'the system does not permit it to this user. Name another path, or run as the user who owns it.',
  EROFS: 'its file system is read-only. Name a folder on another one.',
  ENOENT: 'it does not exist, or a folder or a link on the way to it leads nowhere. Check the path.',
  ENOTDIR: 'a part of its path is not a folder. Check the path.',
  EEXIST: 'a file of that name is in the way. Name another path, or remove it.',
  EISDIR: 'it is a folder, where a file is needed. Check the path.',
  ENOTEMPTY: 'the folder is not empty. Name another one.',
  ELOOP: 'its symbolic links lead in a circle. Check the links.',
  ENAMETOOLONG: 'the path, or a name in it, is longer than the file system allows. Name a shorter one.',
  EMFILE: 'this process may not open any more files. Raise the limit (ulimit -n).',
  ENFILE: 'the system cannot open any more files. Close other programs, or raise the limit (fs.file-max).',
  EFBIG: 'the file would be larger than the file system or the limit of this process (ulimit -f) allows.',
  EIO: 'the disk reports an error when reading or writing. Check the disk.',
  ESTALE: 'the network drive no longer knows it. Mount the drive again.',
  EBUSY: 'another program is using it. Try again when that program has ended.',
  ETXTBSY: 'another program is using it. Try again when that program has ended.',
  EXDEV: 'it lies on another file system. Name a path on the same one.',
  ENOMEM: 'the system has no memory left. Close other programs.',
  EAGAIN: 'the system has reached a limit of processes or memory. Close other programs, and try again.',
};

/** The same for ports. Each follows "Port 8043 of 127.0.0.1 cannot be used: ". */
const PORT_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. Stop it, or choose another port.',
  EACCES: 'this user may not listen there. Choose a port above 1023.',
  EADDRNOTAVAIL: 'this machine does not have that address.',
};

/** The verb for each system call, as in "cannot be opened". */
const DONE: Readonly<Record<string, string>> = {
  ...{ open: 'opened', read: 'read', pread: 'read', scandir: 'listed', opendir: 'listed', readlink: 'read' },
  ...{ stat: 'looked at', lstat: 'looked at', fstat: 'looked at', statfs: 'looked at', access: 'looked at' },
  ...{ write: 'written', pwrite: 'written', fsync: 'written', close: 'written', ftruncate: 'written' },
  ...{ mkdir: 'made', mkdtemp: 'made', copyfile: 'copied', rename: 'put in its place', symlink: 'made', link: 'made' },
  ...{ rm: 'removed', rmdir: 'removed', unlink: 'removed', realpath: 'followed', utime: 'changed' },
  ...{ chmod: 'given its permissions', fchmod: 'given its permissions', chown: 'given its owner' },
};

/** SQLite's result codes for errors that the system causes (sqlite.org/rescode.html). */
const SQLITE: Readonly<Record<number, readonly [code: string, why: string]>> = {
  5: ['SQLITE_BUSY', REASONS['EBUSY'] ?? ''],
  8: ['SQLITE_READONLY', 'this user may only read it. Grant the permission to write, or name another folder.'],
  10: ['SQLITE_IOERR', 'reading or writing fails. Check the disk, and whether it is full.'],
  11: ['SQLITE_CORRUPT', 'its contents are damaged. Restore the file, or remove it.'],
  13: ['SQLITE_FULL', REASONS['ENOSPC'] ?? ''],
  14: ['SQLITE_CANTOPEN', 'this user cannot open the file, or the files that SQLite makes beside it.'],
  26: ['SQLITE_NOTADB', 'it is not an SQLite database. Remove the file, or name another folder.'],
};

/** Whether SQLite raised the error. */
export const isOfDatabase = (error: unknown): boolean => error instanceof Error && 'errcode' in error;

/**
 * Translates Node's errors about files, folders, ports and programs, and SQLite's errors about its file, to a
 * SystemRefusalError. Any other error is returned unchanged.
 *
 * @param path the file, if the error does not name it: a write to an open file names no path
 * @param done the verb (`written`), if the system call does not tell
 */
export function systemRefusal(error: unknown, path?: string, done?: string): unknown {
  if (!(error instanceof Error)) return error;
  if ('errcode' in error && typeof error.errcode === 'number') {
    const [code, why] = SQLITE[error.errcode & 0xff] ?? [];
    if (code === undefined) return error;
    return refusal(error, code, `${path ?? 'The database'} cannot be used: ${why}`);
  }
  const { code, syscall, path: own, dest, port, address }: Partial<NodeJS.ErrnoException & Place> = error;
  if (code === undefined || syscall === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  if (syscall === 'listen' || syscall === 'bind') {
    const where = `Port ${port} of ${address ?? 'this machine'}`;
    return refusal(error, code, `${where} cannot be used: ${PORT_REASONS[code] ?? answers(code)}`);
  }
  const why = REASONS[code] ?? answers(code);
  if (syscall.startsWith('spawn'))
    return refusal(error, code, `The program ${own ?? syscall} cannot be started: ${why}`);
  // Sockets are read and written too, but their errors are not about files.
  if (!(syscall in DONE) || (own === undefined && !(code in REASONS))) return error;
  return refusal(error, code, `${path ?? dest ?? own ?? 'A file'} cannot be ${done ?? DONE[syscall]}: ${why}`);
}

/** Fields of Node's errors that its types do not declare. */
interface Place {
  readonly dest: string;
  readonly port: number;
  readonly address: string;
}

const refusal = (cause: Error, code: string, message: string): SystemRefusalError =>
  new SystemRefusalError(code, message, { cause });

const answers = (code: string): string => `the system answers ${code}.`;

/** The error about a database whose contents are damaged although SQLite can open it. */
export const damaged = (path: string): SystemRefusalError =>
  new SystemRefusalError('SQLITE_CORRUPT', `${path} cannot be used: ${SQLITE[11]?.[1]}`);

/** Runs `action`. If the system refuses it, the error names `path`. */
export async function atPath<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw systemRefusal(error, path);
  }
}

/** The same for a synchronous action. */
export function atPathSync<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw systemRefusal(error, path);
  }
}
