/** Tests of whether the slices of a scan follow each other. */
import { describe, expect, it } from 'vitest';
import { requireSteadySlices } from '#core/image/slice-changes.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';

const SIDE = 60;
const SLICES = 40;

/** The value of tissue at a height, in HU: it changes along the body as organs do. */
type Tissue = (column: number, row: number, mm: number) => number;

const organs: Tissue = (column, row, mm) => 40 + 60 * Math.sin(mm / 20 + column / 7) * Math.cos(mm / 33 + row / 9);

/** Slices 2 mm apart, with the picture at each of the given heights. */
function scanOf(heights: readonly number[], tissue: Tissue = organs, noise = 20): Volume {
  const random = createRandom(7);
  const voxels = heights.flatMap((mm) =>
    Array.from({ length: SIDE * SIDE }, (_, at) =>
      Math.round(tissue(at % SIDE, Math.floor(at / SIDE), mm) + noise * (random.next() - 0.5)),
    ),
  );
  return {
    rows: SIDE,
    columns: SIDE,
    slices: heights.length,
    spacingMm: [2, 2, 2],
    voxels: Int16Array.from(voxels),
  } as unknown as Volume;
}

const regular = Array.from({ length: SLICES }, (_, k) => 2 * k);

describe('a scan', () => {
  it.each([
    ['as scanned', scanOf(regular)],
    ['of one slice', scanOf([0])],
    ['of a few slices that differ', scanOf([0, 2, 40, 42])],
    ['of nothing but air', scanOf(regular, () => -1000)],
    ['that ends in a corner of the body', scanOf(regular, (c, r, mm) => (c + r < 100 - mm ? organs(c, r, mm) : -1000))],
    [
      'with each slice twice',
      scanOf(
        regular.map((_, k) => 4 * (k >> 1)),
        organs,
        0,
      ),
    ],
    ['that begins otherwise', scanOf(regular.map((mm, k) => (k === 0 ? -30 : mm)))],
    ['with metal in three slices', scanOf(regular, (c, r, mm) => organs(c, r, mm) + (mm > 30 && mm < 36 ? c - 30 : 0))],
  ])('%s is taken', (_name, volume) => {
    expect(() => requireSteadySlices(volume)).not.toThrow();
  });

  it.each([
    ['20 mm are missing', scanOf(regular.map((mm, k) => (k < 20 ? mm : mm + 20)))],
    ['a part comes twice', scanOf(regular.map((mm, k) => (k < 20 ? mm : mm - 30)))],
    ['the patient moved', scanOf(regular, (c, r, mm) => organs(mm < 40 ? c : c + 12, r, mm))],
  ])('in which %s is refused with the place', (_name, volume) => {
    expect(() => requireSteadySlices(volume)).toThrow(
      expect.objectContaining({
        code: 'sudden-change',
        message: expect.stringContaining(`Between slices 20 and 21 of ${SLICES}`),
      }),
    );
  });
});

describe('slices out of order', () => {
  const asText = Array.from({ length: 120 }, (_, k) => k).toSorted((a, b) => (`${a}` < `${b}` ? -1 : 1));

  it.each([
    ['exchanged in pairs', regular.map((_, k) => 2 * (k ^ 1))],
    ['sorted by their numbers as text', asText.map((k) => 2 * k)],
    ['of two scans that alternate', regular.map((mm, k) => (k % 2 === 0 ? mm : mm + 100))],
  ])('are refused where they are %s', (_name, heights) => {
    expect(() => requireSteadySlices(scanOf(heights))).toThrow(
      expect.objectContaining({
        code: 'slices-out-of-order',
        message: expect.stringMatching(/^\d+ of \d+ slices are more like/),
      }),
    );
  });
});
