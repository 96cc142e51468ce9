/** The tissues of a CT as peaks of its values, whatever its noise. Nothing here assumes that the values are Hounsfield units. */
import type { Volume } from './volume.ts';

/** A peak among the values of a volume's homogeneous places. */
export interface TissuePeak {
  /** The most frequent value, in the volume's units. */
  readonly value: number;
  /** The fraction of all places within 20 units of it. */
  readonly share: number;
  /** The same, as a fraction of the places within 60 units: near 1 where the peak is narrow. */
  readonly narrowness: number;
}

/** Means of small blocks of voxels, spread evenly over a volume. */
export interface Places {
  /** Means of the blocks in which values vary, without those that lie across a border. */
  readonly means: Float64Array;
  /** Blocks in which all voxels have one value, by value: padding, or values cut off. No scanner measures such. */
  readonly constant: ReadonlyMap<number, number>;
  /** How many blocks were read. */
  readonly seen: number;
  /** The lowest and the highest voxel of all blocks. */
  readonly low: number;
  readonly high: number;
}

/** mm along a side of a block: small enough for fat under the skin, large enough to average noise. */
const BLOCK_MM = 5;
/** Voxels along a side of a block. One voxel has no noise to average, and more than eight cost time. */
const SIDE = { least: 2, most: 8 } as const;
/** About how many blocks are read: enough for a peak of one part in a hundred, in about 20 ms. */
const BLOCKS = 20_000;
/** Of the blocks within a band of this many units, the half with the least spread counts: the others lie across borders. */
const BAND = 50;

/** Reads blocks of voxels spread evenly over the volume. */
export function placesOf({ voxels, columns, rows, slices, spacingMm }: Volume): Places {
  const side = (mm: number, count: number): number =>
    Math.min(count, Math.max(SIDE.least, Math.min(SIDE.most, Math.round(BLOCK_MM / mm))));
  const size = [side(spacingMm[0], columns), side(spacingMm[1], rows), side(2 * spacingMm[2], slices)] as const;
  const places = [columns - size[0] + 1, rows - size[1] + 1, slices - size[2] + 1] as const;
  const total = places[0] * places[1] * places[2];
  // A step that shares no factor with columns and rows visits all of them alike.
  let step = Math.max(1, Math.floor(total / BLOCKS));
  while (commonFactor(step, places[0] * places[1]) > 1) step += 1;
  const means: number[] = [];
  const spreads: number[] = [];
  const constant = new Map<number, number>();
  const voxelsOfBlock = size[0] * size[1] * size[2];
  let seen = 0;
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < total; at += step) {
    const column = at % places[0];
    const row = Math.floor(at / places[0]) % places[1];
    const slice = Math.floor(at / (places[0] * places[1]));
    let [sum, squares, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = slice; k < slice + size[2]; k += 1) {
      for (let j = row; j < row + size[1]; j += 1) {
        const start = (k * rows + j) * columns + column;
        for (let i = start; i < start + size[0]; i += 1) {
          const value = voxels[i] ?? 0;
          sum += value;
          squares += value * value;
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
    }
    seen += 1;
    if (low < lowest) lowest = low;
    if (high > highest) highest = high;
    if (low === high) {
      constant.set(low, (constant.get(low) ?? 0) + 1);
      continue;
    }
    const mean = sum / voxelsOfBlock;
    means.push(mean);
    spreads.push(Math.max(0, squares / voxelsOfBlock - mean * mean));
  }
  return { means: homogeneous(means, spreads), constant, seen, low: lowest, high: highest };
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b);
}

/** The means of the more homogeneous half of the blocks in each band of values. */
function homogeneous(means: readonly number[], spreads: readonly number[]): Float64Array {
  const bands = Map.groupBy(means.keys(), (index) => Math.floor((means[index] ?? 0) / BAND));
  const kept: number[] = [];
  for (const indices of bands.values()) {
    const sorted = indices.toSorted((a, b) => (spreads[a] ?? 0) - (spreads[b] ?? 0));
    for (const index of sorted.slice(0, Math.ceil(sorted.length / 2))) kept.push(means[index] ?? 0);
  }
  return Float64Array.from(kept);
}

/** Units per class of the histogram, and the half width over which it is smoothed, in classes. */
const CLASS = 5;
const SMOOTH = 5;
/** Peaks that rise less than this fraction of their height above the valleys beside them are ripples. */
const LEAST_RISE = 0.1;
/** Where fewer places vary, the picture may be drawn or free of noise, and its constant places count, too. */
const LEAST_VARIED = 0.2;

/** The peaks between two values, the highest first. Constant places count only where few places vary. */
export function tissuePeaks({ means, constant, seen }: Places, from: number, to: number): readonly TissuePeak[] {
  const counts = new Float64Array(Math.max(1, Math.ceil((to - from) / CLASS)));
  const add = (value: number, blocks: number): void => {
    const at = Math.floor((value - from) / CLASS);
    if (at >= 0 && at < counts.length) counts[at] = (counts[at] ?? 0) + blocks;
  };
  // The other half of the blocks that vary was left out.
  for (const mean of means) add(mean, 2);
  if (2 * means.length < LEAST_VARIED * seen) for (const [value, blocks] of constant) add(value, blocks);
  const heights = smoothed(counts);
  const within = (at: number, units: number): number => {
    const reach = units / CLASS;
    return counts.subarray(Math.max(0, at - reach), at + reach + 1).reduce((sum, count) => sum + count, 0);
  };
  const tops = [...heights.keys()].filter((at) => {
    const height = heights[at] ?? 0;
    if (height === 0 || height < (heights[at - 1] ?? 0) || height <= (heights[at + 1] ?? 0)) return false;
    return Math.max(valley(heights, at, -1), valley(heights, at, 1)) <= (1 - LEAST_RISE) * height;
  });
  return tops
    .toSorted((a, b) => (heights[b] ?? 0) - (heights[a] ?? 0))
    .map((at) => ({
      value: Math.round(from + (at + 0.5) * CLASS),
      share: within(at, 20) / seen,
      narrowness: within(at, 20) / within(at, 60),
    }));
}

/** The lowest height on one side of a peak, before a class that is higher than the peak. */
function valley(heights: Float64Array, peak: number, step: 1 | -1): number {
  let lowest = heights[peak] ?? 0;
  for (let at = peak + step; at >= 0 && at < heights.length; at += step) {
    if ((heights[at] ?? 0) > (heights[peak] ?? 0)) return lowest;
    lowest = Math.min(lowest, heights[at] ?? 0);
  }
  return lowest;
}

/** A moving mean with weights that fall to the sides. */
function smoothed(counts: Float64Array): Float64Array {
  return counts.map((_, at) => {
    let [sum, weights] = [0, 0];
    for (let offset = -SMOOTH; offset <= SMOOTH; offset += 1) {
      const weight = SMOOTH + 1 - Math.abs(offset);
      sum += weight * (counts[at + offset] ?? 0);
      weights += weight;
    }
    return sum / weights;
  });
}
