/** Patient and study of results come from an identity object as they do from the source itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import { sourceUid } from '#core/results/common.ts';
import { identityObjectOf, isSameIdentity } from '#core/results/identity-object.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { DicomReadError } from '#dicom/error.ts';
import { readDicom } from '#dicom/read.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { encodeElements, identity, part10, type RawElement, sorted } from '../fixtures/part10.ts';
import { ctCase } from '../fixtures/results.ts';

const objectOf = (file: Uint8Array): Uint8Array => identityObjectOf(readDicom(file).dataset);
const sourceOf = (file: Uint8Array) => sourceStudyOf([], readDicom(file));

/** Patient and study as results write them. */
function written(file: Uint8Array): Uint8Array {
  const { patientAndStudy, StudyInstanceUID } = sourceOf(file);
  const uids = { SOPClassUID: '1.2', SOPInstanceUID: '1.3', StudyInstanceUID: sourceUid(StudyInstanceUID) };
  return encodeDicom({
    ...uids,
    ...patientAndStudy,
    SeriesDescription: 'Zähne: report (research)',
    SeriesInstanceUID: '1.4',
  });
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const raw = (...elements: readonly RawElement[]): Uint8Array =>
  part10('1.2.840.10008.1.2.1', encodeElements(sorted([...identity(), ...elements])));
const NAMED = { tag: '00100010', vr: 'PN', value: latin1('M\xfcller^X') };
const ISSUED: RawElement = {
  tag: '00101002',
  vr: 'SQ',
  value: [[{ tag: '00100020', vr: 'LO', value: latin1('\xfc1') }]],
};

it.each<[string, Uint8Array]>([
  [
    'plain text',
    raw({ tag: '00100010', vr: 'PN', value: 'Phantom^A' }, { tag: '00080020', vr: 'DA', value: '20260102' }),
  ],
  ['nothing about the patient', raw()],
  ['Latin-1', raw({ tag: '00080005', vr: 'CS', value: 'ISO_IR 100' }, NAMED, ISSUED)],
  ['text that is not what it says', raw({ tag: '00080005', vr: 'CS', value: 'ISO_IR 192' }, NAMED, ISSUED)],
  ['text without a character set', raw(NAMED)],
  [
    'a number that is too long, and no date',
    raw({ tag: '00100020', vr: 'LO', value: 'x'.repeat(70) }, { tag: '00080020', vr: 'DA', value: '2026-1-2' }),
  ],
  ['a time zone', raw({ tag: '00080201', vr: 'SH', value: '+0200' })],
])('keeps %s to the character', (_, file) => {
  const object = objectOf(file);

  expect(sourceOf(object)).toEqual(sourceOf(file));
  expect(objectOf(object)).toEqual(object);
  expect(isSameIdentity(objectOf(written(file)), object)).toBe(true);
});

it('holds no more than what results copy', () => {
  const { dataset } = readDicom(objectOf(ctCase().files[0] ?? new Uint8Array()));

  expect(['Modality', 'SeriesDescription', 'PixelData', 'Rows'].filter((keyword) => dataset.has(keyword))).toEqual([]);
});

const study: Attributes = {
  ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.3' },
  ...{ StudyInstanceUID: '2.25.2', PatientName: 'Phantom^A', PatientID: 'A', StudyDate: '20260102' },
};
it.each<[string, Attributes, boolean]>([
  ['another instance of the study', { SOPInstanceUID: '2.25.9', SeriesInstanceUID: '2.25.8', Modality: 'CT' }, true],
  ['another name', { PatientName: 'Phantom^B' }, false],
  ['another ID', { PatientID: 'B' }, false],
  ['another Accession Number', { AccessionNumber: 'X' }, false],
  ['another study', { StudyInstanceUID: '2.25.4' }, false],
])('compares identities by content: %s', (_, change, isSame) => {
  expect(isSameIdentity(objectOf(encodeDicom(study)), objectOf(encodeDicom({ ...study, ...change })))).toBe(isSame);
});

it('serves conversion, which then reads no instance', async () => {
  const { files, result, source } = ctCase();
  const [first = new Uint8Array()] = files;
  const read = async (): Promise<Uint8Array> => first;
  const never = async (): Promise<Uint8Array> => Promise.reject(new Error('read'));
  const { instances } = source;

  const fromInstance = await convertResult({ result, instances, read });
  const fromIdentity = await convertResult({ result, instances, identity: objectOf(first), read: never });

  expect(fromIdentity).toEqual(fromInstance);
});

describeWith(['data'], 'the identity of real files', () => {
  it('gives what the files give', () => {
    const paths = readdirSync(dataFolder(), { recursive: true, encoding: 'utf8' }).filter((path) =>
      /(charset|deident|xray|sr-pdf|broken).*\.dcm$/.test(path),
    );
    let compared = 0;
    for (const path of paths) {
      const file = readFileSync(join(dataFolder(), path));
      try {
        expect(written(objectOf(file)), path).toEqual(written(file));
        expect(isSameIdentity(objectOf(written(file)), objectOf(file)), path).toBe(true);
        compared += 1;
      } catch (error) {
        if (!(error instanceof DicomReadError)) throw error;
      }
    }
    expect(compared).toBeGreaterThan(40);
  });
});
