/** CT whose picture is not what the header says, or shows no spine that may be measured. */

import { join } from 'node:path';
import { createRandom } from '#phantoms/random.ts';
import { nearestIn, readNifti } from '../../../evaluation/nifti.ts';
import { dataFolder } from '../../../localstack/parts.mjs';
import { realSpine } from '../bases.ts';
import type { FieldCase } from '../case.ts';
import { bytesOf, changed, drawn, type File, mirrored, numbersOf, pictureOf, repainted, upsideDown } from '../edit.ts';
import { spineHolds } from '../holds.ts';
import { besideItself, madeCt, onGrid, slabs, withUnits } from '../made-ct.ts';
import { type Change, DEPARTMENTS, eachSlice, OURS, READERS, REAL, refused, spineCase, VENDORS } from './spine-case.ts';

/** Codes of a picture that contradicts its header. */
const UPSIDE_DOWN = ['upside-down'];
const FRONT_IS_BACK = ['front-and-back-exchanged', 'no-posterior-elements'];
const OTHER_UNITS = ['not-hounsfield', 'display-window', 'no-body'];
/** Codes of a picture in which no spine of an adult can be measured. */
const NO_SPINE = [
  'no-spine',
  'no-complete-body',
  'too-few-bodies',
  'no-body-graded',
  'no-body',
  'not-hounsfield',
  'blank',
  'sudden-change',
];
const NO_TRUNK = ['implausible-size', 'no-posterior-elements', 'too-little-in-view'];

/** Heights in the reverse order, so that the head lies where the feet are. */
const headAtTheFeet: Change = (files) => {
  const heights = files.map((file) => numbersOf(file, 'ImagePositionPatient'));
  return files.map((file, slice) => changed(file, { ImagePositionPatient: heights.at(-1 - slice) ?? '' }));
};
const scannedFeetFirst: Change = (files) =>
  headAtTheFeet(files).map((file) => repainted(file, mirrored(pictureOf(file))));
const scannedProne: Change = eachSlice((file) => repainted(file, mirrored(upsideDown(pictureOf(file)))));
const frontToBack: Change = eachSlice((file) => repainted(file, upsideDown(pictureOf(file))));
const onTheSide: Change = eachSlice((file) => {
  const picture = pictureOf(file);
  const side = Math.min(picture.rows, picture.columns);
  return repainted(
    file,
    drawn(picture, { rows: side, columns: side }, (row, column) => [column, row]),
  );
});

interface Lie {
  readonly name: string;
  readonly source: string;
  readonly change: Change;
  readonly codes: readonly string[];
  readonly because: RegExp;
}

const ORIENTATIONS: readonly Lie[] = [
  {
    ...{ name: 'scanned feet first, entered head first', source: DEPARTMENTS, change: scannedFeetFirst },
    ...{ codes: UPSIDE_DOWN, because: /lungs lie below|pelvis lies above|upside down/ },
  },
  {
    ...{ name: 'slices in the reverse order of their heights', source: READERS, change: headAtTheFeet },
    ...{ codes: UPSIDE_DOWN, because: /lungs lie below|pelvis lies above|upside down/ },
  },
  {
    ...{ name: 'scanned prone, entered supine', source: DEPARTMENTS, change: scannedProne },
    ...{ codes: FRONT_IS_BACK, because: /the header calls the front|front to back/ },
  },
  {
    ...{ name: 'mirrored front to back', source: READERS, change: frontToBack },
    ...{ codes: FRONT_IS_BACK, because: /the header calls the front|front to back/ },
  },
];

const UNITS: readonly (readonly [string, string, Change])[] = [
  ['Hounsfield units that are 300 too high', DEPARTMENTS, eachSlice(withUnits((hu) => hu + 300))],
  ['Hounsfield units that are 300 too low', DEPARTMENTS, eachSlice(withUnits((hu) => hu - 300))],
  ['Hounsfield units that are halved', READERS, eachSlice(withUnits((hu) => hu / 2))],
  ['Hounsfield units that are inverted', READERS, eachSlice(withUnits((hu) => -hu))],
  [
    'stored values of a scanner without their intercept',
    READERS,
    eachSlice((file) => changed(file, { RescaleIntercept: '0' })),
  ],
  [
    'a window of soft tissue stretched over all values',
    READERS,
    eachSlice(withUnits((hu) => Math.min(255, Math.max(0, ((hu + 160) / 400) * 255)))),
  ],
];

