/** Samples the sagittal map at a point between its eight nearest voxels (trilinear weights). */
import type { PointLps } from '#core/image/geometry.ts';
import type { SpineBodies } from './bodies.ts';
import type { SpineMap } from './segment.ts';

export interface BodySample {
  /** Occupancy by bodies, 0 to 255. */
  readonly occupancy: number;
  /** The same, without voxels that belong to other bodies than the requested one. */
  readonly free: number;
  /** Total weights, 0 to 1, of voxels of the requested body and of other bodies. */
  readonly own: number;
  readonly others: number;
}

/** Samples the map about one body; undefined outside the map. Every call returns the same object with new values. */
export function sampler(
  { grid, shape }: SpineMap,
  { labels, occupancy }: SpineBodies,
  label: number,
): (point: PointLps) => BodySample | undefined {
  const { columns, rows, slices } = shape;
  const { origin, spacingMm } = grid;
  const sample = { occupancy: 0, free: 0, own: 0, others: 0 };
  return (point) => {
    const plane = (point[0] - origin[0]) / spacingMm[0];
    const y = (point[1] - origin[1]) / spacingMm[1];
    const z = (point[2] - origin[2]) / spacingMm[2];
    const p0 = Math.floor(plane);
    const y0 = Math.floor(y);
    const z0 = Math.floor(z);
    if (p0 < 0 || y0 < 0 || z0 < 0 || p0 >= slices - 1 || y0 >= columns - 1 || z0 >= rows - 1) return undefined;
    sample.occupancy = 0;
    sample.free = 0;
    sample.own = 0;
    sample.others = 0;
    for (let corner = 0; corner < 8; corner += 1) {
      const dp = corner & 1;
      const dz = (corner >> 1) & 1;
      const dy = corner >> 2;
      const at = ((p0 + dp) * rows + z0 + dz) * columns + y0 + dy;
      const weight = (dp ? plane - p0 : 1 - plane + p0) * (dz ? z - z0 : 1 - z + z0) * (dy ? y - y0 : 1 - y + y0);
      const share = weight * (occupancy[at] ?? 0);
      const owner = labels[at] ?? 0;
      sample.occupancy += share;
      if (owner === 0 || owner === label) sample.free += share;
      if (owner === label) sample.own += weight;
      else if (owner !== 0) sample.others += weight;
    }
    return sample;
  };
}
