/** Files that can be read in a sitting. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';

const LONGEST = 350;
const MEDIAN = 100;

/** What git has or would take: code alone, nothing that is generated or built. */
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

it(`are of ${LONGEST} lines at the most`, () => {
  expect(files.length).toBeGreaterThan(400);
  expect(lengths.filter(({ lines }) => lines > LONGEST)).toEqual([]);
});

it(`are of ${MEDIAN} lines or fewer, half of them`, () => {
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);

  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MEDIAN);
});
