/** Bodies as masks on the source's own slices. */
import type { GridShape } from '#core/image/components.ts';
import type { PointLps } from '#core/image/geometry.ts';
import { toLps, toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { SegmentFrame } from '#core/tool.ts';
import type { Body, SpineBodies } from './bodies.ts';
import { sampler } from './sample.ts';
import type { SpineMap } from './segment.ts';

/**
 * The frames of one body: source voxels whose centre lies in it, by the interpolated probability. Frames are in the volume's
 * order; frames without a voxel are left out.
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
    const source = volume.frames[k];
    if (any && source !== undefined) frames.push({ ...source, bits });
  }
  return frames;
}

type Index = readonly [number, number, number];

/** First and last (y, z, plane) of a body, widened by one point. */
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

/** The source voxels that contain a box of the map, clipped to the volume. */
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

/** Whether a point is in the body: its probability is at least one half, and the nearest labelled point belongs to the body. */
function membership(map: SpineMap, spine: SpineBodies, label: number): (point: PointLps) => boolean {
  const sampleAt = sampler(map, spine, label);
  return (point) => {
    const sample = sampleAt(point);
    return sample !== undefined && sample.occupancy >= 127.5 && sample.own > sample.others;
  };
}
