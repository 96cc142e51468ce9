/** What lies around the brain: air at the corners of the image, and more of the head below the brain than above it. */
import type { PointLps } from '#core/image/geometry.ts';
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import type { TissueMap } from './tissue.ts';

/** The side of the cube that is looked at in each corner, mm. */
const CORNER_MM = 12;
/** Brighter than air: a third of white matter's brightness (`scale.ts`). */
const HEAD = 0.22;

export interface Surroundings {
  /** What is brighter than air and no brain, mL. */
  readonly outsideMl: number;
  /** The median over the corners of the image of their mean value. */
  readonly corners: number;
  /** What is brighter than air above the highest and below the lowest point of the brain, mL. */
  readonly aboveMl: number;
  readonly belowMl: number;
}

export function surroundingsOf(tissue: TissueMap, head: ConformedHead, volume: Volume): Surroundings {
  const layer = SIDE * SIDE;
  const lowest = Math.floor(tissue.findIndex((found) => found !== 0) / layer);
  const highest = Math.floor(tissue.findLastIndex((found) => found !== 0) / layer);
  let [above, below, outside, at] = [0, 0, 0, -1];
  for (let z = 0; z < SIDE; z += 1) {
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        at += 1;
        if (tissue[at] !== 0 || (head.values[modelIndex(x, y, z)] ?? 0) <= HEAD) continue;
        outside += 1;
        if (z > highest) above += 1;
        if (z < lowest) below += 1;
      }
    }
  }
  return {
    corners: cornersOf(head, volume),
    outsideMl: outside / 1000,
    aboveMl: above / 1000,
    belowMl: below / 1000,
  };
}

function cornersOf({ grid, values }: ConformedHead, volume: Volume): number {
  const sides = [volume.columns, volume.rows, volume.slices] as const;
  const depth = volume.spacingMm.map((mm) => Math.max(1, Math.round(CORNER_MM / mm)));
  const means: number[] = [];
  for (let corner = 0; corner < 8; corner += 1) {
    const first = sides.map((side, axis) => ((corner >> axis) & 1 ? Math.max(0, side - (depth[axis] ?? 1)) : 0));
    let [sum, count] = [0, 0];
    for (let k = 0; k < (depth[2] ?? 1); k += 1) {
      for (let j = 0; j < (depth[1] ?? 1); j += 1) {
        for (let i = 0; i < (depth[0] ?? 1); i += 1) {
          const point = toLps(volume, (first[0] ?? 0) + i, (first[1] ?? 0) + j, (first[2] ?? 0) + k);
          const at = gridPoint(point, grid.origin);
          if (at === undefined) continue;
          sum += values[modelIndex(...at)] ?? 0;
          count += 1;
        }
      }
    }
    means.push(count === 0 ? 0 : sum / count);
  }
  return means.toSorted((a, b) => a - b)[4] ?? 0;
}

function gridPoint(point: PointLps, origin: PointLps): readonly [number, number, number] | undefined {
  const at = [0, 1, 2].map((axis) => Math.round((point[axis] ?? 0) - (origin[axis] ?? 0)));
  const [x = -1, y = -1, z = -1] = at;
  return at.every((index) => index >= 0 && index < SIDE) ? [x, y, z] : undefined;
}
