/** The tests of one area: each case, and its row in docs/field.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { partOf } from '../../scripts/conformance/document.ts';
import { skipWithout } from '../fixtures/lanes.ts';
import { AREAS } from './areas.ts';
import { committedRow, rowOf, tableOf } from './document.ts';
import { ask, faultsIn } from './run.ts';

const document = readFileSync(join(ROOT, 'docs/field.md'), 'utf8');

export function describeArea(area: string): void {
  const cases = AREAS[area] ?? [];
  const part = partOf(document, area);
  describe(area, () => {
    for (const one of cases) {
      it.skipIf(one.needs !== undefined && skipWithout(one.needs))(one.name, async () => {
        const said = await ask(one);

        expect(faultsIn(one, said)).toEqual([]);
        expect(committedRow(part, one), 'docs/field.md differs (npm run field)').toBe(rowOf(one, said));
      });
    }

    it('stands in docs/field.md case by case (else: npm run field)', () => {
      expect(part).toBe(tableOf(cases.map((one) => committedRow(part, one) ?? `no row for ${one.name}`)));
    });
  });
}
