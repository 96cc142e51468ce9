/** From a CT in any orientation to the sagittal planes the model reads. */
import { NotEvaluableError } from '#core/errors.ts';
import { boundsOf, type LpsGrid, resample } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';

/** mm between neighbouring points along x (between planes), y and z. The model was trained on these. */
export const SPACING_MM = [2, 1.5, 1.5] as const;
/** The model also sees the planes this many steps to either side: 4 mm. */
const NEIGHBOUR = 2;
/** Planes that are sampled together. */
const BLOCK = 8;
/** What the network's pooling needs the sides of a plane to be multiples of. */
const MULTIPLE = 16;
const AIR_HU = -1024;
/** What one complete body needs at least. */
const LEAST_MM = { height: 30, depth: 60, width: 30 } as const;

/** Sagittal planes of a volume: `grid.columns` planes from right to left, each z × y (`grid.slices` × `grid.rows`). */
export interface SagittalPlanes {
  readonly grid: LpsGrid;
  /** HU of a plane and its neighbours as the model's input: [3][z][y], z to the head, y to posterior. */
  input(plane: number): Float32Array;
}

/**
 * Lays the sagittal grid over a volume. Planes are sampled when asked for and kept: on this grid a CT of 300 slices of
 * 512² is about 40 MB.
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
  const planes = new Map<number, Float32Array>();
  const planeAt = (index: number): Float32Array => {
    const plane = Math.min(grid.columns - 1, Math.max(0, index));
    if (!planes.has(plane))
      for (const [number, values] of samplePlanes(volume, grid, plane)) planes.set(number, values);
    return planes.get(plane) ?? new Float32Array();
  };
  return {
    grid,
    input(plane) {
      const size = grid.slices * grid.rows;
      const input = new Float32Array(3 * size);
      for (const [channel, step] of [-NEIGHBOUR, 0, NEIGHBOUR].entries())
        input.set(planeAt(plane + step), channel * size);
      return input;
    },
  };
}

/** The planes of the block that `plane` is in, by number; neighbours cost little more than one. */
function* samplePlanes(volume: Volume, grid: LpsGrid, plane: number): Generator<[number, Float32Array]> {
  const first = plane - (plane % BLOCK);
  const columns = Math.min(BLOCK, grid.columns - first);
  const x = grid.origin[0] + first * SPACING_MM[0];
  const sampled = resample(volume, { ...grid, columns, origin: [x, grid.origin[1], grid.origin[2]] }, AIR_HU);
  for (let column = 0; column < columns; column += 1) {
    const values = new Float32Array(grid.slices * grid.rows);
    for (let n = 0; n < values.length; n += 1) values[n] = sampled[n * columns + column] ?? 0;
    yield [first + column, values];
  }
}
