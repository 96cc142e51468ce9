import { describe, expect, it } from 'vitest';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { Rgb } from '#core/image/text.ts';
import type { Volume } from '#core/image/volume.ts';
import { ctWindow, quantileWindow, shadeOf } from '#core/image/window.ts';
import { rgbOf } from '#core/results/colors.ts';
import { defaultPicture } from '#core/results/default-picture.ts';
import { createResult } from '#core/results/result.ts';
import { SEVERITIES } from '#core/results/severity.ts';
import type { Finding, KeyImage, ResultContent, Segment } from '#core/tool.ts';
import { Sct } from '#dicom/codes.ts';
import { says } from '../fixtures/letters.ts';
import { disc } from '../fixtures/result-content.ts';
import { makeTool } from '../fixtures/tiny-radiograph.ts';

const SIZE = { rows: 160, columns: 160 };

/** Axial slices of soft tissue, head up and the patient's right on the left. */
function volume(changes: Partial<Volume> = {}): Volume {
  return {
    ...{
      kind: 'volume',
      StudyInstanceUID: '1.1',
      SeriesInstanceUID: '1.2',
      FrameOfReferenceUID: '1.3',
      Modality: 'CT',
    },
    ...{ ...SIZE, slices: 5, voxels: new Int16Array(160 * 160 * 5).fill(40), origin: [0, 0, 0] },
    ...{ columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], sliceDirection: [0, 0, 1], spacingMm: [1, 1, 3] },
    frames: [1, 2, 3, 4, 5].map((n) => ({ SOPInstanceUID: `1.2.${n}` })),
    ...changes,
  };
}
const frame = (n: number) => ({ SOPInstanceUID: `1.2.${n}` });
const finding = (id: string, changes: Partial<Finding> = {}): Finding => ({
  ...{ id, summary: `A longer sentence about ${id} that is too long for a label.`, finding: Sct.vertebra },
  ...{ measurements: [], evaluations: [], ...changes },
});
const segment = (number: number, frames: Segment['frames']): Segment => ({
  ...{ number, label: `Segment ${number}`, category: Sct.anatomicalStructure, type: Sct.vertebra, frames },
});
const contentOf = (findings: readonly Finding[], segments: readonly Segment[] = []): ResultContent => ({
  ...{ outcome: 'result', summary: 'Something was found.', findings, segments, keyImages: [] },
});

function pictureOf(content: ResultContent, images: readonly (Volume | Radiograph)[] = [volume()]): KeyImage {
  const picture = defaultPicture(content, images);
  if (picture === undefined) throw new Error('there is no picture');
  return picture;
}
const colorAt = ({ rgb, columns }: KeyImage, column: number, row: number): readonly number[] => [
  ...rgb.subarray((row * columns + column) * 3, (row * columns + column) * 3 + 3),
];
/** The box of the pixels of a colour, left of the labels and above the legend. */
function boxOf({ rgb, columns, rows }: KeyImage, color: Rgb, before = 640) {
  const [xs, ys]: [number[], number[]] = [[], []];
  for (let row = 0; row < Math.min(rows, 640); row += 1)
    for (let column = 0; column < Math.min(columns, before); column += 1) {
      const at = (row * columns + column) * 3;
      if (color.every((value, channel) => rgb[at + channel] === value)) [xs[xs.length], ys[ys.length]] = [column, row];
    }
  return {
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
    count: xs.length,
  };
}
const SIZES = [15, 16, 17, 18, 19, 20];
const severe = { severity: 'severe', label: 'L2 crush, 61 %' } as const;

