import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { OHIF } from '../../localstack/ohif.mjs';
import { runHilum } from '../fixtures/hilum.ts';

const home = mkdtempSync(join(tmpdir(), 'hilum-cli-viewer-'));
afterAll(() => rmSync(home, { recursive: true }));

it('says how to start the PACS if none answers', async () => {
  const { code, stdout, stderr } = await runHilum(['viewer', '--json'], { HILUM_HOME: home });

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('hilum local up');
});

it('refuses an invalid port and an invalid study', async () => {
  const port = await runHilum(['viewer', '--port', 'http'], { HILUM_HOME: home });
  const study = await runHilum(['viewer', '--study', '../1.2.3'], { HILUM_HOME: home });

  expect([port.code, study.code]).toEqual([2, 2]);
  expect(port.stderr).toContain('--port takes a whole number');
  expect(study.stderr).toContain('--study takes a StudyInstanceUID');
});

it('pins OHIF to one version and to its bytes', () => {
  expect(OHIF.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(OHIF.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
});
