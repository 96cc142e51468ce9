/** CTs that are made voxel by voxel, for what no phantom shows: stacks of cylinders, air, other grids of a real scan. */

import { resample } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { type File, fileOf, mapped, numbersOf, type Picture, pictureOf, repainted } from './edit.ts';

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: readonly [number, number, number];
}

const HEADER = { seed: 7, attributes: { BodyPartExamined: '', SeriesDescription: '' } } as const;

/** A CT around the middle that says nothing of the body part. */
export function madeCt(
  { columns, rows, slices, spacingMm }: Grid,
  hounsfieldAt: (xMm: number, yMm: number, zMm: number) => number,
): readonly File[] {
  const voxels = new Int16Array(columns * rows * slices);
  for (let at = 0; at < voxels.length; at += 1) {
    const x = ((at % columns) - columns / 2) * spacingMm[0];
    const y = ((Math.floor(at / columns) % rows) - rows / 2) * spacingMm[1];
    const z = (Math.floor(at / (columns * rows)) - slices / 2) * spacingMm[2];
    voxels[at] = Math.round(hounsfieldAt(x, y, z));
  }
  return spinePhantomToDicom({ columns, rows, slices, spacingMm, voxels }, HEADER).map(fileOf);
}

/** Axial slices as a volume of Hounsfield units, for resampling. */
function volumeOf(files: readonly File[]): Volume {
  const [first] = files;
  if (first === undefined) throw new RangeError('There is no slice');
  const { rows, columns } = pictureOf(first);
  const intercept = numbersOf(first, 'RescaleIntercept')[0] ?? 0;
  const voxels = new Int16Array(rows * columns * files.length);
  files.forEach((file, slice) => {
    pictureOf(file).values.forEach((value, at) => {
      voxels[slice * rows * columns + at] = value + intercept;
    });
  });
  const [x = 0, y = 0, z = 0] = numbersOf(first, 'ImagePositionPatient');
  const [rowMm = 1, columnMm = 1] = numbersOf(first, 'PixelSpacing');
  const top = numbersOf(files.at(-1) ?? first, 'ImagePositionPatient')[2] ?? z;
  return {
    ...{
      kind: 'volume',
      Modality: 'CT',
      StudyInstanceUID: '2.25.1',
      SeriesInstanceUID: '2.25.2',
      FrameOfReferenceUID: '2.25.3',
    },
    ...{ rows, columns, slices: files.length, voxels, origin: [x, y, z], frames: [] },
    ...{ columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], sliceDirection: [0, 0, 1] },
    spacingMm: [columnMm, rowMm, (top - z) / Math.max(1, files.length - 1)],
  };
}

/** The same patient on another grid of axial slices, by linear interpolation. The grid lies `shift` voxels from the first one. */
export function onGrid(
  files: readonly File[],
  spacingMm: readonly [number, number, number],
  shift: readonly [number, number, number] = [0, 0, 0],
): readonly File[] {
  const volume = volumeOf(files);
  const size = [volume.columns, volume.rows, volume.slices] as const;
  const count = (axis: 0 | 1 | 2): number =>
    Math.floor(((size[axis] - 1 - shift[axis]) * volume.spacingMm[axis]) / spacingMm[axis]) + 1;
  const at = (axis: 0 | 1 | 2): number => volume.origin[axis] + shift[axis] * volume.spacingMm[axis];
  const grid = {
    columns: count(0),
    rows: count(1),
    slices: count(2),
    spacingMm,
    origin: [at(0), at(1), at(2)] as const,
  };
  const voxels = Int16Array.from(resample(volume, grid, -1024), Math.round);
  return spinePhantomToDicom({ ...grid, voxels }, { seed: 8, attributes: { BodyPartExamined: 'CHEST' } }).map(fileOf);
}

/** Hounsfield units changed in every slice; stored values begin at -1024. */
export const withUnits =
  (change: (hounsfield: number) => number) =>
  (file: File): File =>
    mapped(file, (value) => Math.min(65535, Math.max(0, Math.round(change(value - 1024) + 1024))));

/** The greatest value of each voxel within so many slices to either side: an axial slab of maximum intensity. */
export function slabs(files: readonly File[], reach: number): readonly File[] {
  const pictures = files.map(pictureOf);
  return files.map((file, slice) => {
    const near = pictures.slice(Math.max(0, slice - reach), slice + reach + 1);
    const own = pictures[slice] ?? { rows: 0, columns: 0, values: new Uint16Array() };
    return repainted(file, {
      ...own,
      values: own.values.map((_, at) => Math.max(...near.map(({ values }) => values[at] ?? 0))),
    });
  });
}

/** Two pictures side by side. */
export function besideItself({ rows, columns, values }: Picture): Picture {
  const wide = new Uint16Array(2 * values.length);
  for (let row = 0; row < rows; row += 1) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    wide.set(line, 2 * row * columns);
    wide.set(line, (2 * row + 1) * columns);
  }
  return { rows, columns: 2 * columns, values: wide };
}
