/** The plane in which a dental phantom is painted: attenuation per pixel, and the detector that turns it into grey values. */
import type { Random } from '../random.ts';

/** A picture plane under the X-ray beam. All arrays are row-major, `rows` × `columns`; lengths are mm on the detector. */
export interface Scene {
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: number;
  /** Line integral through everything but teeth (bone, soft tissue), in millimetres of dentin. */
  readonly surroundings: Float32Array;
  /** Line integral through the teeth and their restorations and lesions, in millimetres of dentin. */
  readonly teeth: Float32Array;
  /** FDI number of the tooth at each pixel (crown and roots; the tooth painted last where two overlap), 0 elsewhere. */
  readonly toothLabels: Uint8Array;
  /** FDI number in the middle of each crown, 0 elsewhere. Neighbouring cores never touch. */
  readonly crownCores: Uint8Array;
  /** 1-based number of the lesion at each pixel, 0 elsewhere. */
  readonly lesionLabels: Uint8Array;
  /** 1 where a restoration is. */
  readonly restorations: Uint8Array;
}

export function createScene(rows: number, columns: number, spacingMm: number): Scene {
  const size = rows * columns;
  return {
    rows,
    columns,
    spacingMm,
    surroundings: new Float32Array(size),
    teeth: new Float32Array(size),
    toothLabels: new Uint8Array(size),
    crownCores: new Uint8Array(size),
    lesionLabels: new Uint8Array(size),
    restorations: new Uint8Array(size),
  };
}

/** Value noise with mean 0 and amplitude 1: random values on a grid of `cellMm`, smoothly interpolated. */
export function texture(scene: Scene, cellMm: number, random: Random): Float32Array {
  const { rows, columns, spacingMm } = scene;
  const step = spacingMm / cellMm;
  const gridColumns = Math.ceil(columns * step) + 2;
  const gridRows = Math.ceil(rows * step) + 2;
  const grid = Float32Array.from({ length: gridColumns * gridRows }, () => 2 * random.next() - 1);
  const smooth = (t: number): number => t * t * (3 - 2 * t);
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const y = row * step;
    const top = Math.floor(y) * gridColumns;
    const fy = smooth(y - Math.floor(y));
    for (let column = 0; column < columns; column++) {
      const x = column * step;
      const cell = top + Math.floor(x);
      const fx = smooth(x - Math.floor(x));
      const upper = (grid[cell] ?? 0) * (1 - fx) + (grid[cell + 1] ?? 0) * fx;
      const lower = (grid[cell + gridColumns] ?? 0) * (1 - fx) + (grid[cell + gridColumns + 1] ?? 0) * fx;
      out[row * columns + column] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

/** Box blur along rows, then along columns, `passes` times, in place. Three passes are close to a Gaussian. */
export function blur(pixels: Float32Array, rows: number, columns: number, radius: number, passes = 2): void {
  if (radius < 1) return;
  const line = new Float32Array(Math.max(rows, columns));
  const sweep = (start: number, stride: number, length: number): void => {
    for (let i = 0; i < length; i++) line[i] = pixels[start + i * stride] ?? 0;
    const at = (i: number): number => line[Math.min(length - 1, Math.max(0, i))] ?? 0;
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      pixels[start + i * stride] = sum / (2 * radius + 1);
      sum += at(i + radius + 1) - at(i - radius);
    }
  };
  for (let pass = 0; pass < passes; pass++) {
    for (let row = 0; row < rows; row++) sweep(row * columns, 1, columns);
    for (let column = 0; column < columns; column++) sweep(column, columns, rows);
  }
}

/** How a detector renders the scene. */
export interface Detector {
  /** Unsharpness (focus, movement, detector): radius of the blur, mm. */
  readonly blurMm: number;
  /** Attenuation (mm of dentin) that is rendered at 1 − 1/e of full scale. */
  readonly halfScale: number;
  readonly gamma: number;
  /** Darkest and brightest rendered value, as fractions of the 12-bit range. */
  readonly range: readonly [number, number];
  /** Standard deviation of the noise, as a fraction of the 12-bit range. */
  readonly noise: number;
}

/** The picture: 12 bits stored, MONOCHROME2 (bright where absorption is high). */
export function expose(scene: Scene, detector: Detector, random: Random): Uint16Array {
  const { rows, columns } = scene;
  const grey = scene.surroundings.map((value, index) => {
    const shown = 1 - Math.exp(-Math.max(0, value + (scene.teeth[index] ?? 0)) / detector.halfScale);
    return shown ** detector.gamma;
  });
  blur(grey, rows, columns, Math.round(detector.blurMm / scene.spacingMm));
  const [dark, bright] = detector.range;
  const pixels = new Uint16Array(grey.length);
  for (let index = 0; index < grey.length; index++) {
    const value = grey[index] ?? 0;
    const noisy = dark + (bright - dark) * value + detector.noise * random.normal() * (0.5 + value);
    pixels[index] = Math.min(4095, Math.max(0, Math.round(4095 * noisy)));
  }
  return pixels;
}
