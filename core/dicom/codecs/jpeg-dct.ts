/** The inverse cosine transform of JPEG's blocks of 8 × 8 (ITU-T T.81 A.3.3), in double precision. */

const SIZE = 8;

/** The place in the block, row by row, of each coefficient in the order in which they are coded (T.81 figure A.6). */
export const ZIG_ZAG: readonly number[] = zigZag();

/** [x × 8 + u] = C(u) / 2 × cos((2x + 1) u π / 16) */
const BASIS: Float64Array = Float64Array.from({ length: SIZE * SIZE }, (_, i) => {
  const [x, u] = [Math.floor(i / SIZE), i % SIZE];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** From coefficients to samples around zero, both 8 × 8 row by row. */
export function inverseDct(coefficients: Float64Array, block: Float64Array): void {
  transformRows(coefficients, half);
  transformRows(half, block);
}

/** What lies between the two passes; nothing is kept in it. */
const half = new Float64Array(SIZE * SIZE);

/** Transforms each row and writes it as a column, so that two passes transform both ways. */
function transformRows(from: Float64Array, to: Float64Array): void {
  for (let row = 0; row < SIZE; row += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      let sum = 0;
      for (let u = 0; u < SIZE; u += 1) sum += (from[row * SIZE + u] ?? 0) * (BASIS[x * SIZE + u] ?? 0);
      to[x * SIZE + row] = sum;
    }
  }
}

function zigZag(): readonly number[] {
  const places = Array.from({ length: SIZE * SIZE }, (_, i) => i);
  const diagonal = (place: number): number => Math.floor(place / SIZE) + (place % SIZE);
  // Odd diagonals run downwards, even ones upwards.
  return places.sort((a, b) => diagonal(a) - diagonal(b) || (diagonal(a) % 2 === 1 ? a - b : b - a));
}
