/** Studies of several series, and scans in pieces: the whole is evaluated, and what is passed over is named. */
import type { FieldCase } from '../case.ts';
import { changed, type File, mapped } from '../edit.ts';
import { CT_ONE_SERIES } from './ct-one-series.ts';
import { CT_TWINS } from './ct-twins.ts';
import { DEPARTMENTS, evaluated, OURS, READERS, REAL, refused, VENDORS } from './spine-case.ts';
import { again, asSeries, raised, reformatted, thinHead } from './spine-series.ts';

/** Another reconstruction, by its header of 1 mm. Its values differ a little from those of the slices that it is made from. */
const thin = (files: readonly File[], name: string): readonly File[] =>
  asSeries(files, name).map((file) =>
    changed(
      mapped(file, (value, at) => value + (at % 5)),
      { SliceThickness: '1.0' },
    ),
  );

const PIECES: readonly FieldCase[] = [
  evaluated('one scan in two series', DEPARTMENTS, (files) => [
    ...files.slice(0, 60),
    ...asSeries(files.slice(60), 'upper'),
  ]),
  evaluated('one scan in two series that share a slice', DEPARTMENTS, (files) => [
    ...files.slice(0, 60),
    ...asSeries(files.slice(59), 'upper'),
  ]),
  evaluated('one scan in three series', DEPARTMENTS, (files) => [
    ...files.slice(0, 40),
    ...asSeries(files.slice(40, 80), 'middle', 2),
    ...asSeries(files.slice(80), 'upper', 3),
  ]),
  evaluated('two acquisitions in one series that share a slice', DEPARTMENTS, (files) => [
    ...files.slice(0, 60),
    ...again(files.slice(59), 'second').map((file) => changed(file, { AcquisitionNumber: '2' })),
  ]),
  evaluated(
    'one real scan in two series',
    DEPARTMENTS,
    (files) => [...files.slice(0, 60), ...asSeries(files.slice(60), 'upper')],
    undefined,
    REAL,
  ),
  evaluated('one series stored twice under other UIDs', DEPARTMENTS, (files) => [...files, ...asSeries(files, 'copy')]),
  evaluated('one SOP Instance UID in two series', READERS, (files) => [
    ...files,
    ...files.map((file) => changed(file, { SeriesInstanceUID: '2.25.660077', SeriesNumber: 2 })),
  ]),
  refused(
    'two sweeps that overlap by half a slice in one series',
    VENDORS,
    (files) => [...files.slice(0, 70), ...again(files.slice(55), 'second').map((file) => raised(file, 1.3))],
    ['variable-spacing', 'duplicate-slices'],
    /distance between slices|position of another/,
  ),
  refused(
    'two kernels in one series with one Acquisition Number',
    DEPARTMENTS,
    (files) => [...files, ...again(files, 'sharp').map((file) => mapped(file, (value, at) => value + (at % 7)))],
    ['duplicate-slices'],
    /position of another slice/,
  ),
];

/** A series that suits better by its header, and cannot be evaluated. */
const RIVALS: readonly FieldCase[] = [
  evaluated(
    'a thin series that lacks a slice beside a whole one',
    OURS,
    (files) => [...files, ...thin(files.toSpliced(60, 1), 'thin')],
    /missing-slices|1 slice is missing/,
  ),
  evaluated(
    'slices of 1 mm every 12 mm beside a whole series',
    OURS,
    (files) => [
      ...files,
      ...thin(
        files.filter((_, slice) => slice % 4 === 0),
        'interspaced',
      ),
    ],
    /mm apart/,
  ),
  evaluated(
    'a thin head beside the trunk',
    OURS,
    (files) => [...files, ...thinHead(files)],
    /passedOver|passed over|head/i,
  ),
  evaluated('a thin bone-suppressed series beside the plain one', OURS, (files) => [
    ...files,
    ...thin(files, 'suppressed').map((file) =>
      changed(
        mapped(file, (value) => Math.min(value, 1074)),
        { ImageType: ['DERIVED', 'PRIMARY', 'AXIAL', 'VNCA'] },
      ),
    ),
  ]),
  evaluated('thin slabs of maximum intensity beside the plain series', OURS, (files) => [
    ...files,
    ...thin(files, 'mip').map((file) => changed(file, { ImageType: ['DERIVED', 'SECONDARY', 'AXIAL', 'MIP'] })),
  ]),
  evaluated('sagittal reformats that say they are thinner beside the axial series', VENDORS, (files) => [
    ...files,
    ...asSeries(reformatted(files, 'sagittal', 46, 76), 'sagittal', 3).map((file) =>
      changed(file, { SliceThickness: '2' }),
    ),
  ]),
  evaluated('a scout in a series of its own', VENDORS, (files) => [
    ...files,
    ...asSeries(reformatted(files, 'coronal', 60, 61), 'scout', 2).map((file) =>
      changed(file, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }),
    ),
  ]),
];

export const CT_SCAN: readonly FieldCase[] = [...PIECES, ...CT_ONE_SERIES, ...CT_TWINS, ...RIVALS];
