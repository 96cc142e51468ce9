/** What the table in docs/field.md must hold: enough of both kinds, each with a source and a reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { partNames } from '../../scripts/conformance/document.ts';
import { AREAS } from './areas.ts';

const cases = Object.values(AREAS).flat();

it('has at least 60 studies that must be refused and 40 odd ones that must be evaluated', () => {
  const refused = cases.filter(({ expected }) => 'refused' in expected && !('faults' in expected));
  const evaluated = cases.filter(({ expected }) => !('refused' in expected));

  expect(refused.length).toBeGreaterThanOrEqual(60);
  expect(evaluated.length).toBeGreaterThanOrEqual(40);
});

it('says of every refusal what its reason says, and not just anything', () => {
  for (const { name, expected } of cases) {
    if (!('refused' in expected)) continue;
    expect(expected.refused, name).not.toEqual([]);
    expect(expected.because.test(''), name).toBe(false);
    expect(expected.because.test('.'), name).toBe(false);
  }
});

it('has a part of docs/field.md for every area', () => {
  const page = readFileSync(join(ROOT, 'docs/field.md'), 'utf8');

  expect(partNames(page)).toEqual(Object.keys(AREAS));
});

it('takes each name once in an area', () => {
  for (const [area, members] of Object.entries(AREAS)) {
    expect(new Set(members.map(({ name }) => name)).size, area).toBe(members.length);
  }
});
