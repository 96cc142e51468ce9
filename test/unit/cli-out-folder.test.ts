/** The folder of results: outside the input, tested first, and written completely or not at all. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '#cli/command.ts';
import { checkOutside, checkWritable, writeTogether } from '#cli/out-folder.ts';
import { SystemRefusalError } from '#core/errors.ts';
import { findTree } from '#files/file-tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-out-'));
  mkdirSync(join(folder, 'in', 'deeper'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a folder for results', () => {
  it('is refused inside an input folder, also through links', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync('../elsewhere', join(folder, 'in', 'linked'));
    symlinkSync('in/deeper', join(folder, 'shortcut'));
    const { folders } = await findTree([join(folder, 'in')]);

    for (const inside of ['in', 'in/new', 'in/linked/new', 'elsewhere/new', 'shortcut', 'shortcut/new/deep'])
      await expect(checkOutside(join(folder, inside), folders)).rejects.toThrow(UsageError);
    for (const outside of ['.', 'in-results', 'new/in']) await checkOutside(join(folder, outside), folders);
  });

  it('is refused if a study would be written into an input folder', async () => {
    const { folders } = await findTree([join(folder, 'in')]);

    await expect(checkOutside(folder, folders, 'in')).rejects.toThrow(/in is an input folder/);
  });

  it('is tested for every study, and left unchanged', () => {
    writeFileSync(join(folder, '1.2.2'), 'in the way');

    return expect(
      checkWritable(folder, ['1.2.1']).then(() => checkWritable(folder, ['1.2.1', '1.2.2'])),
    ).rejects.toThrow(/1\.2\.2 is a file|is not a folder/);
  });
});

describe('files of a study', () => {
  it('are written together', async () => {
    await writeTogether(
      join(folder, 'a', 'b'),
      new Map<string, string | Uint8Array>([
        ['x', 'one'],
        ['y', new Uint8Array([50])],
      ]),
    );

    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['x', 'y']);
    expect(readFileSync(join(folder, 'a', 'b', 'y'), 'utf8')).toBe('2');
  });

  it('are all left out if one cannot be written, and older files stay', async () => {
    writeFileSync(join(folder, 'x'), 'before');
    const files = new Map([
      ['x', 'after'],
      [`y${'z'.repeat(300)}`, 'too long a name'],
    ]);

    await expect(writeTogether(folder, files)).rejects.toThrow(SystemRefusalError);
    await expect(writeTogether(join(folder, 'new'), files)).rejects.toThrow(/longer than the file system allows/);

    expect(readdirSync(folder).sort()).toEqual(['in', 'x']);
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('before');
  });
});
