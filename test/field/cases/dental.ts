/** Dental radiographs as departments store them: turned, mirrored, inverted, twice, or something else altogether. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '#phantoms/random.ts';
import { dataFolder } from '../../../localstack/parts.mjs';
import { bitewing, type DentalBase, panoramic, periapical, soundSpine } from '../bases.ts';
import type { FieldCase } from '../case.ts';
import {
  bytesOf,
  type Changes,
  changed,
  drawn,
  type File,
  fileOf,
  mirrored,
  pictureOf,
  renamed,
  repainted,
  upsideDown,
} from '../edit.ts';
import { cariesHolds } from '../holds.ts';
import {
  asBefore,
  drawnRadiograph,
  EIGHT_BITS,
  fromPng,
  inEightBits,
  inverted,
  ofClass,
  picture,
  strip,
  turnedBy90,
} from './radiograph-case.ts';
import { DEPARTMENTS, OURS, READERS, VENDORS } from './spine-case.ts';

const to =
  (changes: Changes) =>
  (file: File): File =>
    changed(file, changes);
const DX_FOR_PROCESSING = '1.2.840.10008.5.1.4.1.1.1.1.1';
const IO_FOR_PROCESSING = '1.2.840.10008.5.1.4.1.1.1.3.1';
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const PHOTOGRAPH = '1.2.840.10008.5.1.4.1.1.77.1.4';

const size = (of: () => DentalBase) => pictureOf(of().file);
/** From a place on the changed picture to that on the phantom. */
const BEFORE = {
  mirrored: (of: () => DentalBase) => (x: number, y: number) => [size(of).columns - 1 - x, y] as const,
  upsideDown: (of: () => DentalBase) => (x: number, y: number) => [x, size(of).rows - 1 - y] as const,
  turned: (of: () => DentalBase) => (x: number, y: number) =>
    [size(of).columns - 1 - x, size(of).rows - 1 - y] as const,
};

const ORDINARY = 'none: an ordinary study';
const panoramicWords =
  (changes: Changes) =>
  (file: File): File =>
    changed(file, { Modality: 'DX', AnatomicRegionSequence: undefined, BodyPartExamined: undefined, ...changes });

