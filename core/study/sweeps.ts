/** Acquisitions that follow each other along the patient and make one scan: step and shoot, with one acquisition per rotation. */
import { alongNormal, type FrameHeader } from './frames.ts';

/** Closer slices are at the same place, mm. */
const SAME_PLACE_MM = 0.01;
/** The table moves by about the same distance each time. A step above this multiple of it begins another scan. */
const MAX_STEP = 1.5;

/** The slices of one acquisition, and the extent of their centres along their normal, mm. */
interface Acquisition<T> {
  readonly number: number;
  readonly slices: readonly T[];
  readonly low: number;
  readonly high: number;
  readonly centre: number;
}

/**
 * Joins acquisitions to sweeps. Each acquisition continues the one numbered before it, in one direction, by a usual step and
 * without overlap. Where the first place is scanned again before the table moves on, the numbers do not tell which rotations
 * belong together (scans before and after contrast at each place), and nothing is joined.
 *
 * @param areAlike whether slices of two acquisitions may be in one volume
 */
export function joinedSweeps<T extends FrameHeader>(
  acquisitions: readonly (readonly T[])[],
  areAlike: (a: T, b: T) => boolean,
): readonly (readonly T[])[] {
  const ordered = acquisitions.map(acquisitionOf).toSorted((a, b) => a.number - b.number);
  const usualStep = median(ordered.slice(1).map(({ centre }, i) => Math.abs(centre - (ordered[i]?.centre ?? 0))));
  const sweeps: Acquisition<T>[][] = [];
  for (const next of ordered) {
    const sweep = sweeps.at(-1) ?? [];
    if (continuesSweep(sweep, next, MAX_STEP * usualStep) && areSomeAlike(sweep.at(-1), next, areAlike))
      sweep.push(next);
    else sweeps.push([next]);
  }
  return sweeps.some((sweep, i) => isRepeatedAtOnce(sweep, sweeps[i + 1]))
    ? acquisitions
    : sweeps.map((sweep) => sweep.flatMap(({ slices }) => slices));
}

function acquisitionOf<T extends FrameHeader>(slices: readonly T[]): Acquisition<T> {
  const places = slices.map(alongNormal);
  const low = places.reduce((least, place) => Math.min(least, place), Number.POSITIVE_INFINITY);
  const high = places.reduce((most, place) => Math.max(most, place), Number.NEGATIVE_INFINITY);
  return { number: slices[0]?.AcquisitionNumber ?? 0, slices, low, high, centre: (low + high) / 2 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function continuesSweep<T>(sweep: readonly Acquisition<T>[], next: Acquisition<T>, maxStep: number): boolean {
  const [before, last] = [sweep.at(-2), sweep.at(-1)];
  if (last === undefined) return false;
  const direction = directionOf(last, next);
  const isStraight = before === undefined || directionOf(before, last) === direction;
  return direction !== 0 && isStraight && Math.abs(next.centre - last.centre) <= maxStep;
}

/** 1 where `next` is entirely beyond `last` along the normal, -1 where it is entirely before it, 0 where they overlap. */
function directionOf<T>(last: Acquisition<T>, next: Acquisition<T>): number {
  return Number(next.low > last.high + SAME_PLACE_MM) - Number(next.high < last.low - SAME_PLACE_MM);
}

function areSomeAlike<T>(
  last: Acquisition<T> | undefined,
  next: Acquisition<T>,
  areAlike: (a: T, b: T) => boolean,
): boolean {
  const [a, b] = [last?.slices[0], next.slices[0]];
  return a !== undefined && b !== undefined && areAlike(a, b);
}

function isRepeatedAtOnce<T>(sweep: readonly Acquisition<T>[], following: readonly Acquisition<T>[] = []): boolean {
  const [[only, second], [next]] = [sweep, following];
  return only !== undefined && second === undefined && next !== undefined && directionOf(only, next) === 0;
}
