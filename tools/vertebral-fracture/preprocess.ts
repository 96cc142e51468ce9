/** From a CT in any orientation to the sagittal planes the model reads. */
import { NotEvaluableError } from '#core/errors.ts';
import { boundsOf, type LpsGrid, resample } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';

/** mm between neighbouring points along x (between planes), y and z. The model was trained on these. */
export const SPACING_MM = [2, 1.5, 1.5] as const;
/** The planes that the model sees, steps from the one that it answers for: to 4 mm on either side. */
const STEPS = [-2, -1, 0, 1, 2] as const;
/** Channels of the model's input. */
export const CHANNELS = STEPS.length;
/** What the network's pooling needs the sides of a plane to be multiples of. */
const MULTIPLE = 16;
const AIR_HU = -1024;
/** What one complete body needs at least. */
const LEAST_MM = { height: 30, depth: 60, width: 30 } as const;

/** Sagittal planes of a volume: `grid.columns` planes from right to left, each z × y (`grid.slices` × `grid.rows`). */
export interface SagittalPlanes {
  readonly grid: LpsGrid;
  /** HU of a plane and its neighbours as the model's input: [5][z][y], z to the head, y to posterior. */
  input(plane: number): Float32Array;
}

/**
 * Lays the sagittal grid over a volume, which is sampled when the first plane is asked for: on this grid a CT of 300 slices
 * of 512² is about 40 MB.
 *
 * @throws NotEvaluableError `too-little-in-view` where no whole vertebra can be in view
 */
export function sagittalPlanes(volume: Volume): SagittalPlanes {
  const { min, max } = boundsOf(volume);
  const extent = [max[0] - min[0], max[1] - min[1], max[2] - min[2]] as const;
  if (extent[0] < LEAST_MM.width || extent[1] < LEAST_MM.depth || extent[2] < LEAST_MM.height) {
    throw new NotEvaluableError(
      'too-little-in-view',
      `The series covers ${extent[2].toFixed(0)} mm along the body; ${LEAST_MM.height} mm are needed to hold one complete vertebral body`,
      { facts: { heightMm: Math.round(extent[2]), depthMm: Math.round(extent[1]), widthMm: Math.round(extent[0]) } },
    );
  }
  const padded = (mm: number, step: number): number => Math.ceil((Math.floor(mm / step) + 1) / MULTIPLE) * MULTIPLE;
  const grid: LpsGrid = {
    columns: Math.floor(extent[0] / SPACING_MM[0]) + 1,
    rows: padded(extent[1], SPACING_MM[1]),
    slices: padded(extent[2], SPACING_MM[2]),
    spacingMm: SPACING_MM,
    origin: min,
  };
  let sampled: Float32Array | undefined;
  return {
    grid,
    input(plane) {
      sampled ??= resample(volume, grid, AIR_HU);
      const size = grid.slices * grid.rows;
      const input = new Float32Array(CHANNELS * size);
      for (const [channel, step] of STEPS.entries()) {
        const column = Math.min(grid.columns - 1, Math.max(0, plane + step));
        for (let n = 0; n < size; n += 1) input[channel * size + n] = sampled[n * grid.columns + column] ?? 0;
      }
      return input;
    },
  };
}
