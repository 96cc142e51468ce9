/** Small CT series of any geometry: oblique, flipped, anisotropic, tilted, uneven, single slices. */
import { type ToolEntry, ToolManifestSchema } from '#core/tool-manifest.ts';
import { resultUid } from '#dicom/uid.ts';
import { encodeDicom } from '#dicom/write.ts';
import type { Random } from '#phantoms/random.ts';

/** A tool that takes every CT volume. */
export const volumeTool: ToolEntry = {
  manifest: ToolManifestSchema.parse({
    ...{
      id: 'odd',
      version: '1.0.0',
      label: 'Odd',
      purpose: 'Tests',
      inputs: 'CT',
      outputs: 'Anything',
      limits: 'None',
      seriesNumber: 10_000,
    },
    models: [],
    selection: {
      image: 'volume',
      alternatives: [[{ attribute: 'Modality', in: ['CT'], reason: 'Not a CT' }]],
      take: 'all',
    },
    resources: { memoryMb: 512, timeoutS: 10 },
  }),
  models: [],
};

type Vector = readonly [number, number, number];

const scaled = (vector: Vector, by: number): Vector => [vector[0] * by, vector[1] * by, vector[2] * by];
const plus = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (vector: Vector): Vector => scaled(vector, 1 / Math.hypot(...vector));

/** Directions along a row and along a column: right angles, in any direction. */
function directions(random: Random): readonly [Vector, Vector] {
  if (random.chance(0.4)) return random.pick([UPRIGHT, [UPRIGHT[0], scaled(UPRIGHT[1], -1)], [UPRIGHT[1], UPRIGHT[0]]]);
  const row = unit([random.normal(), random.normal(), random.normal()]);
  return [row, unit(cross(row, unit([random.normal(), random.normal(), random.normal()])))];
}
const UPRIGHT: readonly [Vector, Vector] = [
  [1, 0, 0],
  [0, 1, 0],
];

const ORIGINS: readonly [Vector, ...Vector[]] = [
  [0, 0, 0],
  [-0, 1e-9, -123.456789],
  [1234.5, -9876.54321, 0.1],
];

/** @param name the studies of different names are different ones */
export function oddStudy(name: string, random: Random): readonly Uint8Array[] {
  const [row, column] = directions(random);
  const [rows, columns] = [random.pick([1, 2, 7, 16, 33]), random.pick([1, 3, 8, 16, 40])];
  const slices = random.pick([1, 3, 5, 5, 9]);
  const step = random.pick([0.5, 1, 2.5, 10, -3]);
  const spacing = [random.pick([0.001, 0.35, 1, 0.9765625]), random.pick([0.35, 1, 0.9765625, 40])];
  const tilt = random.chance(0.1) ? 0.3 : 0;
  const jump = random.chance(0.1) ? 7 : 0;
  const origin = random.pick(ORIGINS);
  const uid = (role: string) => resultUid('odd study', name, role);
  return Array.from({ length: slices }, (_, slice) => {
    const along = plus(scaled(cross(row, column), step), scaled(column, tilt));
    const place = slice + (slice > 2 ? jump : 0);
    return encodeDicom({
      ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: uid(`slice ${slice}`) },
      ...{ StudyInstanceUID: uid('study'), SeriesInstanceUID: uid('series'), FrameOfReferenceUID: uid('frame') },
      ...{ PatientName: 'Phantom^Odd', PatientID: 'PHANTOM-9', PatientBirthDate: '', PatientSex: '' },
      ...{ StudyDate: '20260102', StudyTime: '101112', StudyID: '1', AccessionNumber: '', ReferringPhysicianName: '' },
      ...{ Modality: 'CT', ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'], SeriesNumber: 1, InstanceNumber: slice + 1 },
      ImagePositionPatient: plus(origin, scaled(along, place)).map(decimal),
      ImageOrientationPatient: [...row, ...column].map(decimal),
      PixelSpacing: spacing,
      ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: rows, Columns: columns },
      ...{ BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1 },
      ...{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'HU' },
      PixelData: new Uint8Array(Int16Array.from({ length: rows * columns }, () => random.int(-1000, 1000)).buffer),
    });
  });
}

/** A Decimal String has 16 characters at most. */
const decimal = (value: number): number => Number(value.toFixed(9));
