/**
 * Whether the pictures of a scan follow each other as its positions say. Where positions were written anew, nothing of it stands in
 * the header.
 */
import { NotEvaluableError } from '../errors.ts';
import type { Volume } from './volume.ts';

/** mm along a side of the squares that are compared. Their means have little noise, and anatomy is no finer. */
const SQUARE_MM = 5;
/** mm between the rows of voxels that are read: enough of them to average noise, at half the time. */
const ROW_MM = 1.5;
/** Beyond this, metal and air would outweigh tissue, HU. */
const TISSUE = { from: -200, to: 300 } as const;
/** A square with a mean above this shows tissue, HU. */
const LEAST_TISSUE = -190;
/** Fewer squares are a corner of the body, whose outline alone changes much between slices. */
const LEAST_SQUARES = 100;
/** Neighbours on either side with which a change is compared: this far, and at least so many. At an end half as many will do. */
const REACH_MM = 15;
const LEAST_NEIGHBOURS = 6;
/**
 * The greatest change over the second greatest near it. It is at most 1.2 in 100 copies of two real CTs and 1.24 in phantoms; where
 * 20 mm are taken out of the real ones, it is at least 1.6.
 */
const SUDDEN = 1.5;
/**
 * A slice is out of place if it changes less to the next but one than to one beside it: to less than this part. That change is then
 * greater, by this factor at least, than the lower quartile of all; changes by noise alone are not.
 */
const CLOSER = { part: 0.98, uneven: 1.1 } as const;
/**
 * The part of all slices for which that may be so. It is 0 in real CTs and phantoms, with noise of 150 HU, too; 0.06 to 0.17 where
 * slices are in the order of their numbers as text, and above 0.3 where each two are exchanged. One jump makes it so for two slices.
 */
const MOST_CLOSER = { share: 0.05, slices: 4 } as const;

/**
 * Lengths are wrong and levels are counted wrongly across a jump, and where slices are not in order.
 *
 * @throws NotEvaluableError `sudden-change`, `slices-out-of-order`
 */
export function requireSteadySlices(volume: Volume): void {
  const { beside, across } = changesOf(volume);
  requireOrder(beside, across);
  const reach = Math.max(LEAST_NEIGHBOURS, Math.round(REACH_MM / volume.spacingMm[2]));
  for (const [at, change] of beside.entries()) {
    const sides = [beside.slice(Math.max(0, at - reach), at), beside.slice(at + 1, at + 1 + reach)];
    // A scan of a few slices has no neighbours that tell what is usual.
    if (sides.some((side) => side.filter((one) => one > 0).length < LEAST_NEIGHBOURS / 2)) continue;
    const most = Math.max(...sides.flat());
    if (change <= SUDDEN * most) continue;
    const times = Math.floor((10 * change) / most) / 10;
    throw new NotEvaluableError(
      'sudden-change',
      `Between slices ${at + 1} and ${at + 2} of ${volume.slices}, counted along the slice normal, the picture changes ${times} times as much as between any other two nearby. Slices are missing or in the wrong order there, the patient moved, or this is no patient: lengths and levels cannot be right.`,
      { facts: { slice: at + 1, times, slices: volume.slices } },
    );
  }
}

function requireOrder(beside: readonly number[], across: readonly number[]): void {
  const known = across.filter((change) => change > 0).length;
  const sorted = beside.filter((change) => change > 0).toSorted((a, b) => a - b);
  const usual = sorted[sorted.length >> 2] ?? 0;
  const closer = across.filter((change, at) => {
    const most = Math.max(beside[at] ?? 0, beside[at + 1] ?? 0);
    return change > 0 && change < CLOSER.part * most && most > CLOSER.uneven * usual;
  }).length;
  if (closer <= Math.max(MOST_CLOSER.slices, MOST_CLOSER.share * known)) return;
  throw new NotEvaluableError(
    'slices-out-of-order',
    `${closer} of ${known} slices are more like the next but one than like a slice beside them. The pictures are not in the order of their positions, or two scans alternate, so lengths and levels cannot be right.`,
    { facts: { closer, slices: known } },
  );
}

interface Changes {
  /** HU by which tissue changes from each slice to the next, on average; 0 where few squares show tissue in both. */
  readonly beside: readonly number[];
  /** The same from each slice to the next but one. */
  readonly across: readonly number[];
}

function changesOf(volume: Volume): Changes {
  const [beside, across]: [number[], number[]] = [[], []];
  let [older, old]: (Float32Array | undefined)[] = [];
  for (let slice = 0; slice < volume.slices; slice += 1) {
    const squares = squaresOf(volume, slice);
    if (old !== undefined) beside.push(changeOf(old, squares));
    if (older !== undefined) across.push(changeOf(older, squares));
    [older, old] = [old, squares];
  }
  return { beside, across };
}

/** The means of the squares of a slice, HU. */
function squaresOf({ voxels, rows, columns, spacingMm }: Volume, slice: number): Float32Array {
  const wide = Math.max(1, Math.round(SQUARE_MM / spacingMm[0]));
  const high = Math.max(1, Math.round(SQUARE_MM / spacingMm[1]));
  const step = Math.max(1, Math.floor(ROW_MM / spacingMm[1]));
  const [across, down] = [Math.floor(columns / wide), Math.floor(rows / high)];
  const means = new Float32Array(across * down);
  const voxelsOfSquare = wide * Math.ceil(high / step);
  for (let square = 0; square < means.length; square += 1) {
    const top = high * Math.floor(square / across);
    const left = wide * (square % across);
    let sum = 0;
    for (let row = top; row < top + high; row += step) {
      const start = (slice * rows + row) * columns + left;
      for (let at = start; at < start + wide; at += 1) {
        sum += Math.max(TISSUE.from, Math.min(TISSUE.to, voxels[at] ?? 0));
      }
    }
    means[square] = sum / voxelsOfSquare;
  }
  return means;
}

function changeOf(a: Float32Array, b: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? 0;
    if (value <= LEAST_TISSUE || other <= LEAST_TISSUE) continue;
    sum += Math.abs(value - other);
    squares += 1;
  }
  return squares < LEAST_SQUARES ? 0 : sum / squares;
}
