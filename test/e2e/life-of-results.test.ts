/** The life of results on the Orthanc of this machine: each row of the table in docs/life-of-results.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { describeWith } from '../fixtures/lanes.ts';
import { playRows } from '../fixtures/life-rows/play.ts';
import { ROWS, tableOf } from '../fixtures/life-rows/table.ts';
import { type SmallOrthanc, startSmallOrthanc } from '../fixtures/small-orthanc.ts';

describeWith(['orthanc'], 'on the Orthanc of this machine', () => {
  let pacs: SmallOrthanc;
  let overwriting: SmallOrthanc;
  beforeAll(async () => {
    pacs = await startSmallOrthanc({ StableAge: 1 });
    overwriting = await startSmallOrthanc({ StableAge: 1, OverwriteInstances: true });
  });
  afterAll(async () => {
    await pacs?.close();
    await overwriting?.close();
  });

  playRows(ROWS, ({ overwrites }) => (overwrites ? overwriting : pacs).orthanc);
});

describe('the table in the documents', () => {
  it('is made of the rows that are played', () => {
    expect(readFileSync(join(ROOT, 'docs/life-of-results.md'), 'utf8')).toContain(`\n${tableOf(ROWS)}\n`);
  });
});
