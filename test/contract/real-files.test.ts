/** The command on real files: pixels must equal pydicom's, and files that no PACS could hold must be refused with a code. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runHilum } from '../fixtures/hilum.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { realFiles } from '../fixtures/real-data.ts';

const hilum = (...args: readonly string[]) => runHilum(args);

describeWith(['data'], 'the hilum command on real files', () => {
  const out = mkdtempSync(join(tmpdir(), 'hilum-real-'));
  afterAll(() => rmSync(out, { recursive: true }));

  it('inspects a CT and finds the pixels that pydicom finds', async () => {
    const expected = realFiles().filter(
      ({ path, pixelSha256 }) => path.startsWith('ct-abdomen-20/') && pixelSha256 !== '',
    );

    const { code, stdout } = await hilum('inspect', join(dataFolder(), 'ct-abdomen-20'), '--json');

    const found = (JSON.parse(stdout) as readonly { path: string; ok: boolean; pixelSha256?: string }[]).filter(
      ({ ok }) => ok,
    );
    const hashes = (files: readonly { path: string; pixelSha256?: string }[]) =>
      files.map(({ path, pixelSha256 }) => `${basename(path)} ${pixelSha256}`).sort();
    expect(code).toBe(0);
    expect(expected).toHaveLength(20);
    expect(hashes(found)).toEqual(hashes(expected));
  });

  it.each([['broken/TotalSegmentator__ct-empty-uids.dcm', 'missing-uid']])(
    'refuses %s with the code %s',
    async (path, code) => {
      const file = join(dataFolder(), path);

      const inspected = await hilum('inspect', file, '--json');
      const run = await hilum('run', file, '--tool', 'vertebral-fracture', '--out', out, '--json');

      expect(JSON.parse(inspected.stdout)).toMatchObject([{ ok: false, code }]);
      expect(run.code).toBe(1);
      expect(JSON.parse(run.stdout)).toMatchObject([{ outcome: 'failed', reason: { code } }]);
    },
  );
});
