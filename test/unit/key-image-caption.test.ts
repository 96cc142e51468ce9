import { describe, expect, it } from 'vitest';
import { sourceLine } from '#core/results/caption.ts';
import type { DicomObject } from '#core/results/dicom-object.ts';
import { nonResult, parseResult, serialiseResult } from '#core/results/result.ts';
import type { SourceStudy } from '#core/results/source-study.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { Outcome, ProcessingResult } from '#core/tool.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { says } from '../fixtures/letters.ts';
import { ctCase } from '../fixtures/results.ts';

function captureOf(objects: readonly DicomObject[]) {
  const found = objects.find(({ kind }) => kind === 'secondary-capture');
  if (found === undefined) throw new Error('there is no picture');
  const { dataset } = readDicom(encodeDicom(found.attributes));
  return {
    dataset,
    uid: found.SOPInstanceUID,
    rows: dataset.number('Rows') ?? 0,
    columns: dataset.number('Columns') ?? 0,
    rgb: dataset.bytes('PixelData') ?? new Uint8Array(),
  };
}

const withPicture = (
  rows: number,
  columns: number,
  title = 'Heights',
  reason?: ProcessingResult['metadata']['reason'],
) => {
  const rgb = new Uint8Array(rows * columns * 3).fill(7);
  const sources = ctCase().result.metadata.inputs.slice(1, 3);
  const one = ctCase({ keyImages: [{ title, rows, columns, rgb, sources }] });
  const { result } = one;
  const changed = reason && { ...result, metadata: { ...result.metadata, outcome: 'no-finding' as const, reason } };
  return { ...one, result: changed ? parseResult(serialiseResult(changed)) : result };
};

/** Heights of lines of captions, cards and labels. */
const SIZES = Array.from({ length: 25 }, (_, index) => index + 12);

const BOLD = { bold: true };
const GREY = { ink: 200 };

describe('a key image as it is written', () => {
  it.each([40, 120, 600, 2000])('holds a picture of %d columns unchanged, below words and above words', (columns) => {
    const { result, source } = withPicture(10, columns);

    const capture = captureOf(result.toDicom(source));

    const { rgb } = capture;
    expect(capture.columns).toBe(Math.max(360, columns));
    const left = (capture.columns - columns) >> 1;
    const lines = Array.from({ length: capture.rows }, (_, row) =>
      rgb.subarray((row * capture.columns + left) * 3, (row * capture.columns + left + columns) * 3),
    );
    const first = lines.findIndex((line) => line.every((value) => value === 7));
    expect(first).toBeGreaterThan(20);
    expect(lines.slice(first, first + 10).every((line) => line.every((value) => value === 7))).toBe(true);
    expect(lines.slice(first + 10).some((line) => line.includes(210) || line.includes(255))).toBe(true);
  });

  it('says what it shows, and which study, series and images it belongs to', () => {
    const { result, source } = withPicture(60, 800);

    const capture = captureOf(result.toDicom(source));

    expect(says(capture, 'Heights', SIZES, BOLD)).toBe(true);
    expect(says(capture, '2026-01-05', SIZES, GREY)).toBe(true);
    expect(says(capture, 'images', SIZES, GREY)).toBe(true);
    expect(says(capture, '2–3', SIZES, GREY)).toBe(true);
  });

  it.each([130, 270, 600])('says in the pixels of a picture of %d columns that it is for research', (columns) => {
    const { result, source } = withPicture(10, columns);

    const capture = captureOf(result.toDicom(source));

    for (const word of ['RESEARCH', 'USE', 'ONLY', 'NOT', 'FOR', 'CLINICAL'])
      expect(says(capture, word, SIZES, BOLD), word).toBe(true);
    expect(says(capture, 'DIAGNOSIS', SIZES, BOLD)).toBe(false);
  });

  it('says the outcome above a picture of a run without findings', () => {
    const reason = { code: 'none', message: 'No place was marked.' };
    const { result, source } = withPicture(60, 800, 'The radiograph', reason);

    expect(says(captureOf(result.toDicom(source)), 'REPORTED', SIZES, BOLD)).toBe(true);
  });
});

