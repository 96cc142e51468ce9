/** CT whose slices are not where the header puts them: positions were written anew, and nothing else tells. */
import type { FieldCase } from '../case.ts';
import { changed, drawn, type File, numbersOf, pictureOf, renamed, repainted } from '../edit.ts';
import { type Change, DEPARTMENTS, evaluated, OURS, READERS, REAL, refused, VENDORS } from './spine-case.ts';

/** At each place, from the feet up, the picture of another one; pictures beyond the last are missing. */
const pictures =
  (sourceOf: (slice: number, slices: number) => number): Change =>
  (files) =>
    files.flatMap((file, slice) => {
      const source = files[sourceOf(slice, files.length)];
      return source === undefined ? [] : [repainted(file, pictureOf(source))];
    });

/** Slices that are missing from the middle on. */
const lacking = (missing: number): Change =>
  pictures((slice, slices) => (slice < slices >> 1 ? slice : slice + missing));

/** A block of slices and the next one, exchanged. */
const exchanged = (from: number, size: number): Change =>
  pictures((slice) => {
    if (slice < from || slice >= from + 2 * size) return slice;
    return slice < from + size ? slice + size : slice - size;
  });

/** 0, 1, 10, 11, …, 2, 20 … */
const asText: Change = (files) => {
  const order = [...files.keys()].toSorted((a, b) => (`${a}` < `${b}` ? -1 : 1));
  return pictures((slice) => order[slice] ?? slice)(files);
};

const movedAside: Change = (files) =>
  files.map((file, slice) => {
    if (slice < files.length >> 1) return file;
    const picture = pictureOf(file);
    return repainted(
      file,
      drawn(picture, picture, (row, column) => [row, Math.max(0, column - 8)]),
    );
  });

/** Each slice twice, half as far apart as before, as enlargement without interpolation leaves them. */
const doubled: Change = (files) =>
  files.flatMap((file) => {
    const [x = 0, y = 0, z = 0] = numbersOf(file, 'ImagePositionPatient');
    const [mm = 1] = numbersOf(file, 'SliceThickness');
    const at = (height: number, name: string): File =>
      changed(renamed(file, name), { ImagePositionPatient: [x, y, height], SliceThickness: mm / 2 });
    return [at(z - mm / 4, 'below'), at(z + mm / 4, 'above')];
  });

const JUMPS = /Between slices \d+ and \d+ of \d+, .*missing or in the wrong order there, the patient moved/;

export const CT_ORDER: readonly FieldCase[] = [
  ...[7, 14].map((missing) =>
    refused(
      `a real CT without ${3 * missing} mm of its middle, moved together`,
      READERS,
      lacking(missing),
      ['sudden-change'],
      JUMPS,
      REAL,
    ),
  ),
  refused(
    'a real CT of which two blocks of slices are exchanged',
    READERS,
    exchanged(30, 20),
    ['sudden-change'],
    JUMPS,
    REAL,
  ),
  ...(
    [
      ['each two slices are exchanged', pictures((slice) => slice ^ 1)],
      ['slices are in the order of their numbers as text', asText],
    ] as const
  ).map(([name, change]) =>
    refused(`a real CT of which ${name}`, READERS, change, ['slices-out-of-order'], /order of their positions/, REAL),
  ),
  refused('a patient who moved during a real CT', DEPARTMENTS, movedAside, ['sudden-change'], JUMPS, REAL),
  refused(
    'a real CT of 6 mm slices, each written twice',
    VENDORS,
    pictures((slice) => slice - (slice % 2)),
    ['slices-too-thick'],
    /comes 2 times in a row.* 6(\.0)? mm apart/,
    REAL,
  ),
  evaluated('a real CT of 3 mm slices, each written twice', OURS, doubled, undefined, REAL),
];