/** The tool takes them, and says what it would have said of the plain picture. */
const SOUND: readonly FieldCase[] = [
  picture('a bitewing', ORDINARY, bitewing, (file) => file, asBefore(bitewing)),
  picture('a periapical', ORDINARY, periapical, (file) => file, asBefore(periapical)),
  picture('a panoramic', ORDINARY, panoramic, (file) => file, asBefore(panoramic, undefined, 'given')),
  picture(
    'a panoramic stored as DX of the Jaw',
    READERS,
    panoramic,
    panoramicWords({ BodyPartExamined: 'Jaw' }),
    asBefore(panoramic, undefined, 'given'),
  ),
  picture(
    'a panoramic stored as DX of teeth in lower case',
    READERS,
    panoramic,
    panoramicWords({ BodyPartExamined: 'teeth' }),
    asBefore(panoramic, undefined, 'given'),
  ),
  picture(
    'a panoramic whose region is coded in SNOMED RT',
    VENDORS,
    panoramic,
    panoramicWords({
      AnatomicRegionSequence: [{ CodeValue: 'T-D1213', CodingSchemeDesignator: 'SRT', CodeMeaning: 'Jaw region' }],
    }),
    asBefore(panoramic, undefined, 'given'),
  ),
  picture(
    'MONOCHROME1',
    VENDORS,
    bitewing,
    (file) => changed(inverted(file), { PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'INVERSE' }),
    asBefore(bitewing),
  ),
  picture(
    'Presentation LUT Shape INVERSE on MONOCHROME2, a bitewing',
    VENDORS,
    bitewing,
    (file) => changed(inverted(file), { PresentationLUTShape: 'INVERSE' }),
    asBefore(bitewing),
  ),
  picture(
    'Presentation LUT Shape INVERSE on MONOCHROME2, a panoramic',
    VENDORS,
    panoramic,
    (file) => changed(inverted(file), { PresentationLUTShape: 'INVERSE' }),
    asBefore(panoramic, undefined, 'given'),
  ),
  picture(
    'a panoramic upside down that says so',
    VENDORS,
    panoramic,
    (file) => changed(repainted(file, upsideDown(pictureOf(file))), { PatientOrientation: 'L\\H' }),
    asBefore(panoramic, BEFORE.upsideDown(panoramic), 'given'),
  ),
  picture(
    'a panoramic mirrored that says so',
    VENDORS,
    panoramic,
    (file) => changed(repainted(file, mirrored(pictureOf(file))), { PatientOrientation: 'R\\F' }),
    asBefore(panoramic, BEFORE.mirrored(panoramic), 'given'),
  ),
  picture(
    'a panoramic turned by 180° that says so',
    VENDORS,
    panoramic,
    (file) => changed(repainted(file, mirrored(upsideDown(pictureOf(file)))), { PatientOrientation: 'R\\H' }),
    asBefore(panoramic, BEFORE.turned(panoramic), 'given'),
  ),
  picture(
    'orientation in words',
    READERS,
    panoramic,
    (file) => changed(repainted(file, mirrored(pictureOf(file))), { PatientOrientation: 'RIGHT\\FOOT' }),
    asBefore(panoramic, BEFORE.mirrored(panoramic)),
  ),
  picture(
    'a bitewing upside down that says so',
    VENDORS,
    bitewing,
    (file) => changed(repainted(file, upsideDown(pictureOf(file))), { PatientOrientation: 'L\\H' }),
    asBefore(bitewing, BEFORE.upsideDown(bitewing)),
  ),
  picture(
    'rows merged in pairs, with the spacing of both',
    VENDORS,
    bitewing,
    (file) => changed(repainted(file, everySecondRow(file)), { ImagerPixelSpacing: '0.08\\0.04' }),
    asBefore(bitewing, (x, y) => [x, 2 * y]),
  ),
  picture(
    'rows merged in pairs, with a Pixel Aspect Ratio and no spacing',
    VENDORS,
    bitewing,
    (file) =>
      changed(repainted(file, everySecondRow(file)), { ImagerPixelSpacing: undefined, PixelAspectRatio: '2\\1' }),
    asBefore(bitewing, (x, y) => [x, 2 * y]),
  ),
  picture(
    'a magnified spacing beside that of the detector',
    VENDORS,
    panoramic,
    to({ PixelSpacing: '0.1\\0.1', EstimatedRadiographicMagnificationFactor: '1.25' }),
    asBefore(panoramic),
  ),
  picture(
    'a Pixel Spacing of zero beside that of the detector',
    READERS,
    bitewing,
    to({ PixelSpacing: '0\\0' }),
    asBefore(bitewing),
  ),
  picture(
    'a white frame with a line of text',
    VENDORS,
    panoramic,
    (file) => changed(repainted(file, framed(file)), { BurnedInAnnotation: 'YES' }),
    asBefore(panoramic),
  ),
  picture(
    'a bitewing for processing, whose values fall with absorption',
    VENDORS,
    bitewing,
    (file) =>
      ofClass(
        changed(inverted(file), {
          PixelIntensityRelationship: 'LIN',
          PixelIntensityRelationshipSign: 1,
          PresentationIntentType: 'FOR PROCESSING',
          PresentationLUTShape: undefined,
        }),
        IO_FOR_PROCESSING,
      ),
    asBefore(bitewing),
  ),
  picture(
    'one exposure stored for presentation and for processing',
    DEPARTMENTS,
    panoramic,
    (file) => [
      file,
      ofClass(changed(renamed(file, 'raw'), { PresentationIntentType: 'FOR PROCESSING' }), DX_FOR_PROCESSING),
    ],
    asBefore(panoramic, undefined, 'given'),
  ),
  picture(
    'one exposure sent twice under two UIDs',
    DEPARTMENTS,
    periapical,
    (file) => [file, renamed(file, 'again')],
    asBefore(periapical),
  ),
  picture(
    'a bitewing beside a photograph',
    DEPARTMENTS,
    bitewing,
    (file) => [file, photograph(renamed(file, 'photo'))],
    asBefore(bitewing),
  ),
];

function everySecondRow(file: File) {
  const whole = pictureOf(file);
  return drawn(whole, { rows: whole.rows >> 1, columns: whole.columns }, (row, column) => [2 * row, column]);
}

function framed(file: File) {
  const { rows, columns, values } = pictureOf(file);
  const isFrame = (row: number, column: number): boolean =>
    row < 60 ||
    column < 60 ||
    row >= rows - 60 ||
    column >= columns - 60 ||
    (row >= 80 && row < 110 && column >= 100 && column < 700);
  return {
    rows,
    columns,
    values: values.map((value, at) => (isFrame(Math.floor(at / columns), at % columns) ? 4095 : value)),
  };
}

