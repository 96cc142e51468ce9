/** Reads reference masks and volumes from NIfTI-1 files (single file, gzipped), with the few data types that masks use. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { PointLps } from '#core/image/geometry.ts';
import { toVoxel, type VoxelSpace } from '#core/image/resample.ts';

export interface NiftiVolume extends VoxelSpace {
  /** Slice-major: (slice × rows + row) × columns + column. */
  readonly values: ArrayLike<number>;
}

/** Bytes of a value, by NIfTI's data type code. */
const SIZES: Readonly<Record<number, number>> = { 2: 1, 4: 2, 8: 4, 16: 4, 64: 8 };

/**
 * Reads a volume and converts its axes from NIfTI's RAS to LPS. Scaling of values (scl_slope) is not applied, because masks
 * have none.
 *
 * @throws RangeError if the data type is not uint8, int16, int32, float32 or float64
 */
export function readNifti(path: string): NiftiVolume {
  const bytes = gunzipSync(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [columns = 0, rows = 0, slices = 0] = [42, 44, 46].map((at) => view.getInt16(at, true));
  const type = view.getInt16(70, true);
  const size = SIZES[type];
  if (size === undefined) throw new RangeError(`NIfTI data type ${type} is not supported`);
  const start = view.getFloat32(108, true);
  const count = columns * rows * slices;
  const values = valuesOf(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + start + count * size), type);
  // Rows of the affine (sform): x to the right, y to anterior, z to the head. LPS reverses x and y.
  const affine = [0, 1, 2].map((row) => [0, 1, 2, 3].map((n) => view.getFloat32(280 + 16 * row + 4 * n, true)));
  const signs = [-1, -1, 1];
  const column = (n: number): PointLps => {
    const [x = 0, y = 0, z = 0] = affine.map((row, axis) => (signs[axis] ?? 1) * (row[n] ?? 0));
    return [x, y, z];
  };
  const length = (vector: PointLps): number => Math.hypot(...vector);
  const unit = (vector: PointLps): PointLps => {
    const l = length(vector);
    return [vector[0] / l, vector[1] / l, vector[2] / l];
  };
  return {
    columns,
    rows,
    slices,
    values,
    origin: column(3),
    spacingMm: [length(column(0)), length(column(1)), length(column(2))],
    columnDirection: unit(column(0)),
    rowDirection: unit(column(1)),
    sliceDirection: unit(column(2)),
  };
}

function valuesOf(buffer: ArrayBuffer, type: number): ArrayLike<number> {
  if (type === 2) return new Uint8Array(buffer);
  if (type === 4) return new Int16Array(buffer);
  if (type === 8) return new Int32Array(buffer);
  return type === 16 ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** The value at the voxel nearest to a point, 0 outside. */
export function nearestIn(volume: NiftiVolume): (point: PointLps) => number {
  const { columns, rows, slices, values } = volume;
  return (point) => {
    const [i = 0, j = 0, k = 0] = toVoxel(volume, point).map(Math.round);
    if (i < 0 || j < 0 || k < 0 || i >= columns || j >= rows || k >= slices) return 0;
    return values[(k * rows + j) * columns + i] ?? 0;
  };
}
