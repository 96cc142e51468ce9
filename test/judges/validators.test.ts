/** Runs the validators of dicom3tools and PixelMed on every object that Hilum writes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { itemsOf, textOf } from '#core/gate/attribute-values.ts';
import { codeItem } from '#core/results/common.ts';
import { Dcm } from '#dicom/codes.ts';
import { encodeDicom } from '#dicom/write.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { writeJudgedResults } from '../fixtures/judged-results.ts';
import { dciodvfy, dicomSrValidator, folderOf, JUDGE_LIMIT_MS, type Verdict } from '../fixtures/judges.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { ctCase, enhancedCtCase } from '../fixtures/results.ts';
import { TIMED, timedObjects } from '../fixtures/timed-results.ts';
import { DCIODVFY, DICOM_SR_VALIDATOR, unexplained, unneeded } from './accepted.ts';

const { files } = writeJudgedResults();
/** All measurement reports, and one non-result per source, so that each outcome is included. */
const answers = files.filter(({ kind }) => kind === 'non-result').filter((_, i) => i % 4 === Math.floor(i / 4) % 4);
const notes = files.filter(({ kind }) => kind === 'rejection-note');
const reports = [...files.filter(({ kind }) => kind === 'structured-report'), ...answers, ...notes].map(
  ({ path }) => path,
);

describeWith(['dicom3tools'], 'dciodvfy', () => {
  it('finds nothing unexplained in any object of any source', () => {
    const verdicts = files.map(({ path }) => dciodvfy(path));

    expect(files.length).toBeGreaterThan(45);
    expect(unexplained(verdicts, DCIODVFY)).toEqual([]);
    expect(unneeded(verdicts, DCIODVFY)).toEqual([]);
  });

  it('finds no error in the phantoms', () => {
    const small = { rows: 8, columns: 9, pixels: new Uint16Array(72), spacingMm: [0.1, 0.1] } as const;
    const radiographs = (['bitewing', 'periapical', 'panoramic', 'teeth'] as const).flatMap((kind) => [
      ...radiographPhantomToDicom({ kind, ...small }, { seed: 3 }),
      ...radiographPhantomToDicom({ kind, ...small }, { seed: 3, storage: 'CR' }),
    ]);
    const phantoms = [...ctCase().files, ...enhancedCtCase().files, ...radiographs].map((bytes, index) => ({
      name: `${index}.dcm`,
      bytes,
    }));
    const folder = folderOf(phantoms);

    expect(phantoms.flatMap(({ name }) => dciodvfy(join(folder, name)).errors)).toEqual([]);
  });

  it('finds no error in times of a zone, beside the source’s offset from UTC or without one', () => {
    // One without and one with an offset: what each states is in `times.test.ts`.
    const some = [TIMED.find(({ offset }) => !offset), TIMED.find(({ offset }) => offset)];
    const named = some.flatMap((one, index) =>
      (one ? timedObjects(one) : []).map(({ name, bytes }) => ({ name: `${index} ${name}`, bytes })),
    );
    const folder = folderOf(named);

    const verdicts = readdirSync(folder).map((name) => dciodvfy(join(folder, name)));

    expect(new Set(named.map(({ name }) => name[0])).size).toBe(2);
    expect(verdicts).toHaveLength(named.length);
    expect(verdicts.flatMap(({ errors }) => errors)).toEqual([]);
    expect(unexplained(verdicts, DCIODVFY)).toEqual([]);
  });

  it('finds errors: an object without its series', () => {
    const [object] = ctCase().result.toDicom(ctCase().source);
    const folder = folderOf([
      { name: 'broken.dcm', bytes: encodeDicom({ ...object?.attributes, SeriesInstanceUID: '', Rows: undefined }) },
    ]);

    expect(dciodvfy(join(folder, 'broken.dcm')).errors).not.toEqual([]);
  });
});

describeWith(['pixelmed'], 'DicomSRValidator', () => {
  const verdicts: Verdict[] = [];
  beforeAll(() => {
    verdicts.push(...dicomSrValidator([...reports, brokenReport()]));
  }, JUDGE_LIMIT_MS);

  it('finds nothing unexplained in any report of any source', () => {
    const ours = verdicts.slice(0, -1);

    expect(ours.map(({ path }) => path)).toEqual(reports);
    expect(unexplained(ours, DICOM_SR_VALIDATOR)).toEqual([]);
    expect(unneeded(ours, DICOM_SR_VALIDATOR)).toEqual([]);
  });

  it('finds errors: a procedure that is not in the context group', () => {
    expect(verdicts.at(-1)?.errors.join('\n')).toMatch(/"Procedure reported".* not found in context group 100/);
  });
});

/** A measurement report whose procedure is a code of SNOMED CT, which CID 100 does not have. */
function brokenReport(): string {
  const { result, source } = ctCase();
  const report = result.toDicom(source).find(({ kind }) => kind === 'structured-report');
  const items = itemsOf(report?.attributes['ContentSequence']).map((item) =>
    textOf(itemsOf(item['ConceptNameCodeSequence'])[0]?.['CodeValue']) === Dcm.procedureReported.value
      ? {
          ...item,
          ConceptCodeSequence: [codeItem({ value: '77477000', scheme: 'SCT', meaning: 'Computed tomography' })],
        }
      : item,
  );
  const bytes = encodeDicom({ ...report?.attributes, ContentSequence: items });
  return join(folderOf([{ name: 'broken.dcm', bytes }]), 'broken.dcm');
}