function photograph(file: File): File {
  const grey = inEightBits(pictureOf(file));
  const rgb = Uint8Array.from({ length: 3 * grey.length }, (_, at) =>
    Math.round((grey[Math.floor(at / 3)] ?? 0) / (1 + (at % 3))),
  );
  return changed(ofClass(file, PHOTOGRAPH), {
    ...EIGHT_BITS,
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    PixelData: { vr: 'OB', bytes: rgb },
  });
}

/** Tooth numbers are withheld, because nobody knows which side is which. */
const UNNUMBERED: readonly FieldCase[] = [
  picture(
    'a panoramic without Patient Orientation',
    DEPARTMENTS,
    panoramic,
    to({ PatientOrientation: '' }),
    cariesHolds({ truth: () => panoramic().truth, findings: [1, 16] }),
  ),
  picture(
    'a panoramic mirrored by the reader, by its flip attribute',
    VENDORS,
    panoramic,
    (file) =>
      changed(repainted(file, mirrored(pictureOf(file))), { PatientOrientation: '', FieldOfViewHorizontalFlip: 'YES' }),
    asBefore(panoramic, BEFORE.mirrored(panoramic)),
  ),
];

const OUT = ['not-suitable', 'not-the-scan', 'wrong-kind'];
const SEEN = ['no-teeth', 'no-arch', 'inverted', 'upside-down', 'implausible-count', 'polarity', 'orientation'];

