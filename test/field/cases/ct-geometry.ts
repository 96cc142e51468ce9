/** Slices that do not lie as a plain series does: rounded, turned, reformatted, with one that does not belong. */
import { spinePhantomToEnhancedCt, spinePhantomToLegacyConvertedCt } from '#phantoms/enhanced-ct.ts';
import { soundSpine, thinnerSpine, trunk } from '../bases.ts';
import type { FieldCase } from '../case.ts';
import { changed, type File, mapped, mirrored, numbersOf, pictureOf, renamed, repainted } from '../edit.ts';
import { spineHolds } from '../holds.ts';
import { DEPARTMENTS, eachSlice, evaluated, OURS, READERS, REAL, refused, VENDORS, withHeader } from './spine-case.ts';
import { again, raised, reformatted, turnedInPlane } from './spine-series.ts';

/** The position in whole millimetres. */
function rounded(file: File): File {
  return changed(file, { ImagePositionPatient: numbersOf(file, 'ImagePositionPatient').map(Math.round) });
}

/** The patient lies turned by 3° about the long axis; the cosines have two decimals. */
function turnedBy3Degrees(file: File): File {
  const [x = 0, y = 0, z = 0] = numbersOf(file, 'ImagePositionPatient');
  const [cos, sin] = [Math.cos(0.05), Math.sin(0.05)];
  return changed(file, {
    ImagePositionPatient: [x * cos - y * sin, x * sin + y * cos, z].map((mm) => Number(mm.toFixed(4))),
    ImageOrientationPatient: '1.00\\0.05\\0.00\\-0.05\\1.00\\0.00',
  });
}

const TURNED: readonly FieldCase[] = [
  evaluated('prone, head first, and said so', DEPARTMENTS, (files) =>
    files.map((file) => changed(turnedInPlane(file, true, true), { PatientPosition: 'HFP' })),
  ),
  evaluated('supine, feet first, and said so', DEPARTMENTS, (files) =>
    files.map((file) => changed(turnedInPlane(file, true, false), { PatientPosition: 'FFS' })),
  ),
  evaluated('numbered from the head to the feet', VENDORS, (files) =>
    files.map((file, slice) => changed(file, { InstanceNumber: files.length - slice })),
  ),
  evaluated('cosines with two decimals of a patient who lies turned by 3°', READERS, eachSlice(turnedBy3Degrees)),
  evaluated('sagittal reformats of the whole trunk', VENDORS, (files) => reformatted(files, 'sagittal')),
  evaluated('sagittal reformats of the spine only', VENDORS, (files) => reformatted(files, 'sagittal', 46, 76)),
  evaluated('coronal reformats of the whole trunk', VENDORS, (files) => reformatted(files, 'coronal')),
];

const ROUNDED: readonly FieldCase[] = [
  evaluated('positions in whole millimetres of slices every 2.5 mm', READERS, eachSlice(rounded), undefined, {
    base: thinnerSpine,
    made: 'phantom, changed',
  }),
  evaluated(
    'positions with noise of 0.1 mm',
    READERS,
    eachSlice((file, slice) => raised(file, slice % 2 === 0 ? 0.1 : -0.1)),
  ),
  evaluated('slices of 3 mm that say 2.999 mm apart', READERS, withHeader({ SpacingBetweenSlices: '2.999' })),
];

