/** A point in the patient's coordinate system, mm, LPS: x to the left, y to posterior, z to the head (PS3.3 C.7.6.2.1.1). */
export type PointLps = readonly [x: number, y: number, z: number];

/** A point on a source image, column then row, in pixels. (0.5, 0.5) is the centre of the first pixel (PS3.3 C.18.6.1.1). */
export type ImagePoint = readonly [column: number, row: number];

/** A position in a volume's voxel grid, 0-based: column (i), row (j), slice (k, along the slice normal). */
export type VoxelIndex = readonly [column: number, row: number, slice: number];
