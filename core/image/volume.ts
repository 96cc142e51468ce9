import type { FrameReference } from './frame-reference.ts';
import type { PointLps } from './geometry.ts';

/**
 * A cross-sectional scan as one regular grid in its modality's units (CT: Hounsfield units): one series, or several that
 * adjoin. `SeriesInstanceUID` is then that of the first.
 *
 * `voxels` is slice-major: index = (slice × rows + row) × columns + column. Slices ascend along `sliceDirection`, the cross
 * product of row and column direction (PS3.3 C.7.6.2.1.1), whatever order the frames came in.
 */
export interface Volume {
  readonly kind: 'volume';
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly FrameOfReferenceUID: string;
  readonly Modality: string;
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly voxels: Int16Array | Float32Array;
  /** Centre of voxel (0, 0, 0), mm, LPS. */
  readonly origin: PointLps;
  /** Unit vectors in LPS along increasing column, row and slice index. */
  readonly columnDirection: PointLps;
  readonly rowDirection: PointLps;
  readonly sliceDirection: PointLps;
  /** mm between neighbouring columns, rows and slices. */
  readonly spacingMm: readonly [column: number, row: number, slice: number];
  /**
   * The unit to which the header rounds positions, mm, where they lie on the grid only within it. If the slices were scanned on a
   * grid, measurements are as exact as without; if not, a distance is wrong by at most this.
   */
  readonly roundedMm?: number;
  /** The source frame of each slice. */
  readonly frames: readonly FrameReference[];
}
