/** Bodies as masks on the source's own slices. */
import type { GridShape } from '#core/image/components.ts';
import type { PointLps } from '#core/image/geometry.ts';
import { toLps, toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { SegmentFrame } from '#core/tool.ts';
import type { Body, SpineBodies } from './bodies.ts';
import type { SpineMap } from './segment.ts';

/**
 * The frames of one body: source voxels whose centre lies in it, by the model's probability between its own points.
 * Frames come in the volume's order, only those that hold a voxel.
 */
export function bodyFrames(volume: Volume, map: SpineMap, spine: SpineBodies, body: Body): readonly SegmentFrame[] {
  const box = boxOf(map, spine, body.label);
  if (box === undefined) return [];
  const [low, high] = voxelBox(volume, map, box);
  const isInside = membership(map, spine, body.label);
  const frames: SegmentFrame[] = [];
  for (let k = low[2]; k <= high[2]; k += 1) {
    const bits = new Uint8Array(Math.ceil((volume.rows * volume.columns) / 8));
    let any = false;
    for (let j = low[1]; j <= high[1]; j += 1) {
      for (let i = low[0]; i <= high[0]; i += 1) {
        if (!isInside(toLps(volume, i, j, k))) continue;
        const at = j * volume.columns + i;
        bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
        any = true;
      }
    }
    const SOPInstanceUID = volume.instances[k];
    if (any && SOPInstanceUID !== undefined) frames.push({ SOPInstanceUID, bits });
  }
  return frames;
}

type Index = readonly [number, number, number];

/** First and last (y, z, plane) of a body, one point wider. */
function boxOf({ shape }: SpineMap, { labels }: SpineBodies, label: number): readonly [Index, Index] | undefined {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < labels.length; at += 1) {
    if (labels[at] !== label) continue;
    const index = unravel(at, shape);
    for (const [axis, value] of index.entries()) {
      low[axis] = Math.min(low[axis] ?? value, value - 1);
      high[axis] = Math.max(high[axis] ?? value, value + 1);
    }
  }
  const [l0 = 0, l1 = 0, l2 = 0] = low;
  const [h0 = 0, h1 = 0, h2 = 0] = high;
  return Number.isFinite(l0)
    ? [
        [l0, l1, l2],
        [h0, h1, h2],
      ]
    : undefined;
}

function unravel(at: number, { columns, rows }: GridShape): Index {
  return [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
}

/** The source voxels that hold a box of the map, clipped to the volume. */
function voxelBox(volume: Volume, { grid }: SpineMap, [low, high]: readonly [Index, Index]): readonly [Index, Index] {
  const { origin, spacingMm } = grid;
  const corner = ([y, z, plane]: Index): PointLps => [
    origin[0] + plane * spacingMm[0],
    origin[1] + y * spacingMm[1],
    origin[2] + z * spacingMm[2],
  ];
  const voxels = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => {
    const pick = (axis: 0 | 1 | 2): number => ((bits >> axis) & 1 ? high[axis] : low[axis]);
    return toVoxel(volume, corner([pick(0), pick(1), pick(2)]));
  });
  const size = [volume.columns, volume.rows, volume.slices] as const;
  const from = (axis: 0 | 1 | 2): number => Math.max(0, Math.floor(Math.min(...voxels.map((v) => v[axis]))));
  const to = (axis: 0 | 1 | 2): number => Math.min(size[axis] - 1, Math.ceil(Math.max(...voxels.map((v) => v[axis]))));
  return [
    [from(0), from(1), from(2)],
    [to(0), to(1), to(2)],
  ];
}

/** Whether a point is in the body: the probability there is at least one half and the nearest labelled point is the body's. */
function membership(
  { grid, shape }: SpineMap,
  { labels, occupancy }: SpineBodies,
  label: number,
): (point: PointLps) => boolean {
  const { columns, rows, slices } = shape;
  const { origin, spacingMm } = grid;
  return (point) => {
    const plane = (point[0] - origin[0]) / spacingMm[0];
    const y = (point[1] - origin[1]) / spacingMm[1];
    const z = (point[2] - origin[2]) / spacingMm[2];
    const p0 = Math.floor(plane);
    const y0 = Math.floor(y);
    const z0 = Math.floor(z);
    if (p0 < 0 || y0 < 0 || z0 < 0 || p0 >= slices - 1 || y0 >= columns - 1 || z0 >= rows - 1) return false;
    let sum = 0;
    let own = 0;
    let others = 0;
    for (let corner = 0; corner < 8; corner += 1) {
      const dp = corner & 1;
      const dz = (corner >> 1) & 1;
      const dy = corner >> 2;
      const at = ((p0 + dp) * rows + z0 + dz) * columns + y0 + dy;
      const weight = (dp ? plane - p0 : 1 - plane + p0) * (dz ? z - z0 : 1 - z + z0) * (dy ? y - y0 : 1 - y + y0);
      sum += weight * (occupancy[at] ?? 0);
      const owner = labels[at] ?? 0;
      if (owner === label) own += weight;
      else if (owner !== 0) others += weight;
    }
    return sum >= 127.5 && own > others;
  };
}
