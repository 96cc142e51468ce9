/**
 * Slices that are missing between others. A series whose slices are still on their way has holes: distances that are a multiple of
 * its own spacing (PS3.3 C.7.6.2.1.1), or Instance Numbers that nobody has.
 */
import { alongNormal, type FrameHeader, placeOf } from '#core/study/frames.ts';
import { INTERSPACED } from '#core/study/regular.ts';
import { isParallel } from '#core/study/split-frames.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';

/** Distances up to this multiple of the least are one spacing: positions that are rounded to 1 mm make 2 and 3 mm of 2.5 mm. */
const ONE_SPACING = 1.5;
/** How far a distance may be from a multiple of the spacing, as a fraction of the spacing (`core/image/slice-grid.ts`). */
const OFF_GRID = 0.2;
/** The share of neighbours that Instance Number counts in the same step, so that it follows the positions. */
const MOSTLY = 0.9;

/** More numbers between two slices number something else. */
const MOST_NUMBERS = 1_000;

interface Gap {
  readonly from: FrameHeader;
  readonly to: FrameHeader;
  readonly mm: number;
}

/**
 * How many slices are missing in an image of single-frame instances. An image whose distances are no multiples of each other has
 * another spacing by design, and so has one whose Instance Numbers go on across the hole: none is missing there.
 *
 * @param numbers the Instance Numbers that the image's series has
 */
export function missingSlices(image: ImageIndex, numbers: ReadonlySet<number>): number {
  const slices = slicesOf(image);
  const gaps = slices.slice(1).map((to, i): Gap => {
    const from = slices[i] ?? to;
    return { from, to, mm: Math.abs(alongNormal(to) - alongNormal(from)) };
  });
  if (gaps.length < 2) return 0;
  return missingNumbers(gaps, numbers) ?? missingPlaces(gaps);
}

/**
 * The numbers that nobody has, where distances grow with Instance Number: it then numbers the places. Undefined where they do not. Where
 * no two slices are neighbours by number, only tissue that is left out between them shows that slices are missing.
 */
function missingNumbers(gaps: readonly Gap[], numbers: ReadonlySet<number>): number | undefined {
  const steps = gaps.map(stepOf);
  const spacings = gaps.map(({ mm }, i) => mm / (steps[i] ?? 0));
  const spacing = middle(spacings);
  if (steps.some((step = 0) => step > MOST_NUMBERS)) return undefined;
  if (!spacings.every((each) => Math.abs(each / spacing - 1) <= OFF_GRID)) return undefined;
  const thickness = gaps[0]?.from.SliceThickness ?? Number.POSITIVE_INFINITY;
  if (!steps.includes(1) && !gaps.every(({ mm }) => mm > INTERSPACED * thickness)) return 0;
  const between = gaps.flatMap(({ from, to }, i) => {
    const least = Math.min(from.InstanceNumber ?? 0, to.InstanceNumber ?? 0);
    return Array.from({ length: (steps[i] ?? 1) - 1 }, (_, n) => least + n + 1);
  });
  return between.filter((number) => !numbers.has(number)).length;
}

/** Places that are free on the grid of the least distance. */
function missingPlaces(gaps: readonly Gap[]): number {
  const least = gaps.reduce((smallest, { mm }) => Math.min(smallest, mm), Number.POSITIVE_INFINITY);
  const isOne = ({ mm }: Gap): boolean => mm <= ONE_SPACING * least;
  const ones = gaps.filter(isOne);
  const spacing = ones.reduce((sum, { mm }) => sum + mm, 0) / ones.length;
  const wide = gaps.filter((gap) => !isOne(gap));
  if (wide.some(({ mm }) => Math.abs(mm / spacing - Math.round(mm / spacing)) > OFF_GRID)) return 0;
  const step = usualStep(ones);
  const holes = wide.filter((gap) => step === undefined || stepOf(gap) !== step);
  return holes.reduce((sum, { mm }) => sum + Math.round(mm / spacing) - 1, 0);
}

/** The image's slices along the normal, one for each place, with those of its size that lie far from the others. */
function slicesOf({ kind, instances, frames, aside = [] }: ImageIndex): readonly FrameHeader[] {
  const [first] = instances;
  const isSlice = (one: InstanceIndex): boolean => one.frames === undefined && placeOf(one) !== '';
  if (kind !== 'volume' || frames !== undefined || first === undefined || !instances.every(isSlice)) return [];
  const isAlike = (one: InstanceIndex): boolean =>
    isSlice(one) && isParallel(first, one) && one.Rows === first.Rows && one.Columns === first.Columns;
  if (!instances.every(isAlike)) return [];
  const all = [...instances, ...aside.flatMap((each) => each.instances).filter(isAlike)];
  const places = new Map(all.map((slice) => [placeOf(slice), slice]));
  return [...places.values()].toSorted((a, b) => alongNormal(a) - alongNormal(b));
}

/** How far apart the Instance Numbers of two slices of one series are. */
function stepOf({ from, to }: Gap): number | undefined {
  if (from.SeriesInstanceUID !== to.SeriesInstanceUID) return undefined;
  if (from.InstanceNumber === undefined || to.InstanceNumber === undefined) return undefined;
  return Math.abs(to.InstanceNumber - from.InstanceNumber);
}

/** The step of Instance Number between neighbours; undefined where it does not follow the positions (slices acquired in turns). */
function usualStep(neighbours: readonly Gap[]): number | undefined {
  const steps = neighbours.map((gap) => stepOf(gap) ?? 0);
  const usual = middle(steps);
  const same = steps.filter((step) => step === usual).length;
  return usual > 0 && same >= MOSTLY * steps.length ? usual : undefined;
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
