/** Which copies of the two real CTs are evaluated. */
import { createRandom } from '#phantoms/random.ts';
import type { Copy } from './copy.ts';

type Triple = readonly [number, number, number];

const THIRDS = [-1 / 3, 0, 1 / 3] as const;
const ANGLES = [4, -4, 2, -2, 5, -5, 3, -3, 1, -1] as const;
const DEVIATIONS_HU = [30, 20, 10] as const;

const itself: readonly Copy[] = [{ kind: 'itself' }];

/** The shifts by half a slice are first: they are the ones that changed names. */
const shifts: readonly Copy[] = [
  ...([
    [0, 0, 0.5],
    [0, 0, -0.5],
    [0.5, 0.5, 0.5],
    [0.5, 0, 0],
    [0, 0.5, 0],
  ] as const),
  ...THIRDS.flatMap((x) => THIRDS.flatMap((y) => THIRDS.map((z): Triple => [x, y, z]))),
]
  .filter((shift) => shift.some((step) => step !== 0))
  .map((shiftVoxels) => ({ kind: 'shifted', shiftVoxels }));

function turns(angles: readonly number[], how: { readonly kind: string; readonly asHeader?: true }): readonly Copy[] {
  return angles.flatMap((angle) =>
    [0, 1, 2].map((axis) => ({ ...how, turnDeg: [0, 1, 2].map((n) => (n === axis ? angle : 0)) as unknown as Triple })),
  );
}

function noises(times: number): readonly Copy[] {
  return Array.from({ length: times }, (_, seed) =>
    DEVIATIONS_HU.map((deviationHu) => ({ kind: 'noisier', noise: { deviationHu, seed } })),
  ).flat();
}

const resampled = (spacings: readonly Triple[]): readonly Copy[] =>
  spacings.map((spacingMm) => ({ kind: 'resampled', spacingMm }));

/** The same voxels in other orders: prone, feet first, both, lying on a side; sagittal and coronal slices. */
const stored: readonly Copy[] = (
  [
    ['+y', '-z', '-x'],
    ['-x', '-y', '+z'],
    ['-x', '+y', '-z'],
    ['+x', '-z', '+y'],
    ['+x', '-y', '-z'],
    ['+y', '-x', '+z'],
  ] as const
).map((axes) => ({ kind: 'stored otherwise', axes }));

/** Turned, shifted, resampled and noisier at once. */
function mixtures(count: number, spacing: (between: (lo: number, hi: number) => number) => Triple): readonly Copy[] {
  return Array.from({ length: count }, (_, index) => {
    const random = createRandom(index + 1);
    const between = (lo: number, hi: number): number => Number(random.between(lo, hi).toFixed(2));
    const triple = (most: number): Triple => [between(-most, most), between(-most, most), between(-most, most)];
    return {
      kind: 'all at once',
      turnDeg: triple(4),
      shiftVoxels: triple(0.5),
      spacingMm: spacing(between),
      noise: { deviationHu: between(0, 20), seed: index },
    };
  });
}

/** Copies of the lumbar CT (voxels of 3 mm) that show all of it. The first ones are of different kinds. */
export function lumbarCopies(): readonly Copy[] {
  return interleaved<Copy>([
    itself,
    shifts,
    turns(ANGLES, { kind: 'turned' }),
    resampled([
      [1.5, 1.5, 1.5],
      [3, 3, 1.5],
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 2],
      [2.5, 2.5, 2.5],
      [1, 1, 3],
      [1.5, 1.5, 3],
      [3, 3, 1],
      [2, 2, 3],
    ]),
    noises(3),
    mixtures(12, (between) => {
      const inPlane = between(1, 3);
      return [inPlane, inPlane, between(1, 3)];
    }),
    stored,
    turns([5, -3], { kind: 'turned, as the header says', asHeader: true }),
  ]);
}

/** Fewer slices than these hold no complete body, mm. */
const LEAST_MM = 30;
const WINDOWS = 11;

/** The lumbar CT without its lowest or its uppermost slices: cut at every slice, and at some after resampling to 1.5 mm. */
export function lumbarCuts(slices: number, sliceMm: number): readonly Copy[] {
  const least = Math.ceil(LEAST_MM / sliceMm);
  const places = spread(Array.from({ length: slices - least }, (_, index) => index + 1));
  const fine: Triple = [1.5, 1.5, 1.5];
  const fineSlices = Math.floor(((slices - 1) * sliceMm) / fine[2] + 1e-6) + 1;
  const windows = spread(
    Array.from({ length: WINDOWS }, (_, index) => Math.round(((index + 1) * fineSlices) / (WINDOWS + 4))),
  );
  return interleaved<Copy>([
    places.map((from) => ({ kind: 'cut from below', slices: [from, slices] as const })),
    places.map((from) => ({ kind: 'cut from above', slices: [0, slices - from] as const })),
    windows.map((from) => ({ kind: '1.5 mm, cut from below', spacingMm: fine, slices: [from, fineSlices] as const })),
    windows.map((from) => ({
      kind: '1.5 mm, cut from above',
      spacingMm: fine,
      slices: [0, fineSlices - from] as const,
    })),
  ]);
}

/** Copies of the CT of the chest (0.70 × 0.70 × 2.5 mm, 133 slices). */
export function chestCopies(): readonly Copy[] {
  return interleaved<Copy>([
    itself,
    shifts.slice(0, 6),
    turns([4, -2], { kind: 'turned' }),
    resampled([
      [0.703125, 0.703125, 1.25],
      [1, 1, 3],
      [1.5, 1.5, 2],
      [1, 1, 1],
    ]),
    noises(1),
    mixtures(4, (between) => {
      const inPlane = between(0.8, 1.5);
      return [inPlane, inPlane, between(1, 3)];
    }),
    [
      [0, 100],
      [40, 133],
      [20, 110],
      [60, 133],
      [0, 70],
      [7, 133],
    ].map(([from = 0, to = 133]) => ({ kind: 'cut', slices: [from, to] })),
  ]);
}

/** One of each list in turn, until all are used. */
export function interleaved<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list.slice(n, n + 1))).flat();
}

/** The same items, so ordered that the first few are spread over the whole list. */
export function spread<T>(list: readonly T[]): readonly T[] {
  const golden = (Math.sqrt(5) - 1) / 2;
  return list
    .map((item, n) => ({ item, place: ((n + 1) * golden) % 1 }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
