/** The patient and study modules of a result's objects, and the inputs that they name. */
import { describe, expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import { MessageError, RefusedObjectError } from '#core/errors.ts';
import { nonResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { describeTool } from '#core/tool-manifest.ts';
import { readDicom } from '#dicom/read.ts';
import type { Attributes } from '#dicom/write.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

/** Files of one study that a modality wrote at different times, with a registration corrected in between. */
const FILES = new Map(
  [
    { SOPInstanceUID: '2.25.1012', patient: { PatientName: 'Phantom^Second', PatientID: 'PHANTOM-2' } },
    { SOPInstanceUID: '2.25.1011', patient: { PatientName: 'Phantom^First', PatientID: 'PHANTOM-1' } },
    { SOPInstanceUID: '2.25.1013', patient: { PatientName: 'Phantom^Third', PatientID: 'PHANTOM-3' } },
  ].map((radiograph) => [radiograph.SOPInstanceUID, makeRadiographFile(radiograph)] as const),
);
const instances = [...FILES.values()].map((file) => indexInstance(file));

const answerAbout = (inputs: readonly string[]) =>
  nonResult({
    ...{ description: describeTool(entry), version: '1.0.0+r1', inputDigest: 'a'.repeat(64), inputs },
    ...{ outcome: 'not-evaluable', reason: { code: 'too-small', message: 'The image is too small.' } },
  });

/** The one object of an answer about these inputs, and the files that were read for it. */
async function converted(inputs: readonly string[], known: readonly InstanceIndex[] = instances) {
  const reads: string[] = [];
  const read = async ({ SOPInstanceUID }: InstanceIndex) => {
    reads.push(SOPInstanceUID);
    return FILES.get(SOPInstanceUID) ?? new Uint8Array();
  };
  const [object] = await convertResult({ result: answerAbout(inputs), instances: known, read });
  return { object, dataset: readDicom(object?.bytes ?? new Uint8Array()).dataset, reads };
}

describe('the patient of a result', () => {
  it.each([
    { inputs: ['2.25.1011', '2.25.1012', '2.25.1013'], patient: ['PHANTOM-1', 'Phantom^First'] },
    { inputs: ['2.25.1013', '2.25.1012', '2.25.1011'], patient: ['PHANTOM-1', 'Phantom^First'] },
    { inputs: ['2.25.1012', '2.25.1011', '2.25.1013'], patient: ['PHANTOM-1', 'Phantom^First'] },
    { inputs: ['2.25.1013', '2.25.1012'], patient: ['PHANTOM-2', 'Phantom^Second'] },
    { inputs: ['2.25.1013'], patient: ['PHANTOM-3', 'Phantom^Third'] },
  ])('is that of the first of $inputs by UID, and of no other instance', async ({ inputs, patient }) => {
    const { dataset, reads } = await converted(inputs);

    expect([dataset.text('PatientID'), dataset.text('PatientName')]).toEqual(patient);
    expect(reads).toEqual([[...inputs].sort()[0]]);
  });

  it('does not depend on the order in which instances arrived', async () => {
    const inputs = ['2.25.1012', '2.25.1011'];

    const [one, other] = [await converted(inputs), await converted(inputs, instances.toReversed())];

    expect(other.object).toEqual(one.object);
  });
});

describe('a result that Hilum itself could not read back', () => {
  it('is refused by the gate, with the reader’s reason and the object', async () => {
    const answer = answerAbout(['2.25.1011']);
    const deep = (levels: number): Attributes => (levels === 0 ? {} : { ContentSequence: [deep(levels - 1)] });
    const result = {
      ...answer,
      toDicom: (...source: Parameters<typeof answer.toDicom>) =>
        answer.toDicom(...source).map((object) => ({ ...object, attributes: { ...object.attributes, ...deep(40) } })),
    };
    const read = async ({ SOPInstanceUID }: InstanceIndex) => FILES.get(SOPInstanceUID) ?? new Uint8Array();

    const refusal = convertResult({ result, instances, read });

    await expect(refusal).rejects.toBeInstanceOf(RefusedObjectError);
    await expect(refusal).rejects.toThrow(
      /own reader refuses the file \(unreadable\); Sequences are nested deeper than 32/,
    );
  });
});

describe('a result with inputs that the index lacks', () => {
  it.each([
    { what: 'an input that the index does not hold', inputs: ['2.25.1011', '2.25.9'] },
    { what: 'no input', inputs: [] },
  ])('is refused: it names $what', async ({ inputs }) => {
    await expect(converted(inputs)).rejects.toBeInstanceOf(MessageError);
  });
});
