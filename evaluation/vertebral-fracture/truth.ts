/** What is known of the vertebrae in a CT: which voxels belong to which, and the points of each body. */
import type { PointLps } from '#core/image/geometry.ts';
import { toLps, toVoxel, type VoxelSpace } from '#core/image/resample.ts';
import { type Motion, moved } from './copy.ts';
import type { ReferenceMask } from './reference.ts';

export interface Truth {
  /** Whole vertebrae, with sacrum: a finding belongs to the one in which most of its voxels lie. */
  readonly vertebrae: ReferenceMask;
  readonly bodies: readonly TrueBody[];
}

export interface TrueBody {
  readonly level: string;
  /** Whether the original shows all of the body. */
  readonly whole: boolean;
  /** The body's voxel centres, mm LPS: x, y, z after each other. */
  readonly points: Float32Array;
}

/** The truth of a mask of vertebrae and a mask of their bodies. `whole` lists the bodies that end in the picture. */
export function truthOf(vertebrae: ReferenceMask, bodies: ReferenceMask, whole: readonly string[]): Truth {
  const found = bodies.levels.map((): number[] => []);
  const { columns, rows, slices, labels } = bodies;
  for (let at = 0; at < columns * rows * slices; at += 1) {
    const label = labels[at] ?? 0;
    if (label === 0) continue;
    const point = toLps(bodies, at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows)));
    found[label - 1]?.push(...point);
  }
  return {
    vertebrae,
    bodies: bodies.levels.flatMap((level, index) => {
      const points = Float32Array.from(found[index] ?? []);
      return points.length === 0 ? [] : [{ level, whole: whole.includes(level), points }];
    }),
  };
}

/** The truth after the patient has moved. */
export function movedTruth({ vertebrae, bodies }: Truth, motion: Motion): Truth {
  return {
    vertebrae: moved(vertebrae, motion),
    bodies: bodies.map(({ points, ...body }) => {
      const places = new Float32Array(points.length);
      for (let n = 0; n < points.length; n += 3) places.set(motion.toNew(pointAt(points, n)), n);
      return { ...body, points: places };
    }),
  };
}

/** Whether all of a body lies in a picture that shows all of what the original shows there. */
export function isInView({ whole, points }: TrueBody, space: VoxelSpace): boolean {
  if (!whole) return false;
  const size = [space.columns, space.rows, space.slices];
  for (let n = 0; n < points.length; n += 3) {
    const voxel = toVoxel(space, pointAt(points, n));
    if (voxel.some((index, axis) => index < -0.5 || index > (size[axis] ?? 0) - 0.5)) return false;
  }
  return true;
}

const pointAt = (points: Float32Array, n: number): PointLps => [points[n] ?? 0, points[n + 1] ?? 0, points[n + 2] ?? 0];

/** The vertebra at a point; undefined outside all of them. */
export function levelAt({ vertebrae }: Truth, point: PointLps): string | undefined {
  const { columns, rows, slices, labels, levels } = vertebrae;
  const [i = 0, j = 0, k = 0] = toVoxel(vertebrae, point).map(Math.round);
  if (i < 0 || j < 0 || k < 0 || i >= columns || j >= rows || k >= slices) return undefined;
  return levels[(labels[(k * rows + j) * columns + i] ?? 0) - 1];
}
