/**
 * Copies of a CT as if the same patient had been scanned or stored differently: shifted, turned, resampled, with noise, cut. What
 * is true of the patient is true of every copy.
 */
import type { PointLps } from '#core/image/geometry.ts';
import { boundsOf, type LpsGrid, resample, toLps, type VoxelSpace } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';

/** How a copy differs from its original. The changes are made in this order. Plain JSON. */
export interface Copy {
  /** What the tables count together. */
  readonly kind: string;
  /** Degrees by which the patient is turned about the x, y and z axis through the middle of the picture. */
  readonly turnDeg?: Triple;
  /** How far the patient is moved, in voxels of the original along x, y and z. */
  readonly shiftVoxels?: Triple;
  /** Distances between voxels of the copy along x, y and z, mm; those of the original if absent. */
  readonly spacingMm?: Triple;
  /** Whether the header says the turn and the shift (an oblique series), so that no voxel is resampled. */
  readonly asHeader?: boolean;
  /** How the same voxels are stored: the patient's axis along which columns, rows and slices ascend. */
  readonly axes?: Axes;
  /** White noise that is added. */
  readonly noise?: { readonly deviationHu: number; readonly seed: number };
  /** The first slice that is kept, and the first above it that is not. Slices are counted from the feet. */
  readonly slices?: readonly [from: number, to: number];
}

type Triple = readonly [x: number, y: number, z: number];
type Axis = `${'+' | '-'}${'x' | 'y' | 'z'}`;
/** Right-handed, as columns, rows and slices of a volume are. */
export type Axes = readonly [columns: Axis, rows: Axis, slices: Axis];

const AIR_HU = -1024;

/** The position and direction of voxels after the patient has moved: the same voxels, elsewhere. */
export function moved<Space extends VoxelSpace>(space: Space, motion: Motion): Space {
  const { turn, toNew } = motion;
  return {
    ...space,
    origin: toNew(space.origin),
    columnDirection: turn(space.columnDirection),
    rowDirection: turn(space.rowDirection),
    sliceDirection: turn(space.sliceDirection),
  };
}

export interface Motion {
  /** Turns a direction. */
  turn(direction: PointLps): PointLps;
  /** The place of a point of the patient after the motion, mm LPS. */
  toNew(point: PointLps): PointLps;
}

/** The motion of a copy: a turn about x, then y, then z through the middle of the original, then a shift. */
export function motionOf(space: VoxelSpace, { turnDeg = [0, 0, 0], shiftVoxels = [0, 0, 0] }: Copy): Motion {
  const middle = toLps(space, (space.columns - 1) / 2, (space.rows - 1) / 2, (space.slices - 1) / 2);
  const turn = (direction: PointLps): PointLps => turned(direction, turnDeg);
  return {
    turn,
    toNew(point) {
      const [x, y, z] = turn([point[0] - middle[0], point[1] - middle[1], point[2] - middle[2]]);
      const [dx, dy, dz] = shiftVoxels;
      const { spacingMm } = space;
      return [middle[0] + x + dx * spacingMm[0], middle[1] + y + dy * spacingMm[1], middle[2] + z + dz * spacingMm[2]];
    },
  };
}

function turned([x, y, z]: PointLps, degrees: Triple): PointLps {
  const [a, b, c] = degrees.map((angle) => (angle * Math.PI) / 180) as [number, number, number];
  const [y1, z1] = [y * Math.cos(a) - z * Math.sin(a), y * Math.sin(a) + z * Math.cos(a)];
  const [x2, z2] = [x * Math.cos(b) + z1 * Math.sin(b), z1 * Math.cos(b) - x * Math.sin(b)];
  return [x2 * Math.cos(c) - y1 * Math.sin(c), x2 * Math.sin(c) + y1 * Math.cos(c), z2];
}

