/** Trilinear sampling of a volume on a grid along the patient's axes. */
import type { PointLps } from './geometry.ts';
import { type AlignedAxis, axisOf, resampleAligned } from './resample-aligned.ts';
import type { Volume } from './volume.ts';

/** A grid along the LPS axes: columns to the left (+x), rows to posterior (+y), slices to the head (+z). */
export interface LpsGrid {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  /** mm between neighbours along x, y and z. */
  readonly spacingMm: readonly [x: number, y: number, z: number];
  /** Centre of the first voxel, mm, LPS. */
  readonly origin: PointLps;
}

/** The part of a volume that says where its voxels are. */
export type VoxelSpace = Pick<
  Volume,
  'columns' | 'rows' | 'slices' | 'origin' | 'columnDirection' | 'rowDirection' | 'sliceDirection' | 'spacingMm'
>;

/** (column, row, slice) of a point, as fractional voxel indices; integers are voxel centres. */
export function toVoxel(space: VoxelSpace, point: PointLps): [column: number, row: number, slice: number] {
  const { origin, columnDirection, rowDirection, sliceDirection, spacingMm } = space;
  const from = [point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]] as const;
  const along = (direction: PointLps): number =>
    from[0] * direction[0] + from[1] * direction[1] + from[2] * direction[2];
  return [
    along(columnDirection) / spacingMm[0],
    along(rowDirection) / spacingMm[1],
    along(sliceDirection) / spacingMm[2],
  ];
}

/** The point (mm, LPS) of fractional voxel indices. */
export function toLps(space: VoxelSpace, column: number, row: number, slice: number): PointLps {
  const { origin, columnDirection, rowDirection, sliceDirection, spacingMm } = space;
  const [i, j, k] = [column * spacingMm[0], row * spacingMm[1], slice * spacingMm[2]];
  const at = (axis: 0 | 1 | 2): number =>
    origin[axis] + i * columnDirection[axis] + j * rowDirection[axis] + k * sliceDirection[axis];
  return [at(0), at(1), at(2)];
}

/** The smallest and largest LPS coordinates of a volume's voxel centres. */
export function boundsOf(space: VoxelSpace): { readonly min: PointLps; readonly max: PointLps } {
  const corners = [0, space.columns - 1].flatMap((i) =>
    [0, space.rows - 1].flatMap((j) => [0, space.slices - 1].map((k) => toLps(space, i, j, k))),
  );
  const extreme = (pick: (...values: number[]) => number): PointLps => [
    pick(...corners.map((corner) => corner[0])),
    pick(...corners.map((corner) => corner[1])),
    pick(...corners.map((corner) => corner[2])),
  ];
  return { min: extreme(Math.min), max: extreme(Math.max) };
}

/**
 * Values of `volume` on `grid`, slice-major like a volume's, and `outside` where the grid leaves the volume. Where the grid is
 * coarser than the volume, each value is the mean of up to three samples along each axis, which averages noise out.
 */
export function resample(volume: VoxelSpace & Pick<Volume, 'voxels'>, grid: LpsGrid, outside: number): Float32Array {
  const zero = toVoxel(volume, [0, 0, 0]);
  // Voxel steps for 1 mm along each patient axis.
  const perMm = LPS_AXES.map((axis) => {
    const end = toVoxel(volume, axis);
    return [end[0] - zero[0], end[1] - zero[1], end[2] - zero[2]] as const;
  });
  const samples = perMm.map((step, n) => {
    const voxels = Math.hypot(...step) * (grid.spacingMm[n] ?? 1);
    return Math.max(1, Math.min(3, Math.round(voxels)));
  });
  const aligned = alignedAxes(volume, grid, samples);
  if (aligned !== undefined) return resampleAligned(volume.voxels, aligned, outside);

  const out = new Float32Array(grid.columns * grid.rows * grid.slices);
  const offsets = fractions(samples).map(
    ([x, y, z]) => [x * grid.spacingMm[0], y * grid.spacingMm[1], z * grid.spacingMm[2]] as const,
  );
  const sample = sampler(volume, outside);
  const [ax = [0, 0, 0], ay = [0, 0, 0], az = [0, 0, 0]] = perMm;

  for (let k = 0; k < grid.slices; k += 1) {
    const z = grid.origin[2] + k * grid.spacingMm[2];
    for (let j = 0; j < grid.rows; j += 1) {
      const y = grid.origin[1] + j * grid.spacingMm[1];
      const start = (k * grid.rows + j) * grid.columns;
      for (let i = 0; i < grid.columns; i += 1) {
        const x = grid.origin[0] + i * grid.spacingMm[0];
        let sum = 0;
        for (const [dx, dy, dz] of offsets) {
          const px = x + dx;
          const py = y + dy;
          const pz = z + dz;
          sum += sample(
            zero[0] + px * ax[0] + py * ay[0] + pz * az[0],
            zero[1] + px * ax[1] + py * ay[1] + pz * az[1],
            zero[2] + px * ax[2] + py * ay[2] + pz * az[2],
          );
        }
        out[start + i] = sum / offsets.length;
      }
    }
  }
  return out;
}

