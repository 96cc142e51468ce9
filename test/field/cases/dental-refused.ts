/** Pictures that contradict their header, are no dental radiograph, or show no teeth. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '#phantoms/random.ts';
import { dataFolder } from '../../../localstack/parts.mjs';
import { bitewing, panoramic, soundSpine } from '../bases.ts';
import type { FieldCase } from '../case.ts';
import {
  bytesOf,
  type Changes,
  changed,
  type File,
  fileOf,
  mirrored,
  pictureOf,
  repainted,
  upsideDown,
} from '../edit.ts';
import {
  drawnRadiograph,
  EIGHT_BITS,
  inEightBits,
  inverted,
  ofClass,
  panoramicWords,
  photograph,
  picture,
  strip,
} from './radiograph-case.ts';
import { DEPARTMENTS, OURS, READERS, VENDORS } from './spine-case.ts';

const to =
  (changes: Changes) =>
  (file: File): File =>
    changed(file, changes);
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const OUT = ['not-suitable', 'not-the-scan', 'wrong-kind'];
const SEEN = ['no-teeth', 'no-arch', 'inverted-picture', 'turned-picture'];

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
  picture('a strip with a single crown', OURS, bitewing, (file) => strip(file, 0, 180), {
    refused: ['no-teeth', 'image-too-small'],
    because: /too few|at least 200 per side/,
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
    because: /visible light/,
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
  picture('a bitewing with a palette', VENDORS, bitewing, withPalette, {
    refused: [...OUT, 'unsupported-pixel-format'],
    because: /colou?r|palette|not one greyscale/i,
  }),
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

/** The same in 8 bits, behind a palette of greys. */
function withPalette(file: File): File {
  const ramp = new Uint8Array(Uint16Array.from({ length: 256 }, (_, n) => 257 * n).buffer);
  const palette = { vr: 'OW', bytes: ramp };
  const descriptor = { vr: 'US', bytes: new Uint8Array(Uint16Array.of(256, 0, 16).buffer) };
  return changed(file, {
    ...EIGHT_BITS,
    PhotometricInterpretation: 'PALETTE COLOR',
    RedPaletteColorLookupTableDescriptor: descriptor,
    GreenPaletteColorLookupTableDescriptor: descriptor,
    BluePaletteColorLookupTableDescriptor: descriptor,
    RedPaletteColorLookupTableData: palette,
    GreenPaletteColorLookupTableData: palette,
    BluePaletteColorLookupTableData: palette,
    PixelData: { vr: 'OB', bytes: inEightBits(pictureOf(file)) },
  });
}

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
  { name: 'white noise', valueAt: noise, codes: ['no-teeth'], because: /teeth/ },
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
    because: /at least 200 per side/,
  },
];
function noise(): () => number {
  const random = createRandom(1);
  return () => random.next();
}

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
          : { refused: [...SEEN, 'image-too-large', 'contradictory-size'], because: /teeth|area|arch|caries|wide/ },
    }),
  ),
);

const CT_TO_DENTIST: FieldCase = {
  ...{ name: 'a CT', source: DEPARTMENTS, made: 'phantom', tool: 'caries' },
  files: () => soundSpine().files.slice(0, 9).map(bytesOf),
  expected: { refused: OUT, because: /volume|radiograph/ },
};

export const DENTAL_REFUSED: readonly FieldCase[] = [...REFUSED, ...MADE, ...OTHER_PARTS, CT_TO_DENTIST];
