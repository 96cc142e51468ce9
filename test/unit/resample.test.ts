import { describe, expect, it } from 'vitest';
import type { PointLps } from '#core/image/geometry.ts';
import { type LpsGrid, resample, toVoxel, type VoxelSpace } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';

type Space = VoxelSpace & Pick<Volume, 'voxels'>;

const random = createRandom(3);
const axial: Space = {
  ...{ columns: 11, rows: 9, slices: 7 },
  origin: [-20, 30, 5],
  columnDirection: [1, 0, 0],
  rowDirection: [0, 1, 0],
  sliceDirection: [0, 0, 1],
  spacingMm: [1.2, 0.9, 2],
  voxels: Int16Array.from({ length: 11 * 9 * 7 }, () => random.int(-1000, 1000)),
};
const coronal: Space = { ...axial, rowDirection: [0, 0, -1], sliceDirection: [0, 1, 0] };
const sagittal: Space = { ...axial, columnDirection: [0, -1, 0], rowDirection: [0, 0, -1], sliceDirection: [-1, 0, 0] };

/** The same volume, so slightly oblique that no value changes: it takes the path for any orientation. */
function barelyOblique(space: Space): Space {
  const tip = ([x, y, z]: PointLps): PointLps => [x + 1e-9, y + 1e-9, z + 1e-9];
  return { ...space, columnDirection: tip(space.columnDirection) };
}

/** A grid of another spacing around the volume, some of it outside. */
function gridAround(space: Space, spacingMm: LpsGrid['spacingMm']): LpsGrid {
  const centre = [5, 4, 3].map((index, n) => index * (space.spacingMm[n] ?? 1));
  const at = (axis: 0 | 1 | 2): number =>
    space.origin[axis] +
    (centre[0] ?? 0) * space.columnDirection[axis] +
    (centre[1] ?? 0) * space.rowDirection[axis] +
    (centre[2] ?? 0) * space.sliceDirection[axis];
  const [columns, rows, slices] = [30, 30, 34] as const;
  const from = (axis: 0 | 1 | 2, count: number): number => at(axis) - (count / 2) * spacingMm[axis] + 0.3;
  return { columns, rows, slices, spacingMm, origin: [from(0, columns), from(1, rows), from(2, slices)] };
}

describe.each([
  ['axial', axial],
  ['coronal', coronal],
  ['sagittal', sagittal],
])('sampling an %s volume', (_name, space) => {
  it.each([
    ['finer', [0.53, 0.71, 0.61]],
    ['about as fine', [1.3, 1.1, 1.7]],
    ['coarser', [3.5, 2.5, 5]],
  ] as const)('on a grid that is %s gives what any orientation gives', (_grid, spacingMm) => {
    const grid = gridAround(space, spacingMm);

    const aligned = resample(space, grid, -1024);

    const oblique = resample(barelyOblique(space), grid, -1024);
    expect(oblique.includes(-1024)).toBe(true);
    expect(oblique.some((value) => value !== -1024)).toBe(true);
    for (const [index, value] of aligned.entries()) expect(value).toBeCloseTo(oblique[index] ?? Number.NaN, 2);
  });

  it('on its own voxel centres gives its own values', () => {
    const point = [
      space.origin[0] +
        2 * 1.2 * space.columnDirection[0] +
        3 * 0.9 * space.rowDirection[0] +
        4 * 2 * space.sliceDirection[0],
      space.origin[1] +
        2 * 1.2 * space.columnDirection[1] +
        3 * 0.9 * space.rowDirection[1] +
        4 * 2 * space.sliceDirection[1],
      space.origin[2] +
        2 * 1.2 * space.columnDirection[2] +
        3 * 0.9 * space.rowDirection[2] +
        4 * 2 * space.sliceDirection[2],
    ] as const;

    const [value] = resample(
      space,
      { columns: 1, rows: 1, slices: 1, spacingMm: [0.1, 0.1, 0.1], origin: point },
      -1024,
    );

    expect(toVoxel(space, point).map((index) => Math.round(index))).toEqual([2, 3, 4]);
    expect(value).toBeCloseTo(space.voxels[(4 * 9 + 3) * 11 + 2] ?? Number.NaN, 2);
  });
});

it('gives the outside value where grid and volume do not overlap', () => {
  const values = resample(
    axial,
    { columns: 2, rows: 2, slices: 2, spacingMm: [1, 1, 1], origin: [500, 500, 500] },
    -1024,
  );

  expect([...values]).toEqual(Array(8).fill(-1024));
});