describe('the picture of a result whose tool brings none', () => {
  it('outlines the mask in the colour of its severity, where it is, with its label beside the picture', () => {
    const content = contentOf(
      [finding('a', { ...severe, segmentNumber: 1 })],
      [segment(1, [disc(frame(3), [50, 90], 10, SIZE)])],
    );

    const picture = pictureOf(content);

    // Four pixels a voxel. The line to the label leaves the disc on the right.
    const { rgb } = SEVERITIES.severe;
    expect(picture.sources).toEqual(['1.2.3']);
    expect(boxOf(picture, rgb, 404)).toMatchObject({ left: 320, right: 403, top: 160, bottom: 243 });
    expect(colorAt(picture, 362, 200)).toEqual([128, 128, 128]);
    expect(boxOf(picture, rgb, 404).count).toBeLessThan(1000);
    expect(picture.columns).toBeGreaterThan(740);
    // On a ground of its colour.
    expect(boxOf(picture, rgb, picture.columns).right).toBeGreaterThan(740);
    expect(says(picture, 'severe', SIZES, { ink: 200 })).toBe(true);
  });

  it.each([
    [
      'its region',
      finding('a', { ...severe, segmentNumber: 1, regions: [{ ...frame(2), graphicType: 'POINT', points: [[9, 9]] }] }),
      '1.2.2',
    ],
    ['the frame with most of its mask', finding('a', { ...severe, segmentNumber: 1 }), '1.2.4'],
    ['its position', finding('a', { ...severe, position: [10, 10, 12.4] }), '1.2.5'],
    ['no place, and shows the next one that has one', finding('a', severe), '1.2.2'],
  ])('shows the frame of the worst finding: %s', (_what, worst, uid) => {
    const other = finding('b', {
      severity: 'mild',
      regions: [{ ...frame(2), graphicType: 'POINT', points: [[5, 5]] }],
    });
    const masks = [segment(1, [disc(frame(1), [50, 50], 3, SIZE), disc(frame(4), [50, 50], 9, SIZE)])];

    expect(pictureOf(contentOf([worst, other], masks)).sources).toEqual([uid]);
  });

  it('shows the middle where nothing has a place, and says what was found', () => {
    const picture = pictureOf(contentOf([finding('a', { label: 'Dark' })]));

    expect(picture.sources).toEqual(['1.2.3']);
    expect(picture.title).toBe('Something was found.');
    for (const word of ['whole:', 'Dark.']) expect(says(picture, word, SIZES, { ink: 200 }), word).toBe(true);
  });

  it('says what is found on other images', () => {
    const elsewhere = finding('b', {
      label: 'L4 normal',
      severity: 'normal',
      regions: [{ ...frame(1), graphicType: 'POINT', points: [[5, 5]] }],
    });
    const here = finding('a', { ...severe, position: [80, 80, 6] });

    const picture = pictureOf(contentOf([here, elsewhere]));

    expect(says(picture, 'Also', SIZES, { ink: 200 })).toBe(true);
    expect(says(pictureOf(contentOf([here])), 'Also', SIZES, { ink: 200 })).toBe(false);
  });

  it('draws circles and ellipses as they are, and dots around what was not judged', () => {
    const circle = {
      ...frame(1),
      graphicType: 'CIRCLE',
      points: [
        [40, 40],
        [50, 40],
      ],
    } as const;
    const ellipse = {
      ...frame(1),
      graphicType: 'ELLIPSE',
      points: [
        [80, 100],
        [120, 100],
        [100, 90],
        [100, 110],
      ],
    } as const;
    const content = contentOf([
      finding('a', { ...severe, regions: [circle] }),
      finding('b', { severity: 'not-judged', label: 'L1 not judged', regions: [ellipse] }),
    ]);

    const picture = pictureOf(content);

    expect(boxOf(picture, SEVERITIES.severe.rgb, 201)).toMatchObject({ left: 119, top: 119, bottom: 200 });
    const dotted = boxOf(picture, SEVERITIES['not-judged'].rgb, 479);
    expect([dotted.left, dotted.top, dotted.bottom].map((at) => Math.round(at / 10))).toEqual([32, 36, 44]);
  });

  it('has square pixels, the patient’s directions and a scale', () => {
    const flat = volume({ spacingMm: [1, 0.5, 3] });
    const sagittal = volume({ columnDirection: [0, 1, 0], rowDirection: [0, 0, -1], sliceDirection: [-1, 0, 0] });

    const picture = pictureOf(contentOf([]), [flat]);

    expect([picture.columns, picture.rows]).toEqual([640, 320 + 29]);
    expect(says(picture, 'mm', SIZES)).toBe(true);
    expect(['A', 'P', 'R', 'L'].map((letter) => says(picture, letter, SIZES, { bold: true }))).toEqual(
      Array(4).fill(true),
    );
    expect(says(pictureOf(contentOf([]), [sagittal]), 'H', SIZES, { bold: true })).toBe(true);
  });

  it('shows a radiograph as it is stored, with no directions that its header does not say', () => {
    const pixels = Float32Array.from({ length: 300 * 200 }, (_, at) => (at % 300) / 300);
    const header = { SOPInstanceUID: '1.9', Modality: 'DX', StudyInstanceUID: '1.1', SeriesInstanceUID: '1.2' };
    const make = (PatientOrientation?: string[]) =>
      ({
        kind: 'radiograph',
        rows: 200,
        columns: 300,
        pixels,
        header: { ...header, PatientOrientation },
      }) as unknown as Radiograph;

    const picture = pictureOf(contentOf([]), [make()]);
    const said = pictureOf(contentOf([]), [make(['L', 'F'])]);

    expect(picture.sources).toEqual(['1.9']);
    expect([picture.columns, picture.rows]).toEqual([640, 427]);
    expect(colorAt(picture, 4, 200)[0]).toBeLessThan(10);
    expect(colorAt(picture, 630, 200)[0]).toBeGreaterThan(245);
    expect(says(picture, 'R', SIZES, { bold: true })).toBe(false);
    expect(['R', 'L', 'H', 'F'].every((letter) => says(said, letter, SIZES, { bold: true }))).toBe(true);
  });

  it('is put into the result, and on the page that the tool brings, but never in place of its own picture', () => {
    const own = { title: 'Own', rows: 1, columns: 1, rgb: new Uint8Array(3), sources: [] };
    const report = { kind: 'page', title: 'Page', paragraphs: [], pictures: [] } as const;
    const resultOf = (content: ResultContent) =>
      createResult({
        ...{ tool: makeTool(() => content), images: [volume()], context: { inputDigest: 'a'.repeat(64) }, content },
      });

    const made = resultOf({ ...contentOf([]), report });

    expect(made.keyImages.map(({ title }) => title)).toEqual(['Something was found.']);
    expect(made.report).toMatchObject({ pictures: [0] });
    expect(resultOf({ ...contentOf([]), keyImages: [own] }).keyImages).toEqual([own]);
  });
});

