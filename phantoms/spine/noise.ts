/** Scanner noise: grains slightly larger than a pixel, stronger along rows in wide patients. */
import type { Random } from '../random.ts';
import type { Grid } from './canvas.ts';

const TILE = 256;

/** The effect of a sharp kernel: moves each pixel away from the mean of its four neighbours in the slice, by `amount` (0 or more). */
export function sharpen(
  voxels: Int16Array,
  { columns, rows, slices }: Pick<Grid, 'columns' | 'rows' | 'slices'>,
  amount: number,
): void {
  if (amount === 0) return;
  for (let k = 0; k < slices; k += 1) {
    const slice = voxels.subarray(k * rows * columns, (k + 1) * rows * columns);
    const before = slice.slice();
    for (let j = 1; j < rows - 1; j += 1) {
      for (let at = j * columns + 1; at < (j + 1) * columns - 1; at += 1) {
        const value = before[at] ?? 0;
        const around =
          (before[at - 1] ?? 0) + (before[at + 1] ?? 0) + (before[at - columns] ?? 0) + (before[at + columns] ?? 0);
        slice[at] = clamp(value + amount * (value - around / 4));
      }
    }
  }
}

const clamp = (hu: number): number => (hu < -1024 ? -1024 : hu > 3071 ? 3071 : hu);

/** Adds normal noise of `sigma` HU to every voxel, correlated in the plane (less with a sharp kernel), and clamps to the range of CT. */
export function addNoise(
  voxels: Int16Array,
  { columns, rows, slices }: Pick<Grid, 'columns' | 'rows' | 'slices'>,
  sigma: number,
  sharpness: number,
  random: Random,
): void {
  const tile = makeTile(
    random,
    random.between(0.2, 0.9) - 0.5 * sharpness,
    random.chance(0.15) ? random.between(0.3, 1) : 0,
  );
  for (let k = 0; k < slices; k += 1) {
    const shiftColumn = random.int(0, TILE - 1);
    const shiftRow = random.int(0, TILE - 1);
    const sign = random.chance(0.5) ? sigma : -sigma;
    for (let j = 0; j < rows; j += 1) {
      const line = ((j + shiftRow) & (TILE - 1)) * TILE;
      const start = (k * rows + j) * columns;
      for (let i = 0; i < columns; i += 1) {
        const value = (voxels[start + i] ?? 0) + sign * (tile[line + ((i + shiftColumn) & (TILE - 1))] ?? 0);
        voxels[start + i] = clamp(value);
      }
    }
  }
}

/** A periodic tile of unit noise: white noise mixed with its neighbours' mean by `smooth`, plus streaks along rows. */
function makeTile(random: Random, smooth: number, streaks: number): Float32Array {
  const white = Float32Array.from({ length: TILE * TILE }, () => random.normal());
  const tile = new Float32Array(TILE * TILE);
  let squares = 0;
  for (let j = 0; j < TILE; j += 1) {
    const streak = streaks * random.normal();
    for (let i = 0; i < TILE; i += 1) {
      let around = 0;
      for (const [dj, di] of [
        [-1, 0],
        [1, 0],
        [0, -1],
        [0, 1],
      ] as const) {
        around += white[((j + dj) & (TILE - 1)) * TILE + ((i + di) & (TILE - 1))] ?? 0;
      }
      const value = (white[j * TILE + i] ?? 0) + smooth * around + streak;
      tile[j * TILE + i] = value;
      squares += value * value;
    }
  }
  const norm = 1 / Math.sqrt(squares / tile.length);
  return tile.map((value) => value * norm);
}
