/** Which commit a clone is at, as `hilum --version` and the build say it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commitOf } from '#localstack/commit.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { runHilum } from '../fixtures/hilum.ts';

let clone: string;
const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd: clone,
    encoding: 'utf8',
  });

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'hilum-commit-'));
  git('init', '--quiet');
  writeFileSync(join(clone, 'file'), 'one');
  git('add', '.');
  git('commit', '--quiet', '--message', 'one');
});
afterEach(() => rmSync(clone, { recursive: true }));

it('is the full hash of a clean clone', () => {
  expect(commitOf(clone)).toEqual({ commit: git('rev-parse', 'HEAD').trim(), dirty: false });
});

it.each(['file', 'new-file'])('has changes where %s is not as the commit has it', (file) => {
  writeFileSync(join(clone, file), 'two');

  expect(commitOf(clone)).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/), dirty: true });
});

it('is unknown in a folder that lies in the repository of somebody else', () => {
  const inside = join(clone, 'hilum');
  mkdirSync(inside);

  expect(commitOf(inside)).toEqual({ dirty: false });
});

it('is unknown if git cannot tell', () => {
  const broken = join(clone, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, '.git'), 'gitdir: nowhere\n');

  expect(commitOf(broken)).toEqual({ dirty: false });
});

it('is not the one of the repository that a hook works for', () => {
  const before = process.env['GIT_DIR'];
  process.env['GIT_DIR'] = join(ROOT, 'nowhere');
  try {
    expect(commitOf(clone).commit).toMatch(/^[0-9a-f]{40}$/);
  } finally {
    if (before === undefined) delete process.env['GIT_DIR'];
    else process.env['GIT_DIR'] = before;
  }
});

it.each(['--version', '-V'])('follows the version of package.json in what `hilum %s` says', async (option) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  const { commit, dirty } = commitOf(ROOT);
  const known = commit === undefined ? 'unknown commit' : `${commit.slice(0, 7)}${dirty ? '-dirty' : ''}`;

  expect(await runHilum([option])).toEqual({ code: 0, stdout: `${version} (${known})\n`, stderr: '' });
});
