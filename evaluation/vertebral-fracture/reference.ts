/** Measures the bodies of a reference mask by the tool's own rule, so that the comparison is only about the masks. */
import type { PointLps } from '#core/image/geometry.ts';
import { boundsOf, type LpsGrid, toVoxel, type VoxelSpace } from '#core/image/resample.ts';
import type { SpineBodies } from '#tools/vertebral-fracture/bodies.ts';
import { type BodyHeights, measureHeights } from '#tools/vertebral-fracture/heights.ts';
import { SPACING_MM } from '#tools/vertebral-fracture/preprocess.ts';
import type { SpineMap } from '#tools/vertebral-fracture/segment.ts';

/** Vertebral bodies as a label volume. `labels` are numbered from 1, from the lowest body up; 0 elsewhere. */
export interface ReferenceMask extends VoxelSpace {
  readonly labels: Uint8Array;
  /** The levels, `levels[n]` of label n + 1. */
  readonly levels: readonly string[];
}

export interface ReferenceBody {
  readonly level: string;
  readonly label: number;
  readonly centre: PointLps;
  readonly voxels: number;
  /** Absent if there are no two endplates to measure between. */
  readonly heights?: BodyHeights;
}

/** The bodies of a mask with their heights. */
export function referenceBodies(mask: ReferenceMask): readonly ReferenceBody[] {
  const { map, spine } = asFound(mask);
  const voxels = mask.levels.map((_, index) =>
    mask.labels.reduce((sum, label) => sum + Number(label === index + 1), 0),
  );
  return spine.bodies.map((body): ReferenceBody => {
    const heights = measureHeights(map, spine, body);
    return {
      level: mask.levels[body.label - 1] ?? '',
      label: body.label,
      centre: body.centre,
      voxels: voxels[body.label - 1] ?? 0,
      ...(heights && { heights }),
    };
  });
}

/** The mask in the form of the tool's own segmentation: on its sagittal grid, with the surface half-way between voxels. */
function asFound(mask: ReferenceMask): { readonly map: SpineMap; readonly spine: SpineBodies } {
  const { min, max } = boundsOf(mask);
  const points = (axis: 0 | 1 | 2): number => Math.floor((max[axis] - min[axis]) / SPACING_MM[axis]) + 1;
  const grid: LpsGrid = { columns: points(0), rows: points(1), slices: points(2), spacingMm: SPACING_MM, origin: min };
  const size = grid.columns * grid.rows * grid.slices;
  const labels = new Uint8Array(size);
  const occupancy = new Uint8Array(size);
  const sums = mask.levels.map(() => ({ count: 0, sum: [0, 0, 0] }));
  for (let plane = 0; plane < grid.columns; plane += 1) {
    for (let z = 0; z < grid.slices; z += 1) {
      for (let y = 0; y < grid.rows; y += 1) {
        const at = (plane * grid.slices + z) * grid.rows + y;
        const point: PointLps = [
          min[0] + plane * SPACING_MM[0],
          min[1] + y * SPACING_MM[1],
          min[2] + z * SPACING_MM[2],
        ];
        const { label, share } = shareAt(mask, point);
        occupancy[at] = Math.round(255 * share);
        if (share < 0.5) continue;
        labels[at] = label;
        const own = sums[label - 1];
        if (own === undefined) continue;
        own.count += 1;
        own.sum = own.sum.map((value, axis) => value + (point[axis] ?? 0));
      }
    }
  }
  const bodies = sums.flatMap(({ count, sum: [x = 0, y = 0, z = 0] }, index) =>
    count === 0
      ? []
      : [
          {
            label: index + 1,
            centre: [x / count, y / count, z / count] as const,
            volumeMl: (count * SPACING_MM[0] * SPACING_MM[1] * SPACING_MM[2]) / 1000,
            complete: true,
            probability: 1,
          },
        ],
  );
  const map: SpineMap = {
    grid,
    shape: { columns: grid.rows, rows: grid.slices, slices: grid.columns },
    tissue: labels.map((label) => Number(label > 0)),
    bodyProbability: occupancy,
  };
  return { map, spine: { labels, occupancy, bodies, onSacrum: false } };
}

/** The share of bodies in the trilinear neighbourhood of a point, and the label with the greatest weight. */
function shareAt(mask: ReferenceMask, point: PointLps): { readonly label: number; readonly share: number } {
  const [i, j, k] = toVoxel(mask, point);
  const [i0, j0, k0] = [Math.floor(i), Math.floor(j), Math.floor(k)];
  let share = 0;
  let label = 0;
  let most = 0;
  for (let corner = 0; corner < 8; corner += 1) {
    const [di, dj, dk] = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const [a, b, c] = [i0 + di, j0 + dj, k0 + dk];
    if (a < 0 || b < 0 || c < 0 || a >= mask.columns || b >= mask.rows || c >= mask.slices) continue;
    const value = mask.labels[(c * mask.rows + b) * mask.columns + a] ?? 0;
    if (value === 0) continue;
    const weight = (di ? i - i0 : 1 - i + i0) * (dj ? j - j0 : 1 - j + j0) * (dk ? k - k0 : 1 - k + k0);
    share += weight;
    if (weight > most) {
      most = weight;
      label = value;
    }
  }
  return { label, share };
}
