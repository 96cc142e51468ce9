/** The inverse cosine transform of JPEG's blocks of 8 × 8 (ITU-T T.81 A.3.3), in double precision. */

const SIZE = 8;

/** Row-major place in the block of each coefficient, in coding order (T.81 figure A.6). */
export const ZIG_ZAG: readonly number[] = zigZag();

/** C(u) / 2 × cos(u π / 16): the transform's only factors. */
const [C1, C2, C3, C5, C6, C7] = [1, 2, 3, 5, 6, 7].map((u) => 0.5 * Math.cos((u * Math.PI) / 16)) as Sextuple;
const C4 = 0.5 * Math.SQRT1_2;
type Sextuple = [number, number, number, number, number, number];

/** From coefficients to samples centred on zero, both 8 × 8 and row-major. */
export function inverseDct(coefficients: Float64Array, block: Float64Array): void {
  transformRows(coefficients, half);
  transformRows(half, block);
}

/** Scratch space between the two passes. It keeps no state. */
const half = new Float64Array(SIZE * SIZE);

/**
 * Transforms each row and writes it as a column, so two passes transform both directions. A sample and its mirror image
 * share their sums: coefficients of even frequency have the same sign in both, those of odd frequency opposite signs.
 */
function transformRows(from: Float64Array, to: Float64Array): void {
  for (let row = 0; row < SIZE; row += 1) {
    const at = row * SIZE;
    const x1 = from[at + 1] ?? 0;
    const x2 = from[at + 2] ?? 0;
    const x3 = from[at + 3] ?? 0;
    const x5 = from[at + 5] ?? 0;
    const x6 = from[at + 6] ?? 0;
    const x7 = from[at + 7] ?? 0;
    const sum = ((from[at] ?? 0) + (from[at + 4] ?? 0)) * C4;
    const difference = ((from[at] ?? 0) - (from[at + 4] ?? 0)) * C4;
    const outer = x2 * C2 + x6 * C6;
    const inner = x2 * C6 - x6 * C2;
    writeMirrored(to, row, 0, sum + outer, x1 * C1 + x3 * C3 + x5 * C5 + x7 * C7);
    writeMirrored(to, row, 1, difference + inner, x1 * C3 - x3 * C7 - x5 * C1 - x7 * C5);
    writeMirrored(to, row, 2, difference - inner, x1 * C5 - x3 * C1 + x5 * C7 + x7 * C3);
    writeMirrored(to, row, 3, sum - outer, x1 * C7 - x3 * C5 + x5 * C3 - x7 * C1);
  }
}

function writeMirrored(to: Float64Array, column: number, x: number, even: number, odd: number): void {
  to[x * SIZE + column] = even + odd;
  to[(SIZE - 1 - x) * SIZE + column] = even - odd;
}

function zigZag(): readonly number[] {
  const places = Array.from({ length: SIZE * SIZE }, (_, i) => i);
  const diagonal = (place: number): number => Math.floor(place / SIZE) + (place % SIZE);
  // Odd diagonals run downwards, even ones upwards.
  return places.sort((a, b) => diagonal(a) - diagonal(b) || (diagonal(a) % 2 === 1 ? a - b : b - a));
}
