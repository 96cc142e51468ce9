/** Compresses one body of a real CT by a known amount: moves its endplates together and stretches the adjacent discs. */
import { toLps, toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { add, dot, subtract, times } from '#tools/vertebral-fracture/chain-geometry.ts';
import type { BodyHeights } from '#tools/vertebral-fracture/heights.ts';
import type { HeightsMm } from './judge-phantom.ts';

export interface Compression {
  readonly type: 'wedge' | 'biconcave' | 'crush';
  /** Largest loss of the three heights, 0 to 1. */
  readonly loss: number;
}

/** The shares of the largest loss that are lost in front, in the middle and at the back. */
const PROFILES: Readonly<Record<Compression['type'], HeightsMm>> = {
  wedge: [1, 0.5, 0.03],
  biconcave: [0.25, 1, 0.25],
  crush: [1, 0.95, 0.85],
};
const STATIONS = [0.15, 0.5, 0.85] as const;
/** The share of the lost height by which the upper endplate moves. */
const UPPER = { wedge: 0.75, biconcave: 0.5, crush: 0.6 } as const;
/** How far above and below the body the tissue is stretched, mm: about one disc. */
const DISC_MM = 8.5;
/**
 * An endplate is a bright layer that the scanner blurs over two millimetres and more. So this much tissue on both sides of it
 * moves with it unchanged. If it were stretched, its outer half would look like bone where there is none.
 */
const ENDPLATE_MM = 2.5;
/** The distance over which the displacement fades out beyond the body's sides, mm. */
const FADE_MM = 8;

/** The heights that a body has after a compression. */
export function compressedHeights(heights: BodyHeights, { type, loss }: Compression): HeightsMm {
  const [a, m, p] = PROFILES[type];
  return [heights.anteriorMm * (1 - loss * a), heights.middleMm * (1 - loss * m), heights.posteriorMm * (1 - loss * p)];
}

/** The same CT with one body compressed. `widthMm` is the body's width from side to side. */
export function compress(volume: Volume, heights: BodyHeights, widthMm: number, compression: Compression): Volume {
  const { centre, axes, depthMm, endpoints } = heights;
  const { type, loss } = compression;
  const profile = PROFILES[type];
  const along = (values: readonly number[], station: number): number => parabola(STATIONS, values, station);
  const upper = endpoints.map(([point]) => dot(subtract(point, centre), axes.up));
  const lower = endpoints.map(([, point]) => dot(subtract(point, centre), axes.up));
  const sample = trilinear(volume);
  const voxels = volume.voxels.slice();
  const { columns, rows, slices } = volume;

  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        const from = subtract(toLps(volume, i, j, k), centre);
        const [s, t, h] = [dot(from, axes.lateral), dot(from, axes.depth), dot(from, axes.up)];
        const weight = fade(Math.abs(s) - widthMm / 2) * fade(Math.abs(t) - depthMm / 2);
        if (weight === 0 || Math.abs(h) > 40) continue;
        const station = Math.min(1.1, Math.max(-0.1, t / depthMm + 0.5));
        const across = type === 'biconcave' ? Math.max(0, 1 - (2 * s) ** 2 / widthMm ** 2) : 1;
        const [top, bottom] = [along(upper, station), along(lower, station)];
        const lost = Math.max(0, along(profile, station)) * across * weight * loss * (top - bottom);
        const source = heightBefore(h, { top, bottom }, { top: lost * UPPER[type], bottom: lost * (1 - UPPER[type]) });
        if (source === h) continue;
        const [a, b, c] = toVoxel(
          volume,
          add(centre, add(times(axes.lateral, s), add(times(axes.depth, t), times(axes.up, source)))),
        );
        voxels[(k * rows + j) * columns + i] = Math.round(sample(a, b, c));
      }
    }
  }
  return { ...volume, voxels };
}

interface Ends {
  readonly top: number;
  readonly bottom: number;
}

/** The height, before the endplates moved by `moved`, of the tissue that is now at height `h`, mm. */
function heightBefore(h: number, { top, bottom }: Ends, moved: Ends): number {
  const half = Math.min(ENDPLATE_MM, (top - moved.top - bottom - moved.bottom) / 3);
  // Pairs of heights now and before, from below upwards. Between them, tissue is stretched or compressed.
  const [newTop, newBottom] = [top - moved.top, bottom + moved.bottom];
  return between(h, [
    [bottom - DISC_MM + ENDPLATE_MM, bottom - DISC_MM + ENDPLATE_MM],
    [newBottom - ENDPLATE_MM, bottom - ENDPLATE_MM],
    [newBottom + half, bottom + half],
    [newTop - half, top - half],
    [newTop + ENDPLATE_MM, top + ENDPLATE_MM],
    [top + DISC_MM - ENDPLATE_MM, top + DISC_MM - ENDPLATE_MM],
  ]);
}

/** Piecewise linear through points; the identity beyond them. */
function between(x: number, points: readonly (readonly [now: number, before: number])[]): number {
  for (let n = 1; n < points.length; n += 1) {
    const [[x0, y0], [x1, y1]] = [points[n - 1] ?? [0, 0], points[n] ?? [0, 0]];
    if (x >= x0 && x < x1) return y0 + ((x - x0) * (y1 - y0)) / (x1 - x0);
  }
  return x;
}

const fade = (beyondMm: number): number => Math.min(1, Math.max(0, 1 - beyondMm / FADE_MM));

/** The parabola through three points, at `x`. */
function parabola(xs: readonly [number, number, number], values: readonly number[], x: number): number {
  return xs.reduce((sum, own, n) => {
    const others = xs.filter((_, m) => m !== n);
    const share = others.reduce((product, other) => (product * (x - other)) / (own - other), 1);
    return sum + share * (values[n] ?? 0);
  }, 0);
}

/** Trilinear interpolation; beyond the border, the value at the border. */
function trilinear({ voxels, columns, rows, slices }: Volume): (i: number, j: number, k: number) => number {
  const clamp = (value: number, size: number): number => Math.min(size - 1, Math.max(0, value));
  return (i, j, k) => {
    const [i0, j0, k0] = [Math.floor(i), Math.floor(j), Math.floor(k)];
    let value = 0;
    for (let corner = 0; corner < 8; corner += 1) {
      const [di, dj, dk] = [corner & 1, (corner >> 1) & 1, corner >> 2];
      const weight = (di ? i - i0 : 1 - i + i0) * (dj ? j - j0 : 1 - j + j0) * (dk ? k - k0 : 1 - k + k0);
      const at = (clamp(k0 + dk, slices) * rows + clamp(j0 + dj, rows)) * columns + clamp(i0 + di, columns);
      value += weight * (voxels[at] ?? 0);
    }
    return value;
  };
}
