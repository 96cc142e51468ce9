/** What people read when the operating system refuses something. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { systemRefusal } from '#adapters/system-refusal.ts';
import { makeFolder, proveWritable } from '#adapters/writable-folder.ts';
import { SystemRefusalError } from '#core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-refusal-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'file');
writeFileSync(file, 'no SQLite, but long enough to be looked at as a database: '.repeat(20));
symlinkSync('loop', join(folder, 'loop'));

/** The translation of what `action` throws, which never quotes the original text. */
function told(action: () => unknown, path?: string): string {
  try {
    action();
  } catch (error) {
    const refusal = systemRefusal(error, path);
    if (!(refusal instanceof SystemRefusalError)) throw error;
    expect(refusal.cause).toBe(error);
    return `${refusal.message} (${refusal.code})`;
  }
  throw new Error('Nothing was refused');
}

describe('a refusal of the system', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'a missing file',
      () => readFileSync(join(folder, 'none')),
      /none cannot be opened: it does not exist.*\(ENOENT\)/,
    ],
    [
      'a file as a folder',
      () => readdirSync(file),
      /file cannot be listed: a part of its path is not a folder.*ENOTDIR/,
    ],
    [
      'a folder as a file',
      () => readFileSync(folder),
      /cannot be read: it is a folder, where a file is needed.*EISDIR/,
    ],
    ['links in a circle', () => readFileSync(join(folder, 'loop')), /loop cannot be opened: its symbolic links.*ELOOP/],
    [
      'a name too long',
      () => writeFileSync(join(folder, 'x'.repeat(300)), ''),
      /longer than the file system allows.*TOOLONG/,
    ],
    [
      'a full disk',
      () => writeSync(openSync('/dev/full', 'w'), 'x'),
      /cannot be written: the disk is full.*\(ENOSPC\)/,
    ],
    [
      'a folder in a file',
      () => makeFolder(join(file, 'deeper')),
      /deeper cannot be made: a part of its path.*ENOTDIR/,
    ],
    [
      'a folder where a file is',
      () => makeFolder(file),
      /file cannot be made: a file of that name is in the way.*EEXIST/,
    ],
    ['a place that takes no folder', () => makeFolder('/proc/none/of/these'), /cannot be made: .*\(ENOENT\)/],
  ])('says path, reason and fix: %s', (_what, action, sentence) => {
    expect(told(action, undefined)).toMatch(sentence);
  });

  it('names the caller’s path if the system names none', () => {
    expect(told(() => writeSync(openSync('/dev/full', 'w'), 'x'), '/study/a.dcm')).toMatch(
      /^\/study\/a\.dcm cannot be written/,
    );
  });

  it('is made for ports too', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const port = await new Promise<number>((resolve) => {
      server.once('listening', () => resolve((server.address() as { port: number }).port));
    });
    const second = createServer().listen(port, '127.0.0.1');
    const error = await new Promise((resolve) => second.once('error', resolve));
    server.close();

    expect(systemRefusal(error)).toMatchObject({
      code: 'EADDRINUSE',
      message: `Port ${port} of 127.0.0.1 cannot be used: another program listens there. Stop it, or choose another port.`,
    });
  });

  it('is made for files that SQLite cannot use', () => {
    expect(told(() => new DatabaseSync(file).exec('CREATE TABLE a (b)'), file)).toMatch(
      /file cannot be used: .*SQLITE_NOTADB/,
    );
    expect(told(() => new DatabaseSync(folder).exec('SELECT 1'), folder)).toMatch(/cannot be used: .*SQLITE_CANTOPEN/);
  });

  it('is made for a database that another process writes', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'hilum-busy-'));
    const path = join(scratch, 'busy.sqlite');
    const writer = new DatabaseSync(path);
    writer.exec('CREATE TABLE a (b); BEGIN EXCLUSIVE');

    const sentence = told(() => new DatabaseSync(path).exec('CREATE TABLE c (d)'), path);
    writer.close();
    rmSync(scratch, { recursive: true });

    expect(sentence).toMatch(/busy\.sqlite cannot be used: another program .*\(SQLITE_BUSY\)/);
  });

  it('is made for a program that cannot be started', async () => {
    const missing = join(folder, 'no-program');
    const [error] = await once(spawn(missing, ['with arguments']), 'error');

    expect(systemRefusal(error)).toMatchObject({
      code: 'ENOENT',
      message: expect.stringMatching(/^The program .*no-program cannot be started: it does not exist/),
    });
  });

  it.each([
    new TypeError('of our own making'),
    Object.assign(new Error('m'), { code: 'ECONNRESET', syscall: 'read' }),
    Object.assign(new Error('m'), { code: 'ERR_SQLITE_ERROR', errcode: 1 }),
    'no error at all',
  ])('is not made of another error: %s', (error) => {
    expect(systemRefusal(error)).toBe(error);
  });
});

describe('the test that a folder can be written', () => {
  it('leaves nothing behind, neither file nor folder', () => {
    proveWritable(join(folder, 'a', 'b'));
    proveWritable(folder);

    expect(readdirSync(folder).sort()).toEqual(['file', 'loop']);
  });

  it('fails with the folder and the reason', () => {
    expect(() => proveWritable(join(file, 'deeper'))).toThrow(
      /deeper cannot be made: a part of its path is not a folder/,
    );
  });
});
