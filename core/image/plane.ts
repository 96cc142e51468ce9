/** Flat grey pictures, and their pixels at another size. */

/** A grey picture, row-major. */
export interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Float32Array;
}

/** Resamples with a triangle as wide as the coarser grid's step: averages when shrinking, interpolates when enlarging. */
export function resamplePlane(source: Plane, rows: number, columns: number): Plane {
  if (rows === source.rows && columns === source.columns) return source;
  const across = triangle(source.columns, columns);
  const down = triangle(source.rows, rows);
  const narrow = new Float32Array(source.rows * columns);
  for (let row = 0; row < source.rows; row++) {
    for (let column = 0; column < columns; column++) {
      narrow[row * columns + column] = weigh(across, column, source.pixels, row * source.columns, 1);
    }
  }
  const pixels = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      pixels[row * columns + column] = weigh(down, row, narrow, column, columns);
    }
  }
  return { rows, columns, pixels };
}

interface Kernel {
  readonly width: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

function triangle(from: number, to: number): Kernel {
  const step = from / to;
  const reach = Math.max(1, step);
  const width = Math.ceil(2 * reach) + 1;
  const first = new Int32Array(to);
  const weights = new Float32Array(to * width);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * step - 0.5;
    const start = Math.ceil(centre - reach);
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const at = start + k;
      const weight = at < 0 || at >= from ? 0 : Math.max(0, 1 - Math.abs(at - centre) / reach);
      weights[i * width + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) weights[i * width + k] = (weights[i * width + k] ?? 0) / sum;
    first[i] = start;
  }
  return { width, first, weights };
}

function weigh(kernel: Kernel, i: number, pixels: Float32Array, start: number, stride: number): number {
  const first = kernel.first[i] ?? 0;
  let sum = 0;
  for (let k = 0; k < kernel.width; k++) {
    const weight = kernel.weights[i * kernel.width + k] ?? 0;
    if (weight !== 0) sum += weight * (pixels[start + (first + k) * stride] ?? 0);
  }
  return sum;
}