/** Nothing may be said of them that is wrong, if anything is said. */
const nothingWrong = (name: string, source: string, change: Change): FieldCase =>
  spineCase(
    name,
    source,
    change,
    {
      ...{ refused: [...NO_SPINE, ...NO_TRUNK, ...FRONT_IS_BACK, ...UPSIDE_DOWN, 'child-sized'], because: /bod|trunk/ },
      ...spineHolds({ truth: () => realSpine().truth, graded: 0, names: 'any' }),
    },
    REAL,
  );

const CONTRADICTIONS: readonly FieldCase[] = [
  // The tool looks long for arches that are not there: of the two without them, one is asked about on a phantom.
  ...ORIENTATIONS.filter(({ change }) => change !== scannedProne).map(({ name, source, change, codes, because }) =>
    refused(name, source, change, codes, because),
  ),
  ...ORIENTATIONS.map(({ name, source, change, codes, because }) =>
    refused(`a real CT, ${name}`, source, change, codes, because, REAL),
  ),
  refused('rows and columns exchanged', READERS, onTheSide, [...NO_SPINE, ...NO_TRUNK], /bod|arch/),
  ...UNITS.map(([name, source, change]) => refused(name, source, change, OTHER_UNITS, /HU|Hounsfield|display window/)),
  ...UNITS.slice(0, 2).map(([name, source, change]) =>
    refused(`a real CT, ${name}`, source, change, OTHER_UNITS, /HU|Hounsfield|display window/, REAL),
  ),
  nothingWrong('axial slabs of maximum intensity of a real CT that do not say so', VENDORS, (files) => slabs(files, 3)),
  nothingWrong('columns of a real CT merged in pairs, Pixel Spacing in the wrong order', READERS, (files) =>
    onGrid(files, [1.5, 1.5, 3]).map(halvedColumns),
  ),
  refused(
    'a patient of half the size',
    DEPARTMENTS,
    (files) => files.map((file) => scaled(file, 0.5)),
    [...NO_SPINE, ...NO_TRUNK, 'child-sized'],
    /too small|thinner|narrower|bod/,
  ),
  refused(
    'a child of four',
    DEPARTMENTS,
    (files) => files.map((file) => scaled(file, 0.6)),
    ['child-sized', 'implausible-size'],
    /too small|thinner|narrower/,
  ),
  refused(
    'two patients side by side',
    DEPARTMENTS,
    (files) => files.map((file) => repainted(file, besideItself(pictureOf(file)))),
    ['two-spines', 'implausible-size'],
    /second row of vertebral bodies|wide/,
  ),
];

function halvedColumns(file: File): File {
  const picture = pictureOf(file);
  const [rowMm = 1, columnMm = 1] = numbersOf(file, 'PixelSpacing');
  const half = drawn(picture, { rows: picture.rows, columns: picture.columns >> 1 }, (row, column) => [
    row,
    2 * column,
  ]);
  return changed(repainted(file, half), { PixelSpacing: [2 * columnMm, rowMm] });
}

function scaled(file: File, factor: number): File {
  const times = (keyword: string): readonly string[] =>
    numbersOf(file, keyword).map((value) => (value * factor).toFixed(4));
  return changed(file, {
    PixelSpacing: times('PixelSpacing'),
    ImagePositionPatient: times('ImagePositionPatient'),
    SliceThickness: times('SliceThickness'),
  });
}

const GRID = { columns: 128, rows: 128, slices: 80, spacingMm: [2.5, 2.5, 2.5] } as const;
const noise = (size: number) => {
  const random = createRandom(1);
  return () => size * random.normal();
};
/** Values with the noise of a scanner. */
const grainy = (valueAt: (x: number, y: number) => number) => {
  const grain = noise(10);
  return (x: number, y: number): number => valueAt(x, y) + grain();
};
/** A trunk of soft tissue in air, with something inside. */
const inTrunk = (inside: (x: number, y: number, z: number) => number | undefined) => {
  const grain = noise(10);
  return (x: number, y: number, z: number): number => {
    const r = Math.hypot(x / 150, y / 100);
    if (r > 1) return -1000;
    return (inside(x, y, z) ?? (r > 0.85 ? -100 : 45)) + grain();
  };
};

interface Made {
  readonly name: string;
  readonly source: string;
  readonly hounsfieldAt: () => (x: number, y: number, z: number) => number;
  readonly because: RegExp;
}

