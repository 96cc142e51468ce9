/** Two scans of one place in one series: what tells them apart, and what does not. */
import type { FieldCase } from '../case.ts';
import { type Changes, changed, type File, mapped, numbersOf, renamed } from '../edit.ts';
import { type Change, DEPARTMENTS, evaluated, READERS, refused, VENDORS } from './spine-case.ts';
import { again, raised, reformatted } from './spine-series.ts';

/** The slices after contrast agent, in the same series. Slices without dense tissue stay the same to the last bit. */
const late = (files: readonly File[], name = 'late', by = 30): readonly File[] =>
  again(files, name).map((file) => mapped(file, (value) => value + (value > 1100 ? by : 0)));

const each = (files: readonly File[], changes: (slice: number) => Changes): readonly File[] =>
  files.map((file, slice) => changed(file, changes(slice)));

/** A time of day, s after 12:00. */
const clock = (seconds: number): string => {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return `12${String(minutes).padStart(2, '0')}${rest.toFixed(2).padStart(5, '0')}`;
};
/** Slices are taken every 60 ms. */
const spiral = (slice: number, start = 0): Changes => ({ AcquisitionTime: clock(start + slice * 0.06) });

const BOTH = /"images":112,"reason":\{"code":"not-preferred"/;

const apart = (name: string, source: string, change: Change, says = BOTH): FieldCase =>
  evaluated(name, source, change, says);

const TOLD: readonly FieldCase[] = [
  apart('two phases in one series that differ in Acquisition Time only', DEPARTMENTS, (files) => [
    ...files,
    ...each(late(files), () => ({ AcquisitionTime: '120045' })),
  ]),
  apart('two phases in one series, each slice with its own Acquisition Time', VENDORS, (files) => [
    ...each(files, (slice) => spiral(slice)),
    ...each(late(files), (slice) => spiral(slice, 40)),
  ]),
  apart('two phases in one series, scanned there and back without a pause', VENDORS, (files) => [
    ...each(files, (slice) => spiral(slice)),
    ...each(late(files), (slice) => spiral(112 + 111 - slice)),
  ]),
  apart('two phases in one series, of which the first has no Acquisition Time', READERS, (files) => [
    ...each(files, () => ({ AcquisitionTime: undefined })),
    ...each(late(files), () => ({ AcquisitionTime: '120045' })),
  ]),
  apart('two phases in one series that differ in Acquisition DateTime only', VENDORS, (files) => [
    ...each(files, () => ({ AcquisitionDateTime: '20260105083500.000000' })),
    ...each(late(files), () => ({ AcquisitionDateTime: '20260105083545.500000' })),
  ]),
  apart('two phases in one series that differ in Content Time only', READERS, (files) => [
    ...each(files, () => ({ ContentTime: '083601.25' })),
    ...each(late(files), () => ({ ContentTime: '083655.5' })),
  ]),
  apart('two phases in one series that differ in Trigger Time only', READERS, (files) => [
    ...each(files, () => ({ TriggerTime: 120 })),
    ...each(late(files), () => ({ TriggerTime: 480 })),
  ]),
  apart('two phases in one series, numbered one after the other', READERS, (files) => [
    ...each(files, (slice) => ({ InstanceNumber: slice + 1 })),
    ...each(late(files), (slice) => ({ InstanceNumber: slice + 113 })),
  ]),
  apart('three phases in one series that differ in Acquisition Time only', DEPARTMENTS, (files) => [
    ...files,
    ...each(late(files), () => ({ AcquisitionTime: '083545' })),
    ...each(late(files, 'later', 15), () => ({ AcquisitionTime: '083800' })),
  ]),
  apart('two kernels of two phases in one series', DEPARTMENTS, (files) => [
    ...each(files, () => ({ ConvolutionKernel: 'B30f' })),
    ...each(late(files), () => ({ ConvolutionKernel: 'B30f', AcquisitionTime: '083545' })),
    ...each(late(files, 'sharp', 5), () => ({ ConvolutionKernel: 'B31f' })),
    ...each(late(files, 'late and sharp', 35), () => ({ ConvolutionKernel: 'B31f', AcquisitionTime: '083545' })),
  ]),
  apart('two phases in one series in two frames of reference', READERS, (files) => [
    ...files,
    ...each(late(files), () => ({ FrameOfReferenceUID: '2.25.660099' })),
  ]),
  apart(
    'slices of 3 mm and of 6 mm in one series',
    DEPARTMENTS,
    (files) => [
      ...files,
      ...each(
        late(
          files.filter((_, slice) => slice % 2 === 0),
          'thick',
        ),
        () => ({ SliceThickness: 6 }),
      ),
    ],
    /"images":56/,
  ),
  apart(
    'a part of the scan repeated a minute later, in the same series',
    DEPARTMENTS,
    (files) => [
      ...each(files, (slice) => spiral(slice)),
      ...each(late(files.slice(70, 100)), (slice) => spiral(slice, 60)),
    ],
    /"images":30/,
  ),
  apart('two phases in one series, half a slice apart', VENDORS, (files) => [
    ...each(files, (slice) => ({ ...spiral(slice), SliceThickness: 3 })),
    ...each(
      late(files).map((file) => raised(file, 1.5)),
      (slice) => ({ ...spiral(slice, 40), SliceThickness: 3 }),
    ),
  ]),
];

const PLANES: readonly FieldCase[] = [
  apart(
    'reformats in three planes in one series',
    VENDORS,
    (files) => [
      ...each(files, () => ({ ImageType: ['DERIVED', 'SECONDARY', 'MPR'] })),
      ...reformatted(files, 'sagittal', 46, 76),
      ...reformatted(files, 'coronal', 46, 76),
    ],
    /"images":30/,
  ),
];

/** Where nothing tells, or what tells contradicts the places, nobody knows which slice is of which scan. */
const MIXED: readonly FieldCase[] = [
  refused(
    'two phases in one series whose times are exchanged in every second slice',
    READERS,
    (files) => [
      ...each(files, (slice) => spiral(slice, slice % 2 === 0 ? 0 : 40)),
      ...each(late(files), (slice) => spiral(slice, slice % 3 === 0 ? 0 : 40)),
    ],
    ['duplicate-slices'],
    /position of another slice/,
  ),
  refused(
    'two phases in one series of which the later lacks a slice',
    DEPARTMENTS,
    (files) => [
      ...each(files.toSpliced(40, 1), () => ({ AcquisitionTime: '083500' })),
      ...each(late(files).toSpliced(60, 1), () => ({ AcquisitionTime: '083545' })),
    ],
    ['duplicate-slices', 'missing-slices'],
    /position of another slice|1 slice is missing/,
  ),
  refused(
    'a slice lost between two sweeps of one series',
    VENDORS,
    (files) => [
      ...each(files.slice(0, 56), () => ({ AcquisitionTime: '083500' })),
      ...each(files.slice(57), () => ({ AcquisitionTime: '083545' })),
    ],
    ['missing-slices'],
    /1 slice is missing/,
  ),
];

/** Slices that were taken in turns, and are one scan. */
const TOGETHER: readonly FieldCase[] = [
  evaluated('thin slices taken in turns, the even ones after the odd ones', VENDORS, (files) =>
    files.map((file, slice) => changed(file, { ...spiral(slice, slice % 2 === 0 ? 0 : 40), SliceThickness: 1.5 })),
  ),
  evaluated('each slice with its own Acquisition Time, and a pause in the middle', VENDORS, (files) =>
    each(files, (slice) => spiral(slice, slice < 50 ? 0 : 15)),
  ),
  evaluated('a scan across midnight', VENDORS, (files) =>
    each(files, (slice) => ({
      AcquisitionDate: slice < 60 ? '20260105' : '20260106',
      AcquisitionTime: slice < 60 ? '235959.5' : '000000.5',
    })),
  ),
  evaluated('a slice twice under two UIDs and two times', READERS, (files) => [
    ...files,
    ...files.slice(50, 51).map((file) => changed(renamed(file, 'again'), { ContentTime: '091500' })),
  ]),
  evaluated('two sweeps of one series, one after the other', VENDORS, (files) =>
    files.map((file) =>
      changed(file, { AcquisitionTime: (numbersOf(file, 'ImagePositionPatient')[2] ?? 0) < 100 ? '083500' : '083545' }),
    ),
  ),
];

export const CT_ONE_SERIES: readonly FieldCase[] = [...TOLD, ...PLANES, ...MIXED, ...TOGETHER];
