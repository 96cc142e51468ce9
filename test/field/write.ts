/**
 * Writes the tables of docs/field.md (`npm run field`, or `npm run field -- AREA…` for some). Rows that need real data keep what
 * they say where there is none. Fails where an answer is not as expected.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS, ROOT } from '../../localstack/parts.mjs';
import { partOf, withParts } from '../../scripts/conformance/document.ts';
import { AREAS } from './areas.ts';
import { committedRow, rowOf, tableOf } from './document.ts';
import { ask, faultsIn } from './run.ts';

const PAGE = join(ROOT, 'docs/field.md');
const asked = process.argv.slice(2);
const unknown = asked.filter((area) => AREAS[area] === undefined);
if (unknown.length > 0)
  throw new Error(`There is no area ${unknown.join(', ')}; there are ${Object.keys(AREAS).join(', ')}`);

for (const [area, cases] of Object.entries(AREAS)) {
  if (asked.length > 0 && !asked.includes(area)) continue;
  const page = readFileSync(PAGE, 'utf8');
  const rows: string[] = [];
  for (const one of cases) {
    if (one.needs !== undefined && !PARTS[one.needs].present()) {
      rows.push(committedRow(partOf(page, area), one) ?? '');
      continue;
    }
    const start = process.cpuUsage();
    const said = await ask(one);
    const faults = faultsIn(one, said);
    const { user } = process.cpuUsage(start);
    console.error(
      `${area}: ${one.name} (${Math.round(user / 1000)} ms of CPU)${faults.map((fault) => `\n  ${fault}`).join('')}`,
    );
    if (faults.length > 0) process.exitCode = 1;
    rows.push(rowOf(one, said));
  }
  writeFileSync(PAGE, withParts(readFileSync(PAGE, 'utf8'), { [area]: tableOf(rows) }));
}