describe('the images of a caption', () => {
  const instances = (numbers: readonly (number | undefined)[], more: Partial<InstanceIndex> = {}) =>
    numbers.map((InstanceNumber, index) => ({
      ...{ SeriesInstanceUID: '1.2', SOPInstanceUID: `1.2.${index}`, Modality: 'CT', SeriesNumber: 3 },
      ...{ InstanceNumber, ...more },
    })) as unknown as readonly InstanceIndex[];
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
  const of = (date: unknown) => ({ patientAndStudy: { StudyDate: date } }) as unknown as SourceStudy;

  it.each([
    [instances(upTo(20)), 20, 'Study of 2026-01-05 · CT series 3, images 1–20'],
    [instances([5]), 20, 'Study of 2026-01-05 · CT series 3, image 5 (of 20 evaluated)'],
    [instances([9, 2, 3, 4]), 20, 'Study of 2026-01-05 · CT series 3, images 2–4, 9 (of 20 evaluated)'],
    [instances([1, 3, 5, 7, 9]), 20, 'Study of 2026-01-05 · CT series 3, 5 images (of 20 evaluated)'],
    [instances([1, 1]), 2, 'Study of 2026-01-05 · CT series 3, 2 images'],
    [instances([undefined]), 1, 'Study of 2026-01-05 · CT series 3, 1 image'],
    [instances([4], { NumberOfFrames: 60 }), 1, 'Study of 2026-01-05 · CT series 3, image 4 with 60 frames'],
  ])('are numbered as in the study, or counted', (pictured, evaluated, line) => {
    expect(sourceLine(of('20260105'), pictured, instances(upTo(evaluated)))).toBe(line);
  });

  it('are counted where a list of their series would be long', () => {
    const many = instances(upTo(40)).map((one, index) => ({ ...one, SeriesInstanceUID: `1.2.${index % 5}` }));
    expect(sourceLine(of('20260105'), many, many)).toBe('Study of 2026-01-05 · 5 series, 40 images');
  });

  it('stand alone where the study has no date, or one that is none', () => {
    expect(sourceLine(of(''), instances([1]), instances([1]))).toBe('CT series 3, image 1');
    expect(sourceLine(of({ asFound: ['2026-99-99'] }), instances([1]), instances([1]))).toBe('CT series 3, image 1');
  });
});

describe('the card of a run without pictures', () => {
  const one = ctCase();
  const { tool: description, version, inputDigest, inputs } = one.result.metadata;
  const cardOf = (outcome: Exclude<Outcome, 'result'>, message = 'Slices are missing in the lumbar spine.') =>
    captureOf(
      nonResult({
        ...{ description, version, inputDigest, inputs, outcome },
        reason: { code: 'missing-slices', message },
      }).toDicom(one.source),
    );

  it.each(['no-finding', 'not-applicable', 'not-evaluable', 'failed'] as const)('says why, in words: %s', (outcome) => {
    const card = cardOf(outcome);

    for (const word of ['Slices', 'missing']) expect(says(card, word, SIZES), word).toBe(true);
    for (const word of ['Phantom', '2026-01-05']) expect(says(card, word, SIZES, GREY), word).toBe(true);
    expect(says(card, 'presence', SIZES)).toBe(outcome !== 'no-finding');
    expect(says(card, 'RESEARCH', SIZES, BOLD)).toBe(true);
    expect(card.rgb.length).toBeLessThanOrEqual(400_000);
    expect(card.dataset.items('SourceImageSequence')).toHaveLength(inputs.length);
  });

  it('stays as small with a reason as long as a page, which is shortened', () => {
    const card = cardOf('not-evaluable', 'Slices are missing in many places. '.repeat(60).trim());

    expect(card.rgb.length).toBeLessThanOrEqual(400_000);
    expect(says(card, 'presence', SIZES)).toBe(true);
    expect(says(card, 'RESEARCH', SIZES, BOLD)).toBe(true);
  });

  it('has another UID after a failure than the pictures of the answer that may follow', () => {
    const answer = captureOf(one.result.toDicom(one.source)).uid;

    expect(cardOf('not-evaluable').uid).toBe(answer);
    expect(cardOf('failed').uid).not.toBe(answer);
  });
});
