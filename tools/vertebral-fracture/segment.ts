/** Runs the model over the planes that show spine: a tissue class and the probability of "body" for each voxel. */
import type { GridShape } from '#core/image/components.ts';
import type { PointLps } from '#core/image/geometry.ts';
import type { LpsGrid } from '#core/image/resample.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { CHANNELS, type SagittalPlanes } from './preprocess.ts';

const MODEL = 'spine-sagittal';
/** The model's classes, in the order of its output. */
export const TISSUE = { background: 0, body: 1, disc: 2, sacrum: 3, posterior: 4 } as const;
const CLASSES = 5;

/** The spacing of the first, coarse search for the spine's planes: every 12 mm. */
const COARSE_STEP = 6;
/** A plane shows spine if it has at least this much body: about the section of one body. */
const LEAST_BODY_MM2 = 250;
/** The model also reads this many planes to each side of those that show spine. */
const MARGIN = 6;

/** A stack of sagittal planes near the spine. Index = (plane × height + z) × depth + y, on `grid` of LPS axes. */
export interface SpineMap {
  /** `columns` are the segmented planes; the origin is that of the first one. */
  readonly grid: LpsGrid;
  /** The same layout for `labelComponents`: columns y, rows z, slices planes. */
  readonly shape: GridShape;
  /** Classes of `TISSUE`. */
  readonly tissue: Uint8Array;
  /** Probability of "body", 0 to 255. */
  readonly bodyProbability: Uint8Array;
}

/** A range of x, mm, LPS. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where a coarse search over the whole width sees vertebral bodies. */
export interface SpinePlanes {
  /** The run of planes with most body. */
  readonly spine: Range;
  /** Other runs with nearly as much: a second spine, or something like one. */
  readonly others: readonly Range[];
}

/** Another run of planes with this part of the most body in a plane is looked at, too. */
const SECOND = 0.4;

/** Searches every sixth plane over the whole width. Undefined where there is no spine. */
export async function searchSpine(
  planes: SagittalPlanes,
  context: ProcessingContext,
): Promise<SpinePlanes | undefined> {
  const { grid } = planes;
  const areaMm2 = grid.spacingMm[1] * grid.spacingMm[2];
  const seen: { readonly plane: number; readonly body: number }[] = [];
  for (let plane = COARSE_STEP >> 1; plane < grid.columns; plane += COARSE_STEP) {
    const probabilities = await segmentPlane(planes, plane, context);
    const points = probabilities[TISSUE.body]?.reduce((sum, value) => sum + Number(value > 127), 0) ?? 0;
    seen.push({ plane, body: points * areaMm2 });
  }
  const best = seen.reduce((a, b) => (b.body > a.body ? b : a), { plane: 0, body: 0 });
  if (best.body < LEAST_BODY_MM2) return undefined;
  // A spine is one piece from side to side, so the search grows from the plane that shows most of it.
  const threshold = Math.max(LEAST_BODY_MM2, best.body * 0.08);
  const runAround = (plane: number): { readonly from: number; readonly to: number } => {
    const shows = (at: number): boolean => (seen.find((one) => one.plane === at)?.body ?? 0) >= threshold;
    let [from, to] = [plane, plane];
    while (shows(from - COARSE_STEP)) from -= COARSE_STEP;
    while (shows(to + COARSE_STEP)) to += COARSE_STEP;
    return { from, to };
  };
  const inMm = ({ from, to }: { readonly from: number; readonly to: number }): Range => {
    const x = (plane: number): number => grid.origin[0] + plane * grid.spacingMm[0];
    return { from: x(Math.max(0, from - MARGIN)), to: x(Math.min(grid.columns - 1, to + MARGIN)) };
  };
  const main = runAround(best.plane);
  const others = seen
    .filter(({ plane, body }) => (plane < main.from || plane > main.to) && body >= SECOND * best.body)
    .map(({ plane }) => runAround(plane));
  const apart = others.filter((run, index) => others.findIndex(({ from }) => from === run.from) === index);
  return { spine: inMm(main), others: apart.map(inMm) };
}

