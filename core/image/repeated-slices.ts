/** Whether a part of a scan comes twice. Noise makes each slice of a scanner one of its kind, so a second one is a copy. */
import { NotEvaluableError } from '../errors.ts';
import type { Volume } from './volume.ts';

/** A slice of which at least this part has one value shows padding or air that was cut off. Such slices are alike without being copies. */
const BLANK = 0.95;
/** Volumes of which at least this part repeats were computed without noise: nothing of them comes twice. */
const COMPUTED = 0.5;
/** Every so many voxels are looked at until two slices seem to be alike; then all are. */
const STRIDE = 13;
const HASH_OFFSET = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/**
 * Lengths are wrong, and levels are counted wrongly, where slices are repeated at other places.
 *
 * @throws NotEvaluableError `repeated-slices`
 */
export function requireDistinctSlices(volume: Volume): void {
  const { slices } = volume;
  const sliceAt = slicesOf(volume);
  const seen = new Map<number, number[]>();
  let repeated = 0;
  for (let slice = 0; slice < slices; slice += 1) {
    const values = sliceAt(slice);
    if (isBlank(values)) continue;
    const hash = hashOf(values);
    const alike = seen.get(hash) ?? [];
    if (alike.some((other) => areSame(values, sliceAt(other)))) repeated += 1;
    else seen.set(hash, [...alike, slice]);
  }
  if (repeated === 0 || repeated >= COMPUTED * slices || timesInARow(volume) > 1) return;
  const show = repeated === 1 ? '1 slice shows' : `${repeated} slices show`;
  throw new NotEvaluableError(
    'repeated-slices',
    `${show} voxel for voxel what another slice of the series shows at another place. A part of the scan was stored twice, so places and lengths cannot be right.`,
    { facts: { repeated, slices } },
  );
}

/** Longer rows of equal slices are a picture that was computed without noise: it has no slices of its own. */
const MOST_IN_A_ROW = 10;
/** In a series that is enlarged by a fraction, 1.5 say, slices come once and twice. */
const UNEVEN = 2;
/** Fewer repetitions are single slices that were stored twice. */
const LEAST_TIMES = 1.2;

/**
 * How often each slice comes in a row, on average: 1, unless the series was enlarged slice by slice. The scan's own slices are
 * so many times as far apart as the header says.
 */
export function timesInARow(volume: Volume): number {
  const sliceAt = slicesOf(volume);
  const runs: number[] = [];
  for (let slice = 0; slice < volume.slices; slice += 1) {
    const values = sliceAt(slice);
    if (isBlank(values)) continue;
    if (slice > 0 && areSame(values, sliceAt(slice - 1))) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    else runs.push(1);
  }
  // The ends may be cut.
  const inner = runs.slice(1, -1);
  const times = inner.reduce((sum, run) => sum + run, 0) / inner.length;
  const isEven = Math.max(...inner) <= UNEVEN * Math.min(...inner);
  return isEven && times >= LEAST_TIMES && times <= MOST_IN_A_ROW ? times : 1;
}

/** The voxels of each slice, as a view. */
function slicesOf({ voxels, rows, columns }: Volume): (slice: number) => Volume['voxels'] {
  const size = rows * columns;
  return (slice) => voxels.subarray(slice * size, (slice + 1) * size);
}

function isBlank(values: Volume['voxels']): boolean {
  const value = values[0];
  let [same, all] = [0, 0];
  for (let at = 0; at < values.length; at += STRIDE) {
    same += Number(values[at] === value);
    all += 1;
  }
  return same >= BLANK * all;
}

/** FNV-1a over values in whole HU. */
function hashOf(values: Volume['voxels']): number {
  let hash = HASH_OFFSET;
  for (let at = 0; at < values.length; at += STRIDE) hash = Math.imul(hash ^ ((values[at] ?? 0) | 0), HASH_PRIME);
  return hash;
}

function areSame(a: Volume['voxels'], b: Volume['voxels']): boolean {
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
