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
  const least = gaps.reduce((smallest, { mm }) => Math.min(smallest, mm), Number.POSITIVE_INFINITY);
  const ones = gaps.filter(({ mm }) => mm <= ONE_SPACING * least);
  if (gaps.length < 2 || least === 0) return 0;
  const spacing = ones.reduce((sum, { mm }) => sum + mm, 0) / ones.length;
  const step = usualStep(ones);
  if (ones.length === gaps.length) return leftOut(ones, { spacing, step, numbers });
  const wide = gaps.filter(({ mm }) => mm > ONE_SPACING * least);
  if (wide.some(({ mm }) => Math.abs(mm / spacing - Math.round(mm / spacing)) > OFF_GRID)) return 0;
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
  const steps = neighbours.map(stepOf);
  const usual = steps.toSorted((a = 0, b = 0) => a - b)[steps.length >> 1];
  const same = steps.filter((step) => step === usual).length;
  return usual !== undefined && usual > 0 && same >= MOSTLY * steps.length ? usual : undefined;
}

/**
 * How many slices are missing where every second one, say, is there: the regular distances leave tissue out, and the series has no
 * image of the numbers between them.
 */
function leftOut(
  neighbours: readonly Gap[],
  {
    spacing,
    step = 1,
    numbers,
  }: { readonly spacing: number; readonly step: number | undefined; readonly numbers: ReadonlySet<number> },
): number {
  const thickness = neighbours[0]?.from.SliceThickness;
  if (step === 1 || thickness === undefined || spacing <= INTERSPACED * thickness) return 0;
  const between = neighbours.flatMap(({ from, to }) => {
    const [low, high] = [from.InstanceNumber ?? 0, to.InstanceNumber ?? 0].toSorted((a, b) => a - b);
    return Array.from({ length: step - 1 }, (_, i) => (low ?? 0) + i + 1).filter((number) => number < (high ?? 0));
  });
  return between.some((number) => numbers.has(number)) ? 0 : between.length;
}
