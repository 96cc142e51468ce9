/** Files that are there when a study is found, and are not when it is read. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IntegrityError, SystemRefusalError } from '#core/errors.ts';
import { readIndexed, readStudies } from '#files/dicom-files.ts';
import { findTree } from '#files/file-tree.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-files-'));
  writeFileSync(join(folder, 'a.dcm'), makeRadiographFile());
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The study of the folder, and its only instance. */
async function found() {
  const { studies } = await readStudies([folder]);
  const [study] = studies;
  const [instance] = study?.instances ?? [];
  if (study === undefined || instance === undefined) throw new Error('There is no study');
  return { study, instance };
}

describe('a file that was there', () => {
  it('and is gone is reported by its instance, because a path may name the patient', async () => {
    const { study, instance } = await found();
    rmSync(join(folder, 'a.dcm'));

    const error = await study.read(instance).catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(SystemRefusalError);
    expect(error).toMatchObject({
      code: 'ENOENT',
      message:
        'The file of instance 2.25.1003 can no longer be read. It is no longer there, or is a link that leads nowhere (ENOENT).',
    });
  });

  it('and has changed is refused', async () => {
    const { study, instance } = await found();
    writeFileSync(join(folder, 'a.dcm'), makeRadiographFile({ grey: 7 }));

    await expect(study.read(instance)).rejects.toThrow(IntegrityError);
  });
});

describe('a tree of files', () => {
  it('follows links to files and folders, each once', async () => {
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b', 'c.dcm'), '');
    symlinkSync('..', join(folder, 'b', 'up'));
    symlinkSync('a.dcm', join(folder, 'z.dcm'));
    symlinkSync('nowhere', join(folder, 'dead'));

    const { files } = await findTree([folder, join(folder, 'b')]);

    expect(files.map((file) => file.slice(folder.length + 1))).toEqual(['a.dcm', 'b/c.dcm', 'dead']);
  });

  it('refuses a link that leads nowhere like a file that is damaged', async () => {
    symlinkSync('nowhere', join(folder, 'dead'));

    expect(await readIndexed(join(folder, 'dead'))).toEqual({
      path: join(folder, 'dead'),
      code: 'unreadable',
      message: 'It is no longer there, or is a link that leads nowhere',
    });
  });
});