/** A slice of another matrix, position or orientation among those of the series. */
const STRANGERS: readonly FieldCase[] = [
  evaluated(
    'one sagittal reformat among the axial slices',
    DEPARTMENTS,
    (files) => [...files, ...reformatted(files, 'sagittal', 60, 61)],
    /1 image|1 of \d+/,
  ),
  evaluated('a scout among the axial slices', DEPARTMENTS, (files) => [
    ...files,
    ...reformatted(files, 'coronal', 60, 61).map((file) =>
      changed(file, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }),
    ),
  ]),
  evaluated(
    'a thumbnail among the axial slices',
    DEPARTMENTS,
    (files) => [...files, ...files.slice(0, 1).map(thumbnail)],
    /1 image|1 of \d+/,
  ),
  evaluated(
    'one slice sent again under another UID',
    READERS,
    (files) => [...files, ...again(files.slice(50, 51), 'again')],
    /same pixels|1 image|1 of \d+/,
  ),
  evaluated('one slice 60 mm below all others', DEPARTMENTS, (files) => files.toSpliced(1, 19), /1 image|1 of \d+/),
  evaluated(
    'one slice half a metre above the scan',
    DEPARTMENTS,
    (files) => [...files, ...again(files.slice(0, 1), 'stray').map((file) => raised(file, 500))],
    /1 image|1 of \d+/,
  ),
];

function thumbnail(file: File): File {
  const values = new Uint16Array(32 * 32).fill(1024);
  return changed(repainted(renamed(file, 'thumbnail'), { rows: 32, columns: 32, values }), { PixelSpacing: '10\\10' });
}

const ENHANCED: readonly FieldCase[] = (
  [
    ['one Enhanced CT object', () => [spinePhantomToEnhancedCt(trunk(), { seed: 33 })]],
    ['one Legacy Converted Enhanced CT object', () => [spinePhantomToLegacyConvertedCt(trunk(), { seed: 33 })]],
  ] as const
).map(([name, files]) => ({
  ...{ name, source: VENDORS, made: 'phantom', tool: 'vertebral-fracture', files },
  expected: spineHolds({ truth: () => soundSpine().truth, graded: 3 }),
}));

/** What no rule can put right: slices are not there, or nobody knows where they lie. */
const BROKEN: readonly FieldCase[] = [
  refused('one slice lost', DEPARTMENTS, (files) => files.toSpliced(50, 1), ['missing-slices'], /1 slice is missing/),
  refused(
    'ten slices lost in the middle',
    DEPARTMENTS,
    (files) => files.toSpliced(50, 10),
    ['missing-slices'],
    /10 slices are missing/,
  ),
  refused(
    'every second slice lost in one half',
    DEPARTMENTS,
    (files) => files.filter((_, slice) => slice < 56 || slice % 2 === 0),
    ['missing-slices', 'variable-spacing'],
    /missing|distance/,
  ),
  refused(
    'two slices at one place that differ',
    DEPARTMENTS,
    (files) => [...files, ...again(files.slice(50, 51), 'again').map((file) => mapped(file, (value) => value + 5))],
    ['duplicate-slices'],
    /position of another slice/,
  ),
  refused(
    'half of the slices with another matrix',
    READERS,
    (files) => files.map((file, slice) => (slice < 56 ? file : cropped(file))),
    ['mixed-matrix'],
    /differ in matrix/,
  ),
  refused(
    'half of the slices tilted',
    READERS,
    (files) =>
      files.map((file, slice) =>
        slice < 56 ? file : changed(file, { ImageOrientationPatient: '1\\0\\0\\0\\0.9848\\0.1736' }),
      ),
    ['mixed-orientation'],
    /not parallel/,
  ),
  refused(
    'a gantry tilted by 15°',
    VENDORS,
    (files) => files.map((file, slice) => sheared(file, slice)),
    ['gantry-tilt'],
    /tilted by 15/,
  ),
  refused(
    'slices every 5 mm',
    VENDORS,
    (files) =>
      files.map((file, slice) => changed(file, { ImagePositionPatient: [-150, -150, slice * 5], SliceThickness: 5 })),
    ['slices-too-thick'],
    /5\.0 mm apart/,
  ),
  refused(
    'slices of 4.04 mm, which rounds to the limit',
    OURS,
    (files) =>
      files.map((file, slice) =>
        changed(file, { ImagePositionPatient: [-150, -150, Number((slice * 4.04).toFixed(2))], SliceThickness: 4 }),
      ),
    ['slices-too-thick'],
    /4\.0[1-9] mm apart/,
  ),
  refused('seven slices', DEPARTMENTS, (files) => files.slice(50, 57), ['not-suitable'], /Fewer than 8 slices/),
  refused(
    'positions that lie beyond any scanner',
    READERS,
    (files) => files.map((file, slice) => changed(file, { ImagePositionPatient: [0, 0, 1e7 + 3 * slice] })),
    ['missing-geometry'],
    /beyond the reach/,
  ),
  refused(
    'no Frame of Reference UID',
    READERS,
    withHeader({ FrameOfReferenceUID: undefined }),
    ['missing-geometry'],
    /Frame of Reference/,
  ),
  refused(
    'half of the slices in another frame of reference',
    READERS,
    (files) => files.map((file, slice) => (slice < 56 ? file : changed(file, { FrameOfReferenceUID: '2.25.9900' }))),
    ['missing-geometry'],
    /do not share one Frame of Reference/,
  ),
  refused(
    'each slice with a frame of reference of its own, and one slice lost',
    READERS,
    (files) => ownFrames(files).toSpliced(50, 1),
    ['missing-slices', 'missing-geometry'],
    /1 slice is missing|Frame of Reference/,
  ),
  refused(
    'sagittal reformats of slices every 5 mm',
    VENDORS,
    (files) =>
      reformatted(
        files.map((file, slice) => changed(file, { ImagePositionPatient: [-150, -150, slice * 5] })),
        'sagittal',
        46,
        76,
      ),
    ['slices-too-thick'],
    /The rows of the pictures are 5\.0 mm apart/,
  ),
];