/** Pictures whose header or picture says that they must not be judged. */
const REFUSED: readonly FieldCase[] = [
  picture(
    'a panoramic turned by 180° that does not say so',
    OURS,
    panoramic,
    (file) => repainted(file, mirrored(upsideDown(pictureOf(file)))),
    { refused: SEEN, because: /turned|upside|upright|arch|teeth/i },
  ),
  picture('a panoramic inverted that does not say so', OURS, panoramic, inverted, {
    refused: SEEN,
    because: /invert|dark|black|teeth|arch/i,
  }),
  picture('a bitewing inverted that does not say so', OURS, bitewing, inverted, {
    refused: SEEN,
    because: /invert|dark|black|teeth/i,
  }),
  picture(
    'a bitewing turned by 90° that says so',
    VENDORS,
    bitewing,
    (file) => changed(turnedBy90(file), { PatientOrientation: 'F\\R' }),
    { refused: SEEN, because: /turned|upright|teeth/i },
  ),
  picture('a strip with a single crown', OURS, bitewing, (file) => strip(file, 0, 180), {
    refused: ['no-teeth', 'image-too-small'],
    because: /too few|small/i,
  }),
  picture(
    'a panoramic stored as Secondary Capture',
    DEPARTMENTS,
    panoramic,
    (file) => ofClass(file, SECONDARY_CAPTURE),
    { refused: [...OUT, 'no-image', 'secondary-capture'], because: /Secondary Capture/ },
  ),
  picture('a panoramic stored as DX without a body part', DEPARTMENTS, panoramic, panoramicWords({}), {
    refused: OUT,
    because: /does not say that the radiograph shows teeth or jaws/,
  }),
  picture(
    'a panoramic stored as DX of the CHEST',
    DEPARTMENTS,
    panoramic,
    panoramicWords({ BodyPartExamined: 'CHEST' }),
    { refused: OUT, because: /teeth or jaws/ },
  ),
  picture('a panoramic stored with the Modality OT', DEPARTMENTS, panoramic, to({ Modality: 'OT' }), {
    refused: OUT,
    because: /not a projection radiograph|not an intra-oral or panoramic/,
  }),
  picture('a photograph of teeth called IO', DEPARTMENTS, bitewing, photograph, {
    refused: [...OUT, 'no-image', 'photograph'],
    because: /photo|colou?r|radiograph/i,
  }),
  picture(
    'a full-mouth series as frames of one image',
    VENDORS,
    bitewing,
    (file) =>
      changed(file, {
        NumberOfFrames: '4',
        PixelData: {
          vr: 'OW',
          bytes: new Uint8Array(
            Buffer.concat(Array.from({ length: 4 }, () => Buffer.from(pictureOf(file).values.buffer))),
          ),
        },
      }),
    { refused: OUT, because: /more than one frame/ },
  ),
  picture(
    'a bitewing in colour',
    VENDORS,
    bitewing,
    (file) => changed(photograph(file), { SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.3' }),
    { refused: OUT, because: /colou?r/ },
  ),
  picture(
    'Pixel Spacing of the detector with a decimal comma',
    READERS,
    bitewing,
    to({ ImagerPixelSpacing: { vr: 'DS', bytes: Buffer.from('0,040,04') } }),
    { refused: ['unreadable-header'], because: /Imager Pixel Spacing.*cannot be read/ },
  ),
];

interface Drawn {
  readonly name: string;
  readonly valueAt: () => (x: number, y: number) => number;
  readonly rows?: number;
  readonly columns?: number;
  readonly codes: readonly string[];
  readonly because: RegExp;
}
const DRAWN: readonly Drawn[] = [
  {
    name: 'a blank exposure',
    valueAt: () => () => 0.5,
    codes: ['no-contrast', 'unsupported-pixel-format'],
    because: /grey/,
  },
  { name: 'white noise', valueAt: () => noise, codes: ['no-teeth'], because: /teeth/ },
  { name: 'a ramp of grey', valueAt: () => (x) => x, codes: ['no-teeth'], because: /teeth/ },
  {
    name: 'stripes like ribs',
    valueAt: () => (x, y) => 0.5 + 0.3 * Math.sin(40 * y + 9 * (x - 0.5) ** 2),
    codes: ['no-teeth'],
    because: /teeth/,
  },
  {
    name: 'a test chart of bars',
    valueAt: () => (x, y) => Number(Math.sin(60 * x) > 0) * (y > 0.5 ? 0.9 : 0.6),
    codes: ['no-teeth', 'no-contrast', ...SEEN],
    because: /teeth|grey/,
  },
  {
    name: 'a thumbnail',
    valueAt: () => (x) => x,
    rows: 120,
    columns: 160,
    codes: ['image-too-small'],
    because: /small/,
  },
];
function noise(): number {
  return RANDOM.next();
}
const RANDOM = createRandom(1);

const MADE: readonly FieldCase[] = DRAWN.flatMap(({ name, valueAt, rows = 1000, columns = 1400, codes, because }) =>
  (['bitewing', 'panoramic'] as const).map((kind) => ({
    ...{ name: `${name}, called a ${kind}`, source: OURS, made: 'phantom' as const, tool: 'caries' as const },
    files: () => [bytesOf(drawnRadiograph(kind, rows, columns, valueAt()))],
    expected: { refused: codes, because },
  })),
);

/** Real radiographs of other parts of the body, by themselves and called dental. */
const OTHER_PARTS: readonly FieldCase[] = (
  [
    ['a hand', 'pydicom-data__RG1_J2KI.dcm'],
    ['a chest', 'pydicom-data__RG3_J2KR.dcm'],
  ] as const
).flatMap(([what, path]) =>
  [undefined, 'IO', 'PX'].map(
    (Modality): FieldCase => ({
      ...{
        name: `a radiograph of ${what}${Modality === undefined ? '' : `, called ${Modality}`}`,
        source: DEPARTMENTS,
        tool: 'caries',
        needs: 'data',
      },
      made: Modality === undefined ? 'real' : 'real, changed',
      files: () => {
        const bytes = readFileSync(join(dataFolder(), 'xray', path));
        return [Modality === undefined ? bytes : bytesOf(changed(fileOf(bytes), { Modality }))];
      },
      expected:
        Modality === undefined
          ? { refused: OUT, because: /teeth or jaws|radiograph/ }
          : { refused: [...SEEN, 'image-too-large'], because: /teeth|area|arch|caries/ },
    }),
  ),
);

/** Real dental radiographs. Nobody graded their caries; numbers of teeth and the number of places must be plausible. */
const REAL: readonly FieldCase[] = (
  [
    ['bitewing', 'bitewing', 0.04],
    ['periapical', 'periapical', 0.04],
    ['panoramic-1', 'panoramic', 0.25],
    ['panoramic-5', 'panoramic', 0.25],
  ] as const
).map(([name, kind, spacingMm]) => ({
  ...{ name: `a real ${name}`, source: ORDINARY, made: 'real, changed', tool: 'caries', needs: 'data' },
  files: () => [bytesOf(fromPng(name, kind, spacingMm))],
  expected: cariesHolds({ findings: [0, 16] }),
}));

const CT_TO_DENTIST: FieldCase = {
  ...{ name: 'a CT', source: DEPARTMENTS, made: 'phantom', tool: 'caries' },
  files: () => soundSpine().files.slice(0, 9).map(bytesOf),
  expected: { refused: OUT, because: /volume|radiograph/ },
};

export const DENTAL: readonly FieldCase[] = [
  ...SOUND,
  ...UNNUMBERED,
  ...REFUSED,
  ...MADE,
  ...OTHER_PARTS,
  ...REAL,
  CT_TO_DENTIST,
];
