/** Slices of a series that are no part of its scan: pixel twins, and the odd image out. */
import type { Reason } from '../errors.ts';
import { alongNormal, type FrameHeader, placeOf } from './frames.ts';
import { haveSamePixels, isLossyCopy } from './likeness.ts';
import { isRegular, LEAST_REGULAR } from './regular.ts';
import { contentOf, isParallel, splitMixed } from './split-frames.ts';
import type { InstanceIndex, SetAside } from './study-index.ts';

/** Slices that remain, and those that were set aside. */
interface Sorted<T> {
  readonly kept: readonly T[];
  readonly aside: readonly { readonly instances: readonly T[]; readonly reason: Reason }[];
}

/** At most so many slices are odd: one, or one in fifty. More of them are a part of the scan, or another one. */
const MOST_ODD = 1 / 50;
/** A slice farther from the others than this many spacings was not scanned with them. Nearer ones point at missing slices. */
const FAR_SPACINGS = 5;
/** Beyond this many kinds of slices none is odd. */
const MOST_KINDS = 8;

const LOSSY = {
  code: 'lossy-copy',
  message: 'the same place as another image, compressed with loss (Lossy Image Compression)',
};
const TWIN = { code: 'pixel-twin', message: 'the same place and the same pixels as another image' };

/** What tells scans of one series apart before they are split: acquisition, and what the slices show. */
export const scanOf = (slice: FrameHeader): string => `${slice.AcquisitionNumber} ${contentOf(slice)}`;

/**
 * Sets aside slices that were sent twice under two SOP Instance UIDs: same place, same pixels as stored (or as decoded, where
 * that is known), or once more with loss. The first by SOPInstanceUID is kept. Slices of one place whose pixels differ otherwise are
 * all kept, and loading refuses them.
 *
 * @param scanOf what tells scans apart: slices of two scans are no twins
 */
export function withoutTwins<T extends FrameHeader>(
  slices: readonly T[],
  scanOf: (slice: T) => string = () => '',
): Sorted<T> {
  const places = Map.groupBy(
    slices,
    (slice) => placeOf(slice) && `${placeOf(slice)} ${slice.FrameOfReferenceUID} ${scanOf(slice)}`,
  );
  if (places.size === slices.length) return { kept: slices, aside: [] };
  const twins = new Set<T>();
  const lossy = new Set<T>();
  for (const [place, members] of places) {
    if (place === '') continue;
    for (const [i, each] of members.entries()) {
      if (members.slice(0, i).some((other) => haveSamePixels(other, each))) twins.add(each);
      else if (members.some((other) => isLossyCopy(each, other))) lossy.add(each);
    }
  }
  const aside = [
    { instances: [...twins], reason: TWIN },
    { instances: [...lossy], reason: LOSSY },
  ].filter(({ instances }) => instances.length > 0);
  return { kept: slices.filter((slice) => !twins.has(slice) && !lossy.has(slice)), aside };
}

/**
 * Sets aside the odd images of a series: a reformat, a scout without LOCALIZER, a thumbnail, a slice far from all others.
 * They are few, and the others make one regular grid, or several that `splitMixed` tells apart. Otherwise nothing is set aside,
 * and loading reports the fault: a part of a scan must not pass for the scan.
 */
export function withoutOdd(slices: readonly InstanceIndex[]): Sorted<InstanceIndex> {
  const odd = oddOf(slices);
  const most = Math.max(1, Math.floor(slices.length * MOST_ODD));
  const all = new Set(odd.flatMap(({ instances }) => instances));
  const kept = slices.filter((slice) => !all.has(slice));
  const areOdd = all.size > 0 && all.size <= most && kept.length >= LEAST_REGULAR && splitMixed(kept).every(isRegular);
  return areOdd ? { kept, aside: odd } : { kept: slices, aside: [] };
}

function oddOf(slices: readonly InstanceIndex[]): readonly SetAside[] {
  const kinds = kindsOf(slices);
  const [usual, ...others] = kinds.toSorted((a, b) => b.length - a.length);
  const [first] = usual ?? [];
  if (usual === undefined || first === undefined) return [];
  const odd = others.flatMap((members) =>
    members.slice(0, 1).map((slice) => ({ instances: members, reason: oddness(difference(first, slice)) })),
  );
  return [...odd, ...farFrom(usual)];
}

/** Groups slices of one size and orientation in one frame of reference; none where the kinds are too many. */
function kindsOf(slices: readonly InstanceIndex[]): readonly (readonly InstanceIndex[])[] {
  const kinds: InstanceIndex[][] = [];
  for (const slice of slices) {
    const kind = kinds.find(([first]) => first !== undefined && difference(first, slice) === '');
    if (kind !== undefined) kind.push(slice);
    else if (kinds.length === MOST_KINDS) return [];
    else kinds.push([slice]);
  }
  return kinds;
}

/** What keeps two slices from being in one volume, in words; '' where nothing does. */
function difference(a: InstanceIndex, b: InstanceIndex): string {
  const hasPlace = ({ ImagePositionPatient, ImageOrientationPatient }: InstanceIndex): boolean =>
    ImagePositionPatient !== undefined && ImageOrientationPatient !== undefined;
  if (hasPlace(a) !== hasPlace(b)) return 'without position or orientation, unlike';
  if (!isParallel(a, b)) return 'another orientation than';
  if (a.FrameOfReferenceUID !== b.FrameOfReferenceUID) return 'another frame of reference than';
  return a.Rows === b.Rows && a.Columns === b.Columns && haveSameSpacing(a, b)
    ? ''
    : 'another matrix or pixel spacing than';
}

/** To a thousandth, as within a volume (`core/image/volume-geometry.ts`). */
function haveSameSpacing({ PixelSpacing: left }: InstanceIndex, { PixelSpacing: right }: InstanceIndex): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.every((spacing, i) => Math.abs(spacing - (right[i] ?? 0)) <= spacing / 1000);
}

/** Slices beyond a wide gap at either end. */
function farFrom(slices: readonly InstanceIndex[]): readonly SetAside[] {
  const sorted = slices.map((slice) => ({ slice, along: alongNormal(slice) })).toSorted((a, b) => a.along - b.along);
  const gaps = sorted.slice(1).map(({ along }, i) => along - (sorted[i]?.along ?? along));
  const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
  const wide = gaps.flatMap((gap, i) => (usual > 0 && gap >= FAR_SPACINGS * usual ? [i + 1] : []));
  const bounds = [0, ...wide, sorted.length];
  const runs = bounds.slice(1).map((end, i) => sorted.slice(bounds[i], end));
  const longest = runs.reduce((most, run, i) => (run.length > (runs[most]?.length ?? 0) ? i : most), 0);
  return runs.flatMap((run, i) => {
    if (i === longest) return [];
    const gapMm = gaps[((i < longest ? bounds[i + 1] : bounds[i]) ?? 1) - 1] ?? 0;
    return [
      {
        instances: run.map(({ slice }) => slice),
        reason: oddness(`at least ${Math.round(gapMm)} mm away from`),
      },
    ];
  });
}

function oddness(difference: string): Reason {
  return { code: 'odd-image', message: `${difference} the other images of the series` };
}
