/** The outline of the body in axial planes of a CT, coarse and fast: enough to see how large it is and how it lies. */
import { type Component, labelComponents } from './components.ts';
import { boundsOf, toVoxel } from './resample.ts';
import type { Volume } from './volume.ts';

/** What one axial plane shows. Lengths in mm, coordinates in LPS: x to the left, y to posterior, z to the head. */
export interface BodyPlane {
  readonly z: number;
  /** Edges of the body: its largest solid part, without table, clothes and separate arms. */
  readonly x: readonly [right: number, left: number];
  readonly y: readonly [front: number, back: number];
  /** Whether air is seen beyond the body to both sides, and in front and behind: then the edges are the skin. */
  readonly isWide: boolean;
  readonly isDeep: boolean;
  /** mm² of bone within 35 mm of the midline, in the front and in the back half of the body. */
  readonly midlineBone: readonly [front: number, back: number];
  /** mm² of dense bone more than 50 mm from the midline, on either side. */
  readonly lateralBone: readonly [right: number, left: number];
  /** mm² of lung: air with tissue in it, inside the body. */
  readonly lung: number;
}

/** mm between samples in a plane, closer together in pictures that are less than 360 mm wide and deep; at least between planes. */
const SAMPLE_MM = 3;
const LEAST_SAMPLES = 120;
const PLANE_MM = 8;
const MOST_PLANES = 48;
const AIR = -1024;
/** Nothing measured is darker: padding. */
const PADDING = -1500;
/** Flesh fills more of a square of 5 × 5 samples than a table's shell does. */
const REACH = 2;
const SOLID = -300;
const LUNG = { from: -950, to: -500 } as const;
/** HU. Beside the midline, kidneys with contrast agent are nearly as dense as bone. */
const BONE = { midline: 220, lateral: 300 } as const;
/** Of a sample and its eight neighbours, this many are bone; noise makes single ones. */
const LEAST_NEIGHBOURS = 3;
const MIDLINE_MM = 35;
const LATERAL_MM = 50;
/** A smaller part is an arm, or a part of the table: samples. */
const LEAST_BODY = 280;

/** The body is cut off where the picture ends within this many samples. Squares at the border hold air from outside. */
const EDGE = 2 * REACH;

interface Plane {
  /** mm between samples. */
  readonly step: number;
  readonly columns: number;
  readonly rows: number;
  /** HU at each sample, row-major; padding and what is outside the volume is air. */
  readonly values: Float32Array;
  /** 1 where the volume shows something. */
  readonly seen: Uint8Array;
  /** Means over squares of 5 × 5 samples. */
  readonly means: Float32Array;
}

/** Planes spread evenly over the height of a CT, from the feet up; without those that show no body. Takes about 50 ms. */
export function bodyPlanes(volume: Volume): readonly BodyPlane[] {
  const { min, max } = boundsOf(volume);
  const height = Math.max(PLANE_MM, (max[2] - min[2]) / MOST_PLANES);
  const step = Math.min(SAMPLE_MM, Math.max(max[0] - min[0], max[1] - min[1]) / LEAST_SAMPLES);
  const planes: BodyPlane[] = [];
  for (let z = min[2] + height / 2; z < max[2]; z += height) {
    const plane = sampled(volume, z, step);
    const body = largestPart(plane);
    if (body !== undefined) planes.push(described(plane, body, z, min));
  }
  return planes;
}

function sampled(volume: Volume, z: number, step: number): Plane {
  const { min, max } = boundsOf(volume);
  const columns = Math.floor((max[0] - min[0]) / step) + 1;
  const rows = Math.floor((max[1] - min[1]) / step) + 1;
  const values = new Float32Array(columns * rows);
  const seen = new Uint8Array(columns * rows);
  const start = toVoxel(volume, [min[0], min[1], z]);
  const alongX = toVoxel(volume, [min[0] + step, min[1], z]).map((at, axis) => at - (start[axis] ?? 0));
  const alongY = toVoxel(volume, [min[0], min[1] + step, z]).map((at, axis) => at - (start[axis] ?? 0));
  const [i0, j0, k0] = start;
  const [ix = 0, jx = 0, kx = 0] = alongX;
  const [iy = 0, jy = 0, ky = 0] = alongY;
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const i = Math.round(i0 + x * ix + y * iy);
      const j = Math.round(j0 + x * jx + y * jy);
      const k = Math.round(k0 + x * kx + y * ky);
      const isInside = i >= 0 && j >= 0 && k >= 0 && i < volume.columns && j < volume.rows && k < volume.slices;
      const value = isInside ? (volume.voxels[(k * volume.rows + j) * volume.columns + i] ?? PADDING) : PADDING;
      values[y * columns + x] = value > PADDING ? value : AIR;
      seen[y * columns + x] = Number(value > PADDING);
    }
  }
  return { step, columns, rows, values, seen, means: squareMeans(values, columns, rows) };
}

