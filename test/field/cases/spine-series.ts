/** Other series beside those of a spine: another reconstruction, reformats, a head. */
import { changed, drawn, type File, numbersOf, type Picture, pictureOf, renamed, repainted } from '../edit.ts';

/** The slices as another series of the study. */
export const asSeries = (files: readonly File[], name: string, number = 7): readonly File[] =>
  files.map((file) => changed(renamed(file, name, name), { SeriesNumber: number }));

/** The slices again in the same series. */
export const again = (files: readonly File[], name: string): readonly File[] =>
  files.map((file) => renamed(file, name));

/** At a height above the one that the slice has, mm. */
export function raised(file: File, mm: number): File {
  const [x = 0, y = 0, z = 0] = numbersOf(file, 'ImagePositionPatient');
  return changed(file, { ImagePositionPatient: [x, y, Number((z + mm).toFixed(3))] });
}

export type Plane = 'sagittal' | 'coronal';

/** Reformats of axial slices: every column (or row) of the axial picture becomes a picture, from the head to the feet. */
export function reformatted(files: readonly File[], plane: Plane, from?: number, to?: number): readonly File[] {
  const pictures = files.map(pictureOf);
  const [lowest] = files;
  const top = files.at(-1);
  const first = pictures[0];
  if (lowest === undefined || top === undefined || first === undefined) return [];
  const [rowMm = 1, columnMm = 1] = numbersOf(lowest, 'PixelSpacing');
  const sliceMm =
    ((numbersOf(top, 'ImagePositionPatient')[2] ?? 0) - (numbersOf(lowest, 'ImagePositionPatient')[2] ?? 0)) /
    (files.length - 1);
  const isSagittal = plane === 'sagittal';
  const count = isSagittal ? first.columns : first.rows;
  const [x = 0, y = 0, z = 0] = numbersOf(top, 'ImagePositionPatient');
  return Array.from({ length: count }, (_, n) => n)
    .slice(from, to)
    .map((n) => {
      const mm = isSagittal ? [x + n * columnMm, y, z] : [x, y + n * rowMm, z];
      return changed(repainted(renamed(lowest, `${plane} ${n}`), reformat(pictures, isSagittal, n)), {
        ImageType: ['DERIVED', 'SECONDARY', 'MPR'],
        InstanceNumber: n + 1,
        SliceThickness: isSagittal ? columnMm : rowMm,
        PixelSpacing: [sliceMm, isSagittal ? rowMm : columnMm],
        ImagePositionPatient: mm.map((value) => Number(value.toFixed(4))),
        ImageOrientationPatient: isSagittal ? '0\\1\\0\\0\\0\\-1' : '1\\0\\0\\0\\0\\-1',
      });
    });
}

function reformat(pictures: readonly Picture[], isSagittal: boolean, n: number): Picture {
  const [first] = pictures;
  const columns = (isSagittal ? first?.rows : first?.columns) ?? 0;
  const values = new Uint16Array(pictures.length * columns);
  pictures.forEach((picture, slice) => {
    for (let at = 0; at < columns; at += 1) {
      const from = isSagittal ? at * picture.columns + n : n * picture.columns + at;
      values[(pictures.length - 1 - slice) * columns + at] = picture.values[from] ?? 0;
    }
  });
  return { rows: pictures.length, columns, values };
}

/** Slices turned in their plane together with the header, so that they show the same place in the patient. */
export function turnedInPlane(file: File, columns: boolean, rows: boolean): File {
  const picture = pictureOf(file);
  const [x = 0, y = 0, z = 0] = numbersOf(file, 'ImagePositionPatient');
  const [rowMm = 1, columnMm = 1] = numbersOf(file, 'PixelSpacing');
  const turned = drawn(picture, picture, (row, column) => [
    rows ? picture.rows - 1 - row : row,
    columns ? picture.columns - 1 - column : column,
  ]);
  return changed(repainted(file, turned), {
    ImagePositionPatient: [
      x + (columns ? (picture.columns - 1) * columnMm : 0),
      y + (rows ? (picture.rows - 1) * rowMm : 0),
      z,
    ],
    ImageOrientationPatient: [columns ? -1 : 1, 0, 0, 0, rows ? -1 : 1, 0],
  });
}

/** 60 slices of 1 mm of a head, made of an ellipse of brain in a skull. The body part is not stated. */
export function thinHead(files: readonly File[]): readonly File[] {
  const [first] = files;
  if (first === undefined) return [];
  const { rows, columns } = pictureOf(first);
  const values = new Uint16Array(rows * columns).map((_, at) => {
    const r = Math.hypot((Math.floor(at / columns) - rows / 2) / 30, ((at % columns) - columns / 2) / 25);
    return 1024 + (r < 0.9 ? 35 : r < 1 ? 900 : r < 1.06 ? -80 : -1000);
  });
  return Array.from({ length: 60 }, (_, k) =>
    changed(repainted(renamed(first, `head ${k}`, 'head'), { rows, columns, values }), {
      ...{ SeriesNumber: 2, SliceThickness: 1, BodyPartExamined: undefined, FrameOfReferenceUID: '2.25.77001' },
      ImagePositionPatient: [-150, -150, k],
    }),
  );
}