/** As an anonymiser leaves it that replaces UIDs file by file. */
function ownFrames(files: readonly File[]): readonly File[] {
  return files.map((file, slice) => changed(file, { FrameOfReferenceUID: `2.25.9900${slice}` }));
}

/** Frames of reference that say nothing about which slices belong together. */
const FRAMES: readonly FieldCase[] = [
  evaluated(
    'each slice with a frame of reference of its own, as an anonymiser left it',
    READERS,
    ownFrames,
    /no Frame of Reference UID \(0020,0052\) in common/,
  ),
  evaluated(
    'every third slice without Frame of Reference UID',
    READERS,
    (files) => files.map((file, slice) => (slice % 3 > 0 ? file : changed(file, { FrameOfReferenceUID: undefined }))),
    /38 of 112 images of the series give no Frame of Reference UID/,
  ),
];

function cropped(file: File): File {
  const picture = pictureOf(file);
  return repainted(file, {
    rows: picture.rows - 20,
    columns: picture.columns,
    values: picture.values.slice(0, (picture.rows - 20) * picture.columns),
  });
}

/** The slice as a tilted gantry places it: perpendicular to the tilted axis, yet moved straight up. */
function sheared(file: File, slice: number): File {
  const angle = (15 * Math.PI) / 180;
  return changed(file, {
    ImagePositionPatient: [-150, -150, 3 * slice],
    ImageOrientationPatient: [1, 0, 0, 0, Math.cos(angle), -Math.sin(angle)].map((cosine) => cosine.toFixed(6)),
    GantryDetectorTilt: '15',
  });
}

/** The same on a real CT of the lumbar spine. */
const REAL_ONES: readonly FieldCase[] = [
  evaluated('a real CT of the lumbar spine', 'none: an ordinary study', (files) => files, undefined, {
    ...REAL,
    made: 'real',
  }),
  evaluated(
    'a real CT with one odd image among 112',
    DEPARTMENTS,
    (files) => [
      ...files,
      ...files.slice(0, 1).map((file) => repainted(renamed(file, 'odd'), mirrored(pictureOf(thumbnail(file))))),
    ],
    /1 image|1 of \d+/,
    REAL,
  ),
];

export const CT_GEOMETRY: readonly FieldCase[] = [
  ...TURNED,
  ...ROUNDED,
  ...STRANGERS,
  ...ENHANCED,
  ...FRAMES,
  ...BROKEN,
  ...REAL_ONES,
];
