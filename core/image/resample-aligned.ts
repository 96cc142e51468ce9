/**
 * Trilinear sampling where the volume's axes are the patient's, in any order and direction: most CTs. The weights of a
 * sample are then products of one weight per axis, so each axis is summed by itself: the values of `resample`, sooner.
 */
import type { PointLps } from './geometry.ts';
import type { Volume } from './volume.ts';

/** One axis of the grid, and of the volume that lies along it. */
export interface AlignedAxis {
  /** Values of the grid along the axis. */
  readonly count: number;
  /** Voxel index of the first value, and from one value to the next; fractional, descending where the axes oppose. */
  readonly first: number;
  readonly step: number;
  /** Samples that are averaged for each value, as parts of a step. */
  readonly offsets: readonly number[];
  /** Voxels of the volume along the axis, and the distance between neighbours in its array. */
  readonly length: number;
  readonly stride: number;
}

/** The voxels that each value along an axis is made of. */
interface Taps {
  /** `index` and `weight` of value n are at `starts[n]` up to, not including, `starts[n + 1]`. */
  readonly starts: Int32Array;
  readonly index: Int32Array;
  readonly weight: Float64Array;
  /** Share of a value's samples that lie in the volume. */
  readonly inside: Float64Array;
  /** First and last voxel that any value needs; first above last where none does. */
  readonly low: number;
  readonly high: number;
}

/** Columns of the grid that are made together: their voxels lie in the same lines of the processor's cache. */
const BLOCK = 8;

/** Values on a grid of the three axes x, y, z: index = (z × y.count + y) × x.count + x. */
export function resampleAligned(
  voxels: Volume['voxels'],
  [x, y, z]: readonly [AlignedAxis, AlignedAxis, AlignedAxis],
  outside: number,
): Float32Array {
  const [alongX, alongY, alongZ] = [tapsOf(x), tapsOf(y), tapsOf(z)];
  const out = new Float32Array(x.count * y.count * z.count);
  const depth = Math.max(0, alongZ.high - alongZ.low + 1);
  const height = Math.max(0, alongY.high - alongY.low + 1);
  /** Of a block of x: summed over x, by voxel of y; then over y too, by voxel of z and value of y. */
  const lines = new Float64Array(BLOCK * height);
  const planes = new Float64Array(BLOCK * depth * y.count);
  for (let from = 0; from < x.count; from += BLOCK) {
    const size = Math.min(BLOCK, x.count - from);
    for (let k = 0; k < depth; k += 1) {
      const slice = (alongZ.low + k) * z.stride;
      for (let j = 0; j < height; j += 1) {
        const row = slice + (alongY.low + j) * y.stride;
        for (let i = 0; i < size; i += 1) {
          const end = alongX.starts[from + i + 1] ?? 0;
          let sum = 0;
          for (let tap = alongX.starts[from + i] ?? 0; tap < end; tap += 1) {
            sum += (voxels[row + (alongX.index[tap] ?? 0) * x.stride] ?? 0) * (alongX.weight[tap] ?? 0);
          }
          lines[i * height + j] = sum;
        }
      }
      for (let i = 0; i < size; i += 1) {
        const start = (i * depth + k) * y.count;
        for (let j = 0; j < y.count; j += 1) planes[start + j] = sumOver(alongY, j, lines, i * height - alongY.low, 1);
      }
    }
    for (let k = 0; k < z.count; k += 1) {
      for (let j = 0; j < y.count; j += 1) {
        const shared = (alongY.inside[j] ?? 0) * (alongZ.inside[k] ?? 0);
        for (let i = 0; i < size; i += 1) {
          const start = (i * depth - alongZ.low) * y.count + j;
          const sum = sumOver(alongZ, k, planes, start, y.count);
          const inside = shared * (alongX.inside[from + i] ?? 0);
          out[(k * y.count + j) * x.count + from + i] = sum + outside * (1 - inside);
        }
      }
    }
  }
  return out;
}

/** The weighted sum of what one value is made of, which lies at `base + index × stride`. */
function sumOver(
  { starts, index, weight }: Taps,
  value: number,
  from: Float64Array,
  base: number,
  stride: number,
): number {
  let sum = 0;
  const end = starts[value + 1] ?? 0;
  for (let tap = starts[value] ?? 0; tap < end; tap += 1) {
    sum += (from[base + (index[tap] ?? 0) * stride] ?? 0) * (weight[tap] ?? 0);
  }
  return sum;
}

/** Up to half a voxel beyond the last centre the edge value holds; samples beyond that are outside. */
function tapsOf({ count, first, step, offsets, length }: AlignedAxis): Taps {
  const starts = new Int32Array(count + 1);
  const inside = new Float64Array(count);
  const index: number[] = [];
  const weight: number[] = [];
  for (let value = 0; value < count; value += 1) {
    const weights = new Map<number, number>();
    const add = (voxel: number, share: number): void => {
      if (share > 0) weights.set(voxel, (weights.get(voxel) ?? 0) + share / offsets.length);
    };
    for (const offset of offsets) {
      const position = first + (value + offset) * step;
      if (position < -0.5 || position > length - 0.5) continue;
      const clamped = Math.min(length - 1, Math.max(0, position));
      const voxel = Math.floor(clamped);
      add(voxel, 1 - (clamped - voxel));
      add(voxel + 1, clamped - voxel);
      inside[value] = (inside[value] ?? 0) + 1 / offsets.length;
    }
    for (const [voxel, share] of weights) {
      index.push(voxel);
      weight.push(share);
    }
    starts[value + 1] = index.length;
  }
  const low = index.reduce((least, voxel) => Math.min(least, voxel), length);
  const high = index.reduce((most, voxel) => Math.max(most, voxel), -1);
  return { starts, index: Int32Array.from(index), weight: Float64Array.from(weight), inside, low, high };
}

/** The axis of a direction that lies along one of the patient's axes, exactly: 0, 1, 2; undefined for any other. */
export function axisOf(direction: PointLps): 0 | 1 | 2 | undefined {
  const axes = ([0, 1, 2] as const).filter((axis) => direction[axis] !== 0);
  return axes.length === 1 ? axes[0] : undefined;
}