const LPS_AXES: readonly PointLps[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** The axes of grid and volume along x, y and z; undefined where the volume is oblique. */
function alignedAxes(
  space: VoxelSpace,
  { columns, rows, slices, spacingMm, origin }: LpsGrid,
  samples: readonly number[],
): readonly [AlignedAxis, AlignedAxis, AlignedAxis] | undefined {
  const own = [
    { direction: space.columnDirection, length: space.columns, stride: 1 },
    { direction: space.rowDirection, length: space.rows, stride: space.columns },
    { direction: space.sliceDirection, length: space.slices, stride: space.columns * space.rows },
  ].map((axis, n) => ({ ...axis, n: n as 0 | 1 | 2, lps: axisOf(axis.direction) }));
  const counts = [columns, rows, slices] as const;
  const along = (lps: 0 | 1 | 2): AlignedAxis | undefined => {
    const axis = own.find((candidate) => candidate.lps === lps);
    if (axis === undefined) return undefined;
    const perMm = axis.direction[lps] / space.spacingMm[axis.n];
    return {
      count: counts[lps],
      first: (origin[lps] - space.origin[lps]) * perMm,
      step: spacingMm[lps] * perMm,
      offsets: spread(samples[lps] ?? 1),
      length: axis.length,
      stride: axis.stride,
    };
  };
  const [x, y, z] = [along(0), along(1), along(2)];
  return x && y && z ? [x, y, z] : undefined;
}

/** Evenly spread samples in a cell of size 1 around 0. */
const spread = (n: number): readonly number[] => Array.from({ length: n }, (_, index) => (index + 0.5) / n - 0.5);

/** Offsets of evenly spread samples in a cell of size 1 around 0. */
function fractions([nx = 1, ny = 1, nz = 1]: readonly number[]): readonly (readonly [number, number, number])[] {
  return spread(nx).flatMap((x) => spread(ny).flatMap((y) => spread(nz).map((z) => [x, y, z] as const)));
}

/** Trilinear value at fractional voxel indices. The edge value holds up to half a voxel beyond the last centre. */
function sampler(
  { columns, rows, slices, voxels }: VoxelSpace & Pick<Volume, 'voxels'>,
  outside: number,
): (c: number, r: number, s: number) => number {
  const sliceSize = columns * rows;
  return (c, r, s) => {
    if (c < -0.5 || r < -0.5 || s < -0.5 || c > columns - 0.5 || r > rows - 0.5 || s > slices - 0.5) return outside;
    const ci = c < 0 ? 0 : c > columns - 1 ? columns - 1 : c;
    const ri = r < 0 ? 0 : r > rows - 1 ? rows - 1 : r;
    const si = s < 0 ? 0 : s > slices - 1 ? slices - 1 : s;
    const i = Math.floor(ci);
    const j = Math.floor(ri);
    const k = Math.floor(si);
    const fc = ci - i;
    const fr = ri - j;
    const fs = si - k;
    const a = k * sliceSize + j * columns + i;
    const right = i + 1 < columns ? 1 : 0;
    const down = j + 1 < rows ? columns : 0;
    const up = k + 1 < slices ? sliceSize : 0;
    const near =
      ((voxels[a] ?? 0) * (1 - fc) + (voxels[a + right] ?? 0) * fc) * (1 - fr) +
      ((voxels[a + down] ?? 0) * (1 - fc) + (voxels[a + down + right] ?? 0) * fc) * fr;
    if (fs === 0) return near;
    const b = a + up;
    const far =
      ((voxels[b] ?? 0) * (1 - fc) + (voxels[b + right] ?? 0) * fc) * (1 - fr) +
      ((voxels[b + down] ?? 0) * (1 - fc) + (voxels[b + down + right] ?? 0) * fc) * fr;
    return near * (1 - fs) + far * fs;
  };
}
