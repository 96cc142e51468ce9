/** Variants of a radiograph as another device, archive or export would produce them. */

import { resamplePlane } from '#core/image/plane.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { turned, uprightOf } from '#core/image/upright.ts';
import { createRandom } from '#phantoms/random.ts';

export interface Variant {
  readonly name: string;
  readonly make: (image: Radiograph) => Radiograph;
  /** Where a place on the variant was on the original, and the extents of the original; all in mm. */
  readonly back?: (place: Place, extent: Place) => Place;
}

type Place = readonly [x: number, y: number];

/** Applies a curve to pixels from 0 to 1. */
const graded = (curve: (value: number) => number) => (image: Radiograph) => ({
  ...image,
  pixels: image.pixels.map(curve),
});

export const VARIANTS: readonly Variant[] = [
  { name: 'mirrored, header too', make: stored('R', 'F'), back: ([x, y], [width]) => [width - x, y] },
  { name: 'upside down, header too', make: stored('L', 'H'), back: ([x, y], [, height]) => [x, height - y] },
  {
    name: 'turned by 180°, header too',
    make: stored('R', 'H'),
    back: ([x, y], [width, height]) => [width - x, height - y],
  },
  { name: 'turned by 90°, header too', make: stored('F', 'R'), back: ([x, y], [width]) => [width - y, x] },
  { name: 'darker (gamma 1.5)', make: graded((value) => value ** 1.5) },
  { name: 'brighter (gamma 0.67)', make: graded((value) => value ** 0.67) },
  { name: '40 % of the contrast', make: graded((value) => 0.3 + 0.4 * value) },
  { name: '8 bits', make: graded((value) => Math.round(255 * value) / 255) },
  { name: 'noise added', make: noisy },
  { name: '0.7 × pixels per side', make: (image) => resampled(image, 0.7) },
  { name: '1.4 × pixels per side', make: (image) => resampled(image, 1.4) },
  { name: 'JPEG-like, quality 75', make: lossy },
];

/** The picture as it is stored if rows and columns run into these directions, with a header that says so. */
function stored(row: string, column: string): (image: Radiograph) => Radiograph {
  const upright = uprightOf({ state: 'said', row, column });
  if (upright === undefined) throw new RangeError(`There is no upright picture for ${row}\\${column}`);
  const { turn } = upright;
  return (image) => {
    // The way back exchanges rows and columns last, so the reversals change places.
    const back = turn.transposed
      ? { ...turn, rowsReversed: turn.columnsReversed, columnsReversed: turn.rowsReversed }
      : turn;
    const turnedBack = turned(image, back);
    return { ...turnedBack, header: { ...image.header, PatientOrientation: [row, column] } };
  };
}

function noisy(image: Radiograph): Radiograph {
  const random = createRandom(1);
  return { ...image, pixels: image.pixels.map((value) => Math.min(1, Math.max(0, value + 0.012 * random.normal()))) };
}

function resampled(image: Radiograph, factor: number): Radiograph {
  const [rows, columns] = [Math.round(image.rows * factor), Math.round(image.columns * factor)];
  const { rows: _, columns: __, pixels, ...rest } = image;
  const spacingMm = image.spacingMm && ([image.spacingMm[0] / factor, image.spacingMm[1] / factor] as const);
  return {
    ...rest,
    ...resamplePlane({ rows: image.rows, columns: image.columns, pixels }, rows, columns),
    ...(spacingMm && { spacingMm }),
  };
}

/** Luminance quantisation of JPEG (ITU-T T.81, Table K.1). */
const LUMINANCE = [
  ...[16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55],
  ...[14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62],
  ...[18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
  ...[49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
];
/** Quality 75 halves the table. */
const QUANTA = LUMINANCE.map((value) => value / 2);
/** The 8-point DCT-II, orthonormal: frequency × place. */
const COSINES = Array.from({ length: 8 }, (_, u) =>
  Array.from({ length: 8 }, (_, x) => (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16)),
);

/** An 8-bit copy whose blocks of 8 × 8 are quantised as in JPEG. Incomplete blocks at the border stay unchanged. */
function lossy(image: Radiograph): Radiograph {
  const { rows, columns } = image;
  const pixels = image.pixels.map((value) => Math.round(255 * value) - 128);
  const block = new Float64Array(64);
  for (let top = 0; top + 8 <= rows; top += 8) {
    for (let left = 0; left + 8 <= columns; left += 8) {
      for (let at = 0; at < 64; at++) block[at] = pixels[(top + (at >> 3)) * columns + left + (at & 7)] ?? 0;
      const coarse = transformed(block, true).map((value, at) => {
        const quantum = QUANTA[at] ?? 1;
        return quantum * Math.round(value / quantum);
      });
      transformed(coarse, false).forEach((value, at) => {
        pixels[(top + (at >> 3)) * columns + left + (at & 7)] = value;
      });
    }
  }
  return { ...image, pixels: pixels.map((value) => Math.min(1, Math.max(0, (value + 128) / 255))) };
}

/** The block's two-dimensional DCT or its inverse: rows, then columns. */
function transformed(block: Float64Array, forward: boolean): Float64Array {
  const weight = (i: number, k: number): number => (forward ? COSINES[i]?.[k] : COSINES[k]?.[i]) ?? 0;
  const [half, whole] = [new Float64Array(64), new Float64Array(64)];
  for (let row = 0; row < 8; row++) {
    for (let i = 0; i < 8; i++) {
      for (let k = 0; k < 8; k++)
        half[8 * row + i] = (half[8 * row + i] ?? 0) + weight(i, k) * (block[8 * row + k] ?? 0);
    }
  }
  for (let column = 0; column < 8; column++) {
    for (let i = 0; i < 8; i++) {
      for (let k = 0; k < 8; k++) {
        whole[8 * i + column] = (whole[8 * i + column] ?? 0) + weight(i, k) * (half[8 * k + column] ?? 0);
      }
    }
  }
  return whole;
}
