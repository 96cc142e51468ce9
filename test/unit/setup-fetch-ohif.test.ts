import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { hasOhif, ohifFolder } from '../../localstack/ohif.mjs';
import { fetchOhif } from '../../setup/fetch-ohif.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hilum-viewer-fetch-'));
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(folder, 'cache-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

/** Replaces npm by a script. */
function npmIs(script: string): void {
  const file = join(mkdtempSync(join(folder, 'npm-')), 'npm.js');
  writeFileSync(file, script);
  vi.stubEnv('npm_execpath', file);
}

it('says what to do if npm cannot fetch the viewer, and leaves nothing behind', async () => {
  npmIs('process.exit(1)');

  const fetching = fetchOhif(cache);

  await expect(fetching).rejects.toThrow(/could not be fetched .* check the network, or the registry/);
  expect(readdirSync(cache)).toEqual([]);
});

it('keeps nothing of a package with another digest', async () => {
  npmIs(`import('node:fs').then((fs) => fs.writeFileSync(process.argv.at(-1) + '/ohif-app.tgz', 'something else'))`);

  const fetching = fetchOhif(cache);

  await expect(fetching).rejects.toThrow(/not the known package: it has the digest sha512-/);
  expect(hasOhif(cache)).toBe(false);
  expect(readdirSync(cache)).toEqual([]);
});

it('does not call npm if the viewer was fetched already', async () => {
  const asked = join(cache, 'asked');
  npmIs(`import('node:fs').then((fs) => fs.writeFileSync(${JSON.stringify(asked)}, ''))`);
  const there = ohifFolder(cache);
  mkdirSync(there);
  writeFileSync(join(there, 'index.html'), '');

  const found = await fetchOhif(cache);

  expect([found, existsSync(asked)]).toEqual([there, false]);
});
