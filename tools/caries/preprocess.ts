/** Turns a radiograph of any size and exposure into the model's input. Training uses this same file. */
import type { Plane } from '#core/image/plane.ts';
import type { Tensor } from '#core/ports.ts';

/** Sides of the model's input are multiples of this, because the network halves them four times. */
const MULTIPLE = 16;
/** Radius of the neighbourhood for contrast, working pixels: about half a molar. */
const NEIGHBOURHOOD = 36;

/**
 * The model's input, 1 × 2 × rows × columns. The sides are padded to multiples of 16 by repeating the border. Channel 0 is the
 * contrast against the neighbourhood, in its standard deviations (halved, clipped to ±2). Channel 1 is the grey value between
 * the 2nd and 98th percentile of the exposed area, −1 to 1. Neither depends on exposure or window.
 */
export function modelInput(plane: Plane): Tensor {
  const rows = Math.ceil(plane.rows / MULTIPLE) * MULTIPLE;
  const columns = Math.ceil(plane.columns / MULTIPLE) * MULTIPLE;
  const local = localContrast(plane);
  const [dark, bright] = exposedRange(plane.pixels);
  const data = new Float32Array(2 * rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = Math.min(row, plane.rows - 1) * plane.columns + Math.min(column, plane.columns - 1);
      const to = row * columns + column;
      data[to] = local[from] ?? 0;
      const grey = (2 * ((plane.pixels[from] ?? 0) - dark)) / Math.max(1e-6, bright - dark) - 1;
      data[rows * columns + to] = Math.min(1.5, Math.max(-1.5, grey));
    }
  }
  return { data, shape: [1, 2, rows, columns] };
}

/** Two quantiles of the pixels above the darkest value. An unexposed border therefore does not count. */
export function exposedRange(pixels: Float32Array, low = 0.02, high = 0.98): readonly [number, number] {
  const darkest = pixels.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const sample: number[] = [];
  for (let index = 0; index < pixels.length; index += 7) {
    const value = pixels[index] ?? 0;
    if (value > darkest + 1e-4) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const at = (share: number): number => sample[Math.floor(share * (sample.length - 1))] ?? darkest;
  return [at(low), at(high)];
}

function localContrast({ rows, columns, pixels }: Plane): Float32Array {
  const mean = boxMean(pixels, rows, columns);
  const square = boxMean(
    pixels.map((value) => value * value),
    rows,
    columns,
  );
  return pixels.map((value, index) => {
    const average = mean[index] ?? 0;
    const deviation = Math.sqrt(Math.max(0, (square[index] ?? 0) - average * average));
    return Math.min(2, Math.max(-2, (value - average) / (2 * (deviation + 0.008))));
  });
}

/** Mean over a square neighbourhood, clipped at the borders. */
function boxMean(pixels: Float32Array, rows: number, columns: number): Float32Array {
  const sums = new Float64Array((rows + 1) * (columns + 1));
  for (let row = 0; row < rows; row++) {
    let line = 0;
    for (let column = 0; column < columns; column++) {
      line += pixels[row * columns + column] ?? 0;
      sums[(row + 1) * (columns + 1) + column + 1] = (sums[row * (columns + 1) + column + 1] ?? 0) + line;
    }
  }
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const top = Math.max(0, row - NEIGHBOURHOOD) * (columns + 1);
    const bottom = Math.min(rows, row + NEIGHBOURHOOD + 1) * (columns + 1);
    for (let column = 0; column < columns; column++) {
      const left = Math.max(0, column - NEIGHBOURHOOD);
      const right = Math.min(columns, column + NEIGHBOURHOOD + 1);
      const sum =
        (sums[bottom + right] ?? 0) - (sums[top + right] ?? 0) - (sums[bottom + left] ?? 0) + (sums[top + left] ?? 0);
      out[row * columns + column] = sum / (((bottom - top) / (columns + 1)) * (right - left));
    }
  }
  return out;
}