/** Runs the model on every plane within a range. */
export async function segmentSpine(
  planes: SagittalPlanes,
  range: Range,
  context: ProcessingContext,
): Promise<SpineMap> {
  const { grid } = planes;
  const [x, y, z] = grid.origin;
  const planeAt = (mm: number): number =>
    Math.min(grid.columns - 1, Math.max(0, Math.round((mm - x) / grid.spacingMm[0])));
  const [from, to] = [planeAt(range.from), planeAt(range.to)];
  const probabilities: (readonly Uint8Array[])[] = [];
  for (let plane = from; plane <= to; plane += 1) probabilities.push(await segmentPlane(planes, plane, context));
  return {
    grid: { ...grid, columns: to - from + 1, origin: [x + from * grid.spacingMm[0], y, z] },
    shape: { columns: grid.rows, rows: grid.slices, slices: to - from + 1 },
    ...acrossPlanes(probabilities),
  };
}

/** Weights of a plane and its neighbours. */
const KERNEL = [1, 2, 3, 2, 1] as const;

/**
 * The likeliest class at each point, after averaging each plane's probabilities with those of its neighbours: the model judges
 * planes one by one, and it mostly finds in the next plane what it misses in one.
 */
function acrossPlanes(planes: readonly (readonly Uint8Array[])[]): Pick<SpineMap, 'tissue' | 'bodyProbability'> {
  const size = planes[0]?.[0]?.length ?? 0;
  const tissue = new Uint8Array(planes.length * size);
  const bodyProbability = new Uint8Array(planes.length * size);
  const sums = Array.from({ length: CLASSES }, () => new Uint16Array(size));
  for (let plane = 0; plane < planes.length; plane += 1) {
    for (const sum of sums) sum.fill(0);
    let weights = 0;
    for (const [n, weight] of KERNEL.entries()) {
      const other = planes[plane + n - (KERNEL.length >> 1)];
      if (other === undefined) continue;
      weights += weight;
      for (const [c, sum] of sums.entries()) {
        const values = other[c];
        for (let at = 0; at < size; at += 1) sum[at] = (sum[at] ?? 0) + weight * (values?.[at] ?? 0);
      }
    }
    for (let at = 0; at < size; at += 1) {
      let best = 0;
      for (let c = 1; c < CLASSES; c += 1) if ((sums[c]?.[at] ?? 0) > (sums[best]?.[at] ?? 0)) best = c;
      tissue[plane * size + at] = best;
      bodyProbability[plane * size + at] = Math.round((sums[TISSUE.body]?.[at] ?? 0) / weights);
    }
  }
  return { tissue, bodyProbability };
}

/** The model's probabilities in one plane, 0 to 255, for each class. */
async function segmentPlane(
  planes: SagittalPlanes,
  plane: number,
  { engine, signal }: ProcessingContext,
): Promise<readonly Uint8Array[]> {
  signal.throwIfAborted();
  const { slices, rows } = planes.grid;
  const { tissue } = await engine.run(
    MODEL,
    { hu: { data: planes.input(plane), shape: [1, CHANNELS, slices, rows] } },
    { tissue: [1, CLASSES, slices, rows] },
  );
  const size = slices * rows;
  return Array.from({ length: CLASSES }, (_, c) => asBytes(tissue.data.subarray(c * size, (c + 1) * size)));
}

/** Probabilities as 0 to 255. */
function asBytes(probabilities: Float32Array): Uint8Array {
  const bytes = new Uint8Array(probabilities.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.round(255 * (probabilities[at] ?? 0));
  return bytes;
}

/** LPS of an index triple (y, z, plane) of the map. */
export function pointAt({ grid }: SpineMap, [y, z, plane]: readonly [number, number, number]): PointLps {
  const { origin, spacingMm } = grid;
  return [origin[0] + plane * spacingMm[0], origin[1] + y * spacingMm[1], origin[2] + z * spacingMm[2]];
}
