import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../../../localstack/parts.mjs';
import { bitewing, type DentalBase, panoramic, periapical } from '../bases.ts';
import type { FieldCase } from '../case.ts';
import {
  bytesOf,
  type Changes,
  changed,
  drawn,
  type File,
  mirrored,
  pictureOf,
  raw,
  renamed,
  repainted,
  upsideDown,
} from '../edit.ts';
import { cariesHolds } from '../holds.ts';
import {
  asBefore,
  fromPng,
  inverted,
  ofClass,
  panoramicWords,
  photograph,
  picture,
  strip,
  turnedBy90,
} from './radiograph-case.ts';
import { DEPARTMENTS, READERS, VENDORS } from './spine-case.ts';

const to =
  (changes: Changes) =>
  (file: File): File =>
    changed(file, changes);
const DX_FOR_PROCESSING = '1.2.840.10008.5.1.4.1.1.1.1.1';
const IO_FOR_PROCESSING = '1.2.840.10008.5.1.4.1.1.1.3.1';

const size = (of: () => DentalBase) => pictureOf(of().file);
/** From a place on the changed picture to that on the phantom. */
const BEFORE = {
  mirrored: (of: () => DentalBase) => (x: number, y: number) => [size(of).columns - 1 - x, y] as const,
  upsideDown: (of: () => DentalBase) => (x: number, y: number) => [x, size(of).rows - 1 - y] as const,
  turned: (of: () => DentalBase) => (x: number, y: number) =>
    [size(of).columns - 1 - x, size(of).rows - 1 - y] as const,
};

const ORDINARY = 'none: an ordinary study';

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
    'a panoramic stored as DX of PANORAMIC',
    READERS,
    panoramic,
    panoramicWords({ BodyPartExamined: 'PANORAMIC' }),
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
    'a bitewing turned by 90° that says so',
    VENDORS,
    bitewing,
    (file) => changed(turnedBy90(file), { PatientOrientation: 'H\\L' }),
    asBefore(bitewing, (x, y) => [y, size(bitewing).rows - 1 - x]),
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
    'one exposure and a crop of it',
    DEPARTMENTS,
    bitewing,
    (file) => [file, strip(renamed(file, 'crop'), 60, 910)],
    asBefore(bitewing),
  ),
  picture(
    'orientation with a slash between its values',
    READERS,
    panoramic,
    to({ PatientOrientation: 'L/F ' }),
    asBefore(panoramic, undefined, 'given'),
  ),
  picture(
    'a panoramic stored as DX of Zahnstatus',
    READERS,
    panoramic,
    panoramicWords({ BodyPartExamined: raw('CS', 'Zahnstatus') }),
    asBefore(panoramic, undefined, 'given'),
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

/**
 * Real dental radiographs. Nobody graded their caries. The model was trained on synthetic pictures, so the tool may say that it
 * cannot read them.
 */
const REAL: readonly FieldCase[] = (
  [
    ['bitewing', 'bitewing', 0.04],
    ['periapical', 'periapical', 0.04],
    ['panoramic-1', 'panoramic', 0.44],
    ['panoramic-5', 'panoramic', 0.44],
  ] as const
).map(([name, kind, spacingMm]) => ({
  ...{ name: `a real ${name}`, source: ORDINARY, made: 'real, changed', tool: 'caries', needs: 'data' },
  files: () => [bytesOf(fromPng(name, kind, spacingMm))],
  expected: {
    ...cariesHolds({ findings: [0, 16] }),
    ...{ refused: ['unclear-teeth', 'no-teeth', 'no-arch'], because: /recognisable teeth|recognised teeth/ },
  },
}));

/** A panoramic as its device stored it: MONOCHROME1 behind a Modality LUT, without Patient Orientation. */
const REAL_DICOM: FieldCase = {
  ...{ name: 'a real panoramic as CR of the JAW', source: ORDINARY, made: 'real', tool: 'caries', needs: 'data' },
  files: () => [readFileSync(join(dataFolder(), 'dental', 'panoramic.dcm'))],
  expected: {
    ...cariesHolds({ findings: [0, 16] }),
    ...{ refused: ['unclear-teeth', 'no-teeth', 'no-arch'], because: /recognisable teeth|recognised teeth/ },
  },
};

export const DENTAL: readonly FieldCase[] = [...SOUND, ...UNNUMBERED, ...REAL, REAL_DICOM];
