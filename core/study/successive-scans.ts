/**
 * Scans of one place that lie in one series, one after the other: phases of contrast, or a scan that was repeated. Where no number
 * of the header names the scan, values that grow from one scan to the next tell them apart: times, or Instance Number.
 */
import { alongNormal, type FrameHeader, placeOf } from './frames.ts';
import { INTERSPACED, isRegular, LEAST_REGULAR, regularSpacing } from './regular.ts';

type Growing = 'acquisitionOffsetS' | 'TriggerTime' | 'contentOffsetS' | 'InstanceNumber';
/** What grows, the truest first. Times say when a slice was taken, Content Time when it was computed, numbers only an order. */
export const GROWING: readonly Growing[] = ['acquisitionOffsetS', 'TriggerTime', 'contentOffsetS', 'InstanceNumber'];

/** The pause between two scans is more than this multiple of any within them. */
const CLEAR = 2;
/** More pauses are not between scans: a dynamic series with more of them covers each place equally often. */
const MOST_PAUSES = 7;

interface Dated<T> {
  readonly slice: T;
  readonly value: number;
}

/**
 * Cuts slices that share places into scans by a growing value. Either each place comes equally often, and as many runs of the
 * value cover each place once; or pauses in the value lie between the scans. Each scan makes a regular grid, or is a single slice;
 * one has at least eight. Otherwise nothing is cut.
 */
export function cutInOrder<T extends FrameHeader>(slices: readonly T[], name: Growing): readonly (readonly T[])[] {
  const dated = datedBy(slices, name);
  if (dated.at(0)?.value === dated.at(-1)?.value) return [slices];
  const runs = wholeRuns(dated);
  if (runs !== undefined) return areScans(runs) ? runs : [slices];
  if (name === 'InstanceNumber') return [slices];
  return cutsAtPauses(dated).find((parts) => !parts.some(comesTwice) && areScans(parts)) ?? [slices];
}

/**
 * Scans whose slices lie between each other's without sharing a place. As one stack they make no regular grid, or each of them
 * leaves no tissue out by itself; slices that were acquired in turns, as those of an MR are, belong together.
 */
export function scansInTurns<T extends FrameHeader>(slices: readonly T[]): readonly (readonly T[])[] {
  const dated = datedBy(slices, 'acquisitionOffsetS');
  if (dated.at(0)?.value === dated.at(-1)?.value) return [slices];
  const areApart = (parts: readonly (readonly T[])[]): boolean =>
    areInTurns(parts) && areScans(parts) && (parts.every(isContiguous) || !isRegular(slices));
  return cutsAtPauses(dated).find(areApart) ?? [slices];
}

/** Whether slices of one part lie between slices of another. Parts that follow each other are not in turns. */
export function areInTurns(parts: readonly (readonly FrameHeader[])[]): boolean {
  const places = parts.flatMap((part, of) => part.map((slice) => ({ of, along: alongNormal(slice) })));
  const ordered = places.toSorted((a, b) => a.along - b.along);
  return ordered.filter(({ of }, i) => i > 0 && of !== ordered[i - 1]?.of).length >= parts.length;
}

/** Whether two slices have the same position and orientation, to a hundredth of a millimetre. */
export function comesTwice(slices: readonly FrameHeader[]): boolean {
  const places = slices.map(placeOf).filter((place) => place !== '');
  return new Set(places).size < places.length;
}

/** Slices in the order of a value. Those that do not say it come first, apart from all others. */
function datedBy<T extends FrameHeader>(slices: readonly T[], name: Growing): readonly Dated<T>[] {
  return slices
    .map((slice) => ({ slice, value: slice[name] ?? Number.NEGATIVE_INFINITY }))
    .toSorted((a, b) => (a.value === b.value ? 0 : a.value - b.value));
}

/** Runs of slices that cover each place once, one run after the other; undefined where places come differently often, or once. */
function wholeRuns<T extends FrameHeader>(dated: readonly Dated<T>[]): readonly (readonly T[])[] | undefined {
  const counts = [...Map.groupBy(dated, ({ slice }) => placeOf(slice)).values()].map(({ length }) => length);
  const [times = 0] = counts;
  if (times < 2 || counts.some((count) => count !== times)) return undefined;
  const size = counts.length;
  const runs = Array.from({ length: times }, (_, n) => dated.slice(n * size, (n + 1) * size));
  const isAfter = runs.slice(1).every((run, n) => (run[0]?.value ?? 0) > (runs[n]?.at(-1)?.value ?? 0));
  const scans = runs.map((run) => run.map(({ slice }) => slice));
  return isAfter && !scans.some(comesTwice) ? scans : undefined;
}

/** Cut at the longest pause, at the two longest …, where these are clearly longer than the others. */
function cutsAtPauses<T>(dated: readonly Dated<T>[]): readonly (readonly (readonly T[])[])[] {
  const pauses = dated
    .slice(1)
    .map(({ value }, i) => ({ at: i + 1, length: pauseBetween(dated[i]?.value ?? value, value) }))
    .toSorted((a, b) => b.length - a.length);
  return pauses.slice(0, MOST_PAUSES).flatMap(({ length }, n) => {
    const isClear = length > CLEAR * (pauses[n + 1]?.length ?? 0);
    if (!isClear) return [];
    const cuts = pauses.slice(0, n + 1).map(({ at }) => at);
    const bounds = [0, ...cuts.toSorted((a, b) => a - b), dated.length];
    return [bounds.slice(1).map((end, i) => dated.slice(bounds[i], end).map(({ slice }) => slice))];
  });
}

/** Infinite after slices that do not say the value. */
const pauseBetween = (before: number, after: number): number => (before === after ? 0 : after - before);

/** Whether each part makes a regular grid, or is a single slice, and one is large enough to show that it is a scan. */
export function areScans(parts: readonly (readonly FrameHeader[])[]): boolean {
  const isScan = (part: readonly FrameHeader[]): boolean => part.length === 1 || isRegular(part);
  return parts.some(({ length }) => length >= LEAST_REGULAR) && parts.every(isScan);
}

function isContiguous(slices: readonly FrameHeader[]): boolean {
  const spacing = regularSpacing(slices) ?? Number.POSITIVE_INFINITY;
  return spacing <= INTERSPACED * (slices[0]?.SliceThickness ?? 0);
}
