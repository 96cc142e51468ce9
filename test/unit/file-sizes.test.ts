/** Limits the length of files, so that each can be read in one sitting. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';

const LONGEST = 350;
const MEDIAN = 100;

/** Code files that git has or would add, without generated and built ones. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|mts|mjs|js|py|sh)$/.test(file) && existsSync(join(ROOT, file)));
const lengths = files.map((file) => ({
  file,
  lines: readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n').length,
}));

it(`have at most ${LONGEST} lines`, () => {
  expect(files.length).toBeGreaterThan(400);
  expect(lengths.filter(({ lines }) => lines > LONGEST)).toEqual([]);
});

it(`have a median of at most ${MEDIAN} lines`, () => {
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);

  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MEDIAN);
});
