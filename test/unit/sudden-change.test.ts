/** Tests of the search for a jump between two slices. */
import { describe, expect, it } from 'vitest';
import { requireSteadySlices } from '#core/image/sudden-change.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';

const SIDE = 60;
const SLICES = 40;

/** The value of tissue at a height, in HU: it changes along the body as organs do. */
type Tissue = (column: number, row: number, mm: number) => number;

const organs: Tissue = (column, row, mm) => 40 + 60 * Math.sin(mm / 20 + column / 7) * Math.cos(mm / 33 + row / 9);

/** Slices 2 mm apart at the given heights, with noise of 10 HU. */
function scanOf(heights: readonly number[], tissue: Tissue = organs): Volume {
  const random = createRandom(7);
  const voxels = heights.flatMap((mm) =>
    Array.from({ length: SIDE * SIDE }, (_, at) =>
      Math.round(tissue(at % SIDE, Math.floor(at / SIDE), mm) + 20 * (random.next() - 0.5)),
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
