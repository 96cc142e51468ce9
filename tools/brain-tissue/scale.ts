/**
 * The values that become 0 and 1 for the model: from percentiles of the head, not from the smallest and the largest voxel. A vessel,
 * fat, a clipped range, a border line or a dead pixel change the largest voxel, and none of them changes these percentiles.
 */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import { TISSUE, type TissueMap } from './tissue.ts';

/** Values outside are clipped to them. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** The darkest percentile is air. */
const LOW = 0.01;
/** Voxels above this percentile do not move the threshold between air and head. */
const CAP = 0.95;
/**
 * The 90th percentile of the head is the white matter's brightness, within 8 % in both heads at hand: as they are, with noise, a ghost, a
 * clipped range, a bright ball of 113 mL, without the neck, and without the skull. The 75th differs from it by up to 30 %.
 */
const HEAD = 0.9;
/**
 * White matter at this brightness: in the middle of the range in which the model's shares hardly depend on it. In both heads the
 * share of grey matter changes by less than 2 points from 0.5 to 0.85, and by 10 to 30 points at 0.3.
 */
const WHITE = 0.68;
const STABLE = [0.5, 0.85] as const;
/** About as many voxels are looked at. */
const SAMPLES = 1_000_000;
const BINS = 256;

/** @throws NotEvaluableError `no-contrast` where all voxels are alike, or nothing stands out from the background */
export function scaleOf(volume: Volume): Scale {
  const values = samplesOf(volume).sort();
  const low = percentile(values, LOW);
  const above = values.subarray(values.findIndex((value) => value > low));
  const cap = percentile(above, CAP);
  if (!(cap > low)) throw new NotEvaluableError('no-contrast', 'The voxels of the series do not differ in value.');
  const threshold = otsu(above, low, cap);
  const head = above.subarray(above.findIndex((value) => value > threshold));
  return { low, high: low + (percentile(head, HEAD) - low) / WHITE };
}

/**
 * The scale by the white matter that was found with another one, where that one was far off; undefined where it was good, or
 * where no white matter was found.
 */
export function corrected({ low, high }: Scale, white: number | undefined): Scale | undefined {
  if (white === undefined || white <= 0 || (white >= STABLE[0] && white <= STABLE[1])) return undefined;
  return { low, high: low + ((high - low) * white) / WHITE };
}

/** The median of the white matter's values; undefined where there is less than one in a thousand of the grid. */
export function whiteOf(tissue: TissueMap, valueAt: (at: number) => number): number | undefined {
  const values: number[] = [];
  for (let at = 0; at < tissue.length; at += 1) if (tissue[at] === TISSUE.white) values.push(valueAt(at));
  if (values.length < tissue.length / 1000) return undefined;
  return percentile(Float32Array.from(values).sort(), 0.5);
}

/** Every n-th voxel along each axis within the ellipsoid that touches the faces of the volume: lines and texts stand outside it. */
function samplesOf({ voxels, columns, rows, slices }: Volume): Float32Array {
  const step = Math.max(1, Math.round(Math.cbrt(voxels.length / SAMPLES)));
  const samples = new Float32Array(voxels.length);
  let count = 0;
  for (let k = 0; k < slices; k += step) {
    const z = offCentre(k, slices);
    for (let j = 0; j < rows; j += step) {
      const y = offCentre(j, rows);
      for (let i = 0; i < columns; i += step) {
        if (z + y + offCentre(i, columns) > 1) continue;
        samples[count] = voxels[(k * rows + j) * columns + i] ?? 0;
        count += 1;
      }
    }
  }
  return samples.subarray(0, count);
}

/** The square of the distance from the middle, as a part of half the side. */
const offCentre = (index: number, side: number): number => (1 - (2 * index + 1) / side) ** 2;

/** @param sorted not empty */
const percentile = (sorted: Float32Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;

/** Otsu's threshold (1979) between two classes of values, which are clipped at `cap`. */
function otsu(sorted: Float32Array, low: number, cap: number): number {
  const counts = new Float64Array(BINS);
  const scale = BINS / (cap - low);
  for (const value of sorted) {
    const bin = Math.min(BINS - 1, Math.floor((value - low) * scale));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const total = counts.reduce((sum, count, bin) => sum + count * bin, 0);
  let [best, most, below, sumBelow] = [0, -1, 0, 0];
  for (let bin = 0; bin < BINS - 1; bin += 1) {
    below += counts[bin] ?? 0;
    sumBelow += (counts[bin] ?? 0) * bin;
    const rest = sorted.length - below;
    if (below === 0 || rest === 0) continue;
    const between = below * rest * (sumBelow / below - (total - sumBelow) / rest) ** 2;
    if (between > most) [best, most] = [bin, between];
  }
  return low + (best + 1) / scale;
}
