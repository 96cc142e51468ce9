/** `hilum inspect` on every file of the test data, compared with pydicom and with docs/conformance.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { agreement, dataPart } from '../../scripts/conformance/data-part.ts';
import { partOf } from '../../scripts/conformance/document.ts';
import { READ_REFUSALS } from '../../scripts/conformance/refusals.ts';
import { type JudgedFile, judgeTestData } from '../../scripts/conformance/test-data.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';

describeWith(['judges', 'data'], 'the test data', () => {
  const files: JudgedFile[] = [];
  beforeAll(async () => {
    files.push(...(await judgeTestData(dataFolder())));
  }, 240_000);
  const pathsOf = (outcome: JudgedFile['outcome']) =>
    files.filter((file) => file.outcome === outcome).map(({ path }) => path);

  it('are never read with samples other than pydicom’s', () => {
    expect(files.length).toBeGreaterThan(600);
    expect(pathsOf('differs')).toEqual([]);
  });

  it('agree in at least 99 % of the files that pydicom decodes', () => {
    expect(agreement(files)).toBeGreaterThanOrEqual(0.99);
  });

  it('are decoded to the same samples if only the preamble is missing', () => {
    const repaired = files.filter((file) => file.repaired !== undefined);

    expect(repaired.length).toBeGreaterThanOrEqual(3);
    expect(repaired.filter((file) => file.repaired !== 'identical' && file.repaired !== 'close')).toEqual([]);
  });

  it('are refused only with codes that the conformance statement explains', () => {
    const codes = new Set(files.flatMap(({ code }) => code ?? []));

    expect([...codes].filter((code) => !(code in READ_REFUSALS))).toEqual([]);
    const refused = files.filter(({ outcome, code }) => outcome === 'refused' && code !== undefined && code !== '');
    expect(pathsOf('refused').length).toBe(refused.length);
  });

  it('are counted correctly in the conformance statement (otherwise run npm run conformance)', () => {
    const document = readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8');

    expect(partOf(document, 'test-data')).toBe(dataPart(files));
  });
});
