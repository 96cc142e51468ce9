/**
 * The grid that the model was made for: 256 × 256 × 256 voxels of 1 mm along the patient's axes, around the middle of the
 * volume. FreeSurfer conforms images to it (`mri_convert --conform`), and so do Brainchop and NiiVue.
 */
import { NotEvaluableError } from '#core/errors.ts';
import { figureBeside, isOver } from '#core/figures.ts';
import type { PointLps } from '#core/image/geometry.ts';
import { boundsOf, type LpsGrid, resample, toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Scale } from './scale.ts';

export const SIDE = 256;
/** The smallest extent that can contain a head's brain, mm: to the left, to posterior, to the head. */
const LEAST_MM: PointLps = [100, 120, 90];
/** In larger voxels, grey matter (2 to 4 mm thick) is mostly partial volume. */
const LARGEST_VOXEL_MM = 2.05;
/** Slices sampled at once: the whole grid is never in memory twice. */
const SLAB = 16;

/** A volume on the model's grid. */
export interface ConformedHead {
  /** 256³ points, 1 mm, along the LPS axes. */
  readonly grid: LpsGrid;
  /** 0 to 1, by a `Scale`; index = `modelIndex(x, y, z)`. */
  readonly values: Float32Array;
}

/** The model's index of grid point (x, y, z). The model's axes run to the left, to the feet and to anterior; the last is the fastest. */
export function modelIndex(x: number, y: number, z: number): number {
  return (x * SIDE + (SIDE - 1 - z)) * SIDE + (SIDE - 1 - y);
}

/**
 * Samples the volume on the model's grid. The middle voxels of both coincide, so a volume that already has the grid is only
 * reordered. Points outside the volume are 0.
 */
export function conform(volume: Volume, { low, high }: Scale): ConformedHead {
  const middle = toLps(volume, volume.columns >> 1, volume.rows >> 1, volume.slices >> 1);
  const half = SIDE / 2;
  const origin: PointLps = [middle[0] - half, middle[1] - half, middle[2] - half];
  const grid: LpsGrid = { columns: SIDE, rows: SIDE, slices: SIDE, spacingMm: [1, 1, 1], origin };
  const values = new Float32Array(SIDE ** 3);
  const scale = 1 / (high - low);
  for (let from = 0; from < SIDE; from += SLAB) {
    const slab = resample(volume, { ...grid, slices: SLAB, origin: [origin[0], origin[1], origin[2] + from] }, low);
    let at = 0;
    for (let z = from; z < from + SLAB; z += 1) {
      for (let y = 0; y < SIDE; y += 1) {
        for (let x = 0; x < SIDE; x += 1) {
          const value = ((slab[at] ?? low) - low) * scale;
          at += 1;
          values[modelIndex(x, y, z)] = value < 0 ? 0 : value > 1 ? 1 : value;
        }
      }
    }
  }
  return { grid, values };
}

/** @throws NotEvaluableError `too-little-in-view` or `voxels-too-large` */
export function checkExtent(volume: Volume): void {
  const largest = Math.max(...volume.spacingMm);
  if (isOver(largest, LARGEST_VOXEL_MM)) {
    const figure = figureBeside(largest, LARGEST_VOXEL_MM);
    throw new NotEvaluableError(
      'voxels-too-large',
      `The voxels measure up to ${figure} mm. Grey and white matter can be told apart only in voxels of up to 2 mm.`,
      { facts: { largestMm: Number(figure) } },
    );
  }
  const { min, max } = boundsOf(volume);
  const extent = [max[0] - min[0], max[1] - min[1], max[2] - min[2]] as const;
  if (extent.some((mm, axis) => mm < (LEAST_MM[axis] ?? 0))) {
    const shown = extent.map((mm, axis) => figureBeside(mm, LEAST_MM[axis] ?? 0, 0)).join(' × ');
    throw new NotEvaluableError(
      'too-little-in-view',
      `The series covers ${shown} mm; a whole brain needs at least ${LEAST_MM.join(' × ')} mm.`,
      { facts: { widthMm: Math.round(extent[0]), depthMm: Math.round(extent[1]), heightMm: Math.round(extent[2]) } },
    );
  }
}
