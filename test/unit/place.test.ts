/** Where things are written: a clone keeps to itself, a package leaves its own folder alone. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-place-'));
  mkdirSync(join(folder, 'localstack'));
  cpSync(join(ROOT, 'localstack/place.mjs'), join(folder, 'localstack/place.mjs'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The folders of a `place.mjs` beside a given package.json, for a user with a home and perhaps a cache elsewhere. */
function placesOf(description: object, env: Readonly<Record<string, string>> = {}): Readonly<Record<string, unknown>> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(description));
  const code = `import(${JSON.stringify(join(folder, 'localstack/place.mjs'))}).then((place) => console.log(JSON.stringify(place)))`;
  const { stdout } = spawnSync(process.execPath, ['-e', code], {
    env: { HOME: '/home/user', ...env },
    encoding: 'utf8',
  });
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

const PACKAGE = { version: '1.2.3', build: { commit: 'c0ffee', dirty: false } };

it('is the clone in a clone', () => {
  expect(placesOf({ version: '1.2.3' })).toMatchObject({
    ROOT: `${folder}/`,
    VERSION: '1.2.3',
    IN_PACKAGE: false,
    DEFAULT_HOME: join(folder, '.hilum'),
    FETCHED_MODELS: join(folder, 'layers/models'),
    VIEWER_CACHE: join(folder, '.cache'),
  });
});

it('is the home of the user in a package', () => {
  expect(placesOf(PACKAGE)).toMatchObject({
    BUILD: PACKAGE.build,
    IN_PACKAGE: true,
    DEFAULT_HOME: '/home/user/.hilum',
    FETCHED_MODELS: '/home/user/.cache/hilum/models',
    VIEWER_CACHE: '/home/user/.cache/hilum',
  });
});

it('is the cache that the user chose', () => {
  expect(placesOf(PACKAGE, { XDG_CACHE_HOME: '/big' })).toMatchObject({
    DEFAULT_HOME: '/home/user/.hilum',
    FETCHED_MODELS: '/big/hilum/models',
    VIEWER_CACHE: '/big/hilum',
  });
});