/** A copy of a volume. Voxels outside the original are air. */
export function copyOf(original: Volume, copy: Copy): Volume {
  const { turnDeg, shiftVoxels, spacingMm, asHeader, axes, noise, slices } = copy;
  const isMoved = turnDeg !== undefined || shiftVoxels !== undefined;
  let volume = isMoved ? moved(original, motionOf(original, copy)) : original;
  if (asHeader !== true && (isMoved || spacingMm !== undefined)) volume = rescan(volume, gridOf(original, spacingMm));
  if (axes !== undefined) volume = stored(volume, axes);
  if (noise !== undefined) volume = noisy(volume, noise);
  return slices === undefined ? volume : cut(volume, slices);
}

/** A grid along the patient's axes over the field of a volume. */
function gridOf(space: VoxelSpace, spacingMm: Triple = space.spacingMm): LpsGrid {
  const { min, max } = boundsOf(space);
  const points = (axis: 0 | 1 | 2): number => Math.floor((max[axis] - min[axis]) / spacingMm[axis] + 1e-6) + 1;
  return { columns: points(0), rows: points(1), slices: points(2), spacingMm, origin: min };
}

/** The volume on another grid, as if scanned again. */
function rescan(volume: Volume, grid: LpsGrid): Volume {
  return {
    ...volume,
    ...grid,
    voxels: Int16Array.from(resample(volume, grid, AIR_HU), Math.round),
    columnDirection: [1, 0, 0],
    rowDirection: [0, 1, 0],
    sliceDirection: [0, 0, 1],
    frames: framesOf(grid.slices),
  };
}

/** The same picture with its voxels in another order, as of a patient who lay otherwise, or of a reformatted series. */
function stored(volume: Volume, axes: Axes): Volume {
  const size = [volume.columns, volume.rows, volume.slices] as const;
  const directions = [volume.columnDirection, volume.rowDirection, volume.sliceDirection] as const;
  const strides = [1, size[0], size[0] * size[1]] as const;
  const along = axes.map((axis) => {
    const n = ('xyz' as const).indexOf(axis.slice(1)) as 0 | 1 | 2;
    const back = axis.startsWith('-');
    const direction = directions[n].map((value) => (back ? -value : value)) as unknown as PointLps;
    return { n, back, direction, count: size[n], stride: back ? -strides[n] : strides[n] };
  });
  const [i, j, k] = along as [(typeof along)[number], (typeof along)[number], (typeof along)[number]];
  const start = along.reduce((sum, { back, count, stride }) => sum - (back ? stride * (count - 1) : 0), 0);
  const voxels = new Int16Array(volume.voxels.length);
  let at = 0;
  for (let c = 0; c < k.count; c += 1) {
    for (let b = 0; b < j.count; b += 1) {
      for (let a = 0; a < i.count; a += 1) {
        voxels[at] = volume.voxels[start + a * i.stride + b * j.stride + c * k.stride] ?? 0;
        at += 1;
      }
    }
  }
  const corner = [0, 1, 2].map((n) => (along.find((axis) => axis.n === n)?.back ? (size[n] ?? 1) - 1 : 0));
  return {
    ...volume,
    columns: i.count,
    rows: j.count,
    slices: k.count,
    voxels,
    origin: toLps(volume, corner[0] ?? 0, corner[1] ?? 0, corner[2] ?? 0),
    columnDirection: i.direction,
    rowDirection: j.direction,
    sliceDirection: k.direction,
    spacingMm: [volume.spacingMm[i.n], volume.spacingMm[j.n], volume.spacingMm[k.n]],
    frames: framesOf(k.count),
  };
}

const framesOf = (slices: number): Volume['frames'] =>
  Array.from({ length: slices }, (_, index) => ({ SOPInstanceUID: `2.25.4.${index + 1}` }));

function noisy(volume: Volume, { deviationHu, seed }: NonNullable<Copy['noise']>): Volume {
  const random = createRandom(seed);
  return { ...volume, voxels: volume.voxels.map((hu) => Math.round(hu + deviationHu * random.normal())) };
}

/** The slices `from` … `to` − 1 of a volume. */
function cut(volume: Volume, [from, to]: readonly [number, number]): Volume {
  const size = volume.rows * volume.columns;
  return {
    ...volume,
    slices: to - from,
    voxels: volume.voxels.slice(from * size, to * size),
    frames: volume.frames.slice(from, to),
    origin: toLps(volume, 0, 0, from),
  };
}