/** Means over squares of 5 × 5 samples, from sums over rows and then over columns. Beyond the border there is air. */
function squareMeans(values: Float32Array, columns: number, rows: number): Float32Array {
  const sums = new Float32Array(values.length);
  const means = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    const x = at % columns;
    for (let d = -REACH; d <= REACH; d += 1) {
      sums[at] = (sums[at] ?? 0) + (x + d < 0 || x + d >= columns ? AIR : (values[at + d] ?? AIR));
    }
  }
  const side = 2 * REACH + 1;
  for (let at = 0; at < values.length; at += 1) {
    const y = Math.floor(at / columns);
    let sum = 0;
    for (let d = -REACH; d <= REACH; d += 1) {
      sum += y + d < 0 || y + d >= rows ? AIR * side : (sums[at + d * columns] ?? AIR);
    }
    means[at] = sum / (side * side);
  }
  return means;
}

interface Part {
  readonly component: Component;
  readonly contains: (at: number) => boolean;
}

function largestPart({ means, columns, rows }: Plane): Part | undefined {
  const solid = Uint8Array.from(means, (mean) => Number(mean > SOLID));
  const { labels, components } = labelComponents(solid, { columns, rows, slices: 1 });
  const [component] = components.toSorted((a, b) => b.size - a.size);
  if (component === undefined || component.size < LEAST_BODY) return undefined;
  return { component, contains: (at) => labels[at] === component.label };
}

function described(plane: Plane, { component, contains }: Part, z: number, min: readonly number[]): BodyPlane {
  const { step, columns, means } = plane;
  const { min: first, max: last } = component;
  const centre = (first[0] + last[0]) / 2;
  const middle = (first[1] + last[1]) / 2;
  const midlineBone: [number, number] = [0, 0];
  const lateralBone: [number, number] = [0, 0];
  let lung = 0;
  let [isWide, isDeep] = [true, true];
  for (let y = first[1]; y <= last[1]; y += 1) {
    const row = y * columns;
    let [from, to] = [last[0] + 1, first[0]];
    for (let x = first[0]; x <= last[0]; x += 1) {
      if (!contains(row + x)) continue;
      from = Math.min(from, x);
      to = x;
      isDeep &&= isSeen(plane, x, y - EDGE) && isSeen(plane, x, y + EDGE);
    }
    isWide &&= isSeen(plane, from - EDGE, y) && isSeen(plane, to + EDGE, y);
    for (let x = from; x <= to; x += 1) {
      const mean = means[row + x] ?? AIR;
      if (mean > LUNG.from && mean < LUNG.to) lung += 1;
      const offset = (x - centre) * step;
      if (Math.abs(offset) <= MIDLINE_MM) {
        if (isBone(plane, row + x, BONE.midline)) midlineBone[y < middle ? 0 : 1] += 1;
      } else if (Math.abs(offset) >= LATERAL_MM && isBone(plane, row + x, BONE.lateral)) {
        lateralBone[offset < 0 ? 0 : 1] += 1;
      }
    }
  }
  const area = step ** 2;
  const edge = (axis: 0 | 1, at: number): number => (min[axis] ?? 0) + at * step;
  return {
    z,
    x: [edge(0, first[0]), edge(0, last[0])],
    y: [edge(1, first[1]), edge(1, last[1])],
    isWide,
    isDeep,
    midlineBone: [midlineBone[0] * area, midlineBone[1] * area],
    lateralBone: [lateralBone[0] * area, lateralBone[1] * area],
    lung: lung * area,
  };
}

/** Whether the picture shows something at a place. */
function isSeen({ seen, columns, rows }: Plane, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < columns && y < rows && seen[y * columns + x] === 1;
}

function isBone({ values, columns }: Plane, at: number, least: number): boolean {
  if ((values[at] ?? AIR) < least) return false;
  let bone = 0;
  for (const row of [-columns, 0, columns]) {
    for (const column of [-1, 0, 1]) if ((values[at + row + column] ?? AIR) >= least) bone += 1;
  }
  return bone >= LEAST_NEIGHBOURS;
}