describe('the window of a picture', () => {
  it.each([
    ['bone', [300, 500, -50], [-300, 1000]],
    ['lung', [-900, -800, 30], [-1350, 150]],
    ['soft tissue', [20, 40, 60], [-160, 240]],
    ['nothing', [], [-160, 240]],
  ])('of CT is that of what is marked: %s', (_what, marked, window) => {
    expect(ctWindow(marked)).toEqual(window);
  });

  it('of other images leaves out the background and the outermost values', () => {
    const values = Float32Array.from({ length: 2000 }, (_, at) => (at < 1000 ? 0 : at - 900));

    expect(quantileWindow(values, { low: 0.01, high: 0.99 })).toEqual([109, 1089]);
    expect([100, 109, 599, 1089, 2000].map((value) => shadeOf(value, [109, 1089]))).toEqual([0, 0, 128, 255, 255]);
  });

  it('of a picture of one value is black, and no fault', () => {
    expect(shadeOf(5, quantileWindow(new Float32Array(100).fill(5), { low: 0, high: 1 }))).toBe(255);
  });
});

describe('colours of segments', () => {
  it('are those of severities in pictures, to one step of each channel', () => {
    for (const { cielab, rgb } of Object.values(SEVERITIES)) {
      const back = rgbOf(cielab);
      for (const [channel, value] of rgb.entries())
        expect(Math.abs((back[channel] ?? 0) - value)).toBeLessThanOrEqual(1);
    }
  });
});