const MADE: readonly Made[] = [
  { name: 'air', source: READERS, hounsfieldAt: () => () => -1000, because: /vertebral|Hounsfield|body|same value/ },
  { name: 'noise', source: READERS, hounsfieldAt: () => noise(300), because: /vertebral|Hounsfield|body|same value/ },
  {
    name: 'a cylinder of water with four rods, for quality assurance',
    source: DEPARTMENTS,
    hounsfieldAt: () => grainy(waterPhantom),
    because: /vertebral|Hounsfield|body|same value/,
  },
  {
    name: 'six stacked cylinders in a trunk',
    source: OURS,
    hounsfieldAt: () => inTrunk((x, y, z) => cylinders(x, y - 40, z)),
    because: /vertebra|spine|bod|no patient/,
  },
  {
    name: 'a trunk without any bone',
    source: OURS,
    hounsfieldAt: () => inTrunk(() => undefined),
    because: /vertebral|body/,
  },
  {
    name: 'a rod of metal in a trunk',
    source: OURS,
    hounsfieldAt: () => inTrunk((x, y) => (Math.hypot(x, y - 40) < 8 ? 3000 : undefined)),
    because: /vertebral|body/,
  },
  {
    name: 'a cone-beam CT of the jaws called CT, in grey values',
    source: VENDORS,
    hounsfieldAt: () => grainy(coneBeam),
    because: /Hounsfield|vertebral|body/,
  },
];

function cylinders(x: number, y: number, z: number): number | undefined {
  const along = ((z % 35) + 35) % 35;
  return Math.hypot(x, y) < 20 && along < 26 && Math.abs(z) < 105 ? 250 : undefined;
}

function waterPhantom(x: number, y: number): number {
  const r = Math.hypot(x, y);
  if (r > 105) return -1000;
  if (r > 100) return 120;
  const isRod = [0, 1, 2, 3].some(
    (n) => Math.hypot(x - 60 * Math.cos((n * Math.PI) / 2), y - 60 * Math.sin((n * Math.PI) / 2)) < 12,
  );
  return isRod ? 350 : 0;
}

function coneBeam(x: number, y: number): number {
  const r = Math.hypot(x, y);
  return r < 150 ? 100 + (Math.abs(r - 90) < 8 ? 900 : 0) : -1000;
}

const MADE_CASES: readonly FieldCase[] = MADE.map(({ name, source, hounsfieldAt, because }) => ({
  ...{ name, source, made: 'phantom', tool: 'vertebral-fracture' },
  files: () => madeCt(GRID, hounsfieldAt()).map(bytesOf),
  expected: { refused: [...NO_SPINE, ...NO_TRUNK], because },
}));

/** One real lumbar vertebra with parts of its neighbours, cut out. */
const CUT_OUT: FieldCase = {
  ...{
    name: 'a cut-out around one real lumbar vertebra',
    source: DEPARTMENTS,
    made: 'real, changed',
    tool: 'vertebral-fracture',
  },
  needs: 'data',
  files: () => {
    const volume = readNifti(join(dataFolder(), 'real', 'ct-vertebra-tptbox', 'sub-ct_label-22_ct.nii.gz'));
    const valueAt = nearestIn(volume);
    const [x, y, z] = volume.origin;
    const [dx, dy, dz] = [0, 1, 2].map((axis) => middle(volume, axis)) as [number, number, number];
    return madeCt({ columns: 76, rows: 76, slices: 76, spacingMm: [1.5, 1.5, 1.5] }, (a, b, c) =>
      valueAt([x + dx + a, y + dy + b, z + dz + c]),
    ).map(bytesOf);
  },
  expected: { refused: [...NO_SPINE, ...NO_TRUNK], because: /vertebral|bod/ },
};

/** From the first voxel to the middle, mm along a patient axis. */
function middle(volume: ReturnType<typeof readNifti>, axis: number): number {
  const { columns, rows, slices, columnDirection, rowDirection, sliceDirection, spacingMm } = volume;
  return (
    ((columns - 1) * spacingMm[0] * (columnDirection[axis] ?? 0) +
      (rows - 1) * spacingMm[1] * (rowDirection[axis] ?? 0) +
      (slices - 1) * spacingMm[2] * (sliceDirection[axis] ?? 0)) /
    2
  );
}

export const CT_PICTURE: readonly FieldCase[] = [...CONTRADICTIONS, ...MADE_CASES, CUT_OUT];
