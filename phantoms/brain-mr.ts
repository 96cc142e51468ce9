/**
 * A head in T1-weighted MR with folded grey matter around white matter: scalp, skull, fluid, cerebrum, cerebellum, brain stem,
 * ventricles and basal ganglia. It exercises code that reads such images and is not realistic enough to train on or to judge accuracy.
 */
import type { PointLps } from '#core/image/geometry.ts';
import { resultUid } from '#dicom/uid.ts';
import { encodeDicom } from '#dicom/write.ts';
import { littleEndian, nameOf, type PhantomDicomOptions, study } from './dicom-study.ts';
import { createRandom, type Random } from './random.ts';

export interface BrainPhantomOptions {
  readonly seed: number;
  /** mm, in all directions. */
  readonly spacingMm: number;
}

export interface BrainPhantom {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: number;
  /** Centre of the first voxel, mm, LPS; columns run to the left, rows to posterior, slices to the head. */
  readonly origin: PointLps;
  /** 12 bits, slice-major. */
  readonly voxels: Uint16Array;
  /** Volumes of the voxels of each tissue. */
  readonly truth: { readonly greyMl: number; readonly whiteMl: number };
}

/** The imaged region, mm: from ear to ear, brow to occiput, brain stem to vertex. */
const FIRST: PointLps = [-90, -110, -62];
const LAST: PointLps = [90, 112, 92];
/** Brightness in T1, as a fraction of the brightest voxel. */
const SIGNAL = {
  air: 0,
  scalp: 0.62,
  skin: 0.45,
  marrow: 0.25,
  bone: 0.05,
  fluid: 0.09,
  grey: 0.36,
  white: 0.49,
} as const;
const BRIGHTEST = 4000;
const NOISE = 0.012;

type Tissue = keyof typeof SIGNAL;

/** The same head for the same options. */
export function makeBrainPhantom({ seed, spacingMm }: BrainPhantomOptions): BrainPhantom {
  const random = createRandom(seed);
  const folds = makeFolds(random);
  const count = (axis: 0 | 1 | 2): number => Math.floor((LAST[axis] - FIRST[axis]) / spacingMm) + 1;
  const [columns, rows, slices] = [count(0), count(1), count(2)];
  const voxels = new Uint16Array(columns * rows * slices);
  const found = { grey: 0, white: 0 };
  let at = 0;
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        const point = [FIRST[0] + i * spacingMm, FIRST[1] + j * spacingMm, FIRST[2] + k * spacingMm] as const;
        const tissue = tissueAt(point, folds);
        if (tissue === 'grey' || tissue === 'white') found[tissue] += 1;
        const signal = SIGNAL[tissue] + (tissue === 'air' ? 0 : NOISE * random.normal());
        voxels[at] = Math.round(BRIGHTEST * Math.max(0, signal));
        at += 1;
      }
    }
  }
  // One voxel of bright fat: models that scale by the maximum must not get the brain's own brightness.
  voxels[0] = BRIGHTEST;
  const voxelMl = spacingMm ** 3 / 1000;
  const truth = { greyMl: found.grey * voxelMl, whiteMl: found.white * voxelMl };
  return { columns, rows, slices, spacingMm, origin: FIRST, voxels, truth };
}

/** One MR series, as a scanner sends an MPRAGE (MR Image IOD, PS3.3 A.4): one Part 10 file per slice, from feet to head. */
export function brainPhantomToDicom(phantom: BrainPhantom, options: PhantomDicomOptions): readonly Uint8Array[] {
  const { columns, rows, slices, spacingMm, origin, voxels } = phantom;
  const name = nameOf(options.seed, voxels);
  return Array.from({ length: slices }, (_, slice) => {
    const position = origin[2] + slice * spacingMm;
    const pixels = voxels.slice(slice * rows * columns, (slice + 1) * rows * columns);
    return encodeDicom({
      ...study(name, options.seed),
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
      SOPInstanceUID: resultUid('phantom', name, 'instance', String(slice)),
      Modality: 'MR',
      SeriesDescription: 'Brain phantom',
      BodyPartExamined: 'BRAIN',
      PatientPosition: 'HFS',
      FrameOfReferenceUID: resultUid('phantom', name, 'frame of reference'),
      PositionReferenceIndicator: '',
      ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'NORM'],
      ScanningSequence: ['GR', 'IR'],
      SequenceVariant: ['SP', 'MP'],
      ScanOptions: '',
      MRAcquisitionType: '3D',
      AngioFlag: 'N',
      RepetitionTime: 2300,
      EchoTime: 3,
      InversionTime: 900,
      EchoTrainLength: 1,
      InstanceNumber: slice + 1,
      AcquisitionNumber: 1,
      SliceThickness: spacingMm,
      ImagePositionPatient: [origin[0], origin[1], position],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      SliceLocation: position,
      PixelSpacing: [spacingMm, spacingMm],
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: rows,
      Columns: columns,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      WindowCenter: 1200,
      WindowWidth: 2400,
      ...options.attributes,
      PixelData: littleEndian(pixels),
    });
  });
}

/** Approximate distance (mm) from the surface of an ellipsoid; negative inside. */
function outside([x, y, z]: PointLps, [cx, cy, cz]: PointLps, [a, b, c]: PointLps): number {
  return (Math.hypot((x - cx) / a, (y - cy) / b, (z - cz) / c) - 1) * Math.min(a, b, c);
}

/** Approximate distance (mm) of a point from the sheets along which the surface of the brain folds in. */
type Folds = (point: PointLps) => number;

/** Sheets where a sum of waves of 20 to 30 mm is zero, symmetric on both sides. */
function makeFolds(random: Random): Folds {
  const waves = Array.from({ length: 12 }, () => {
    const direction = [random.normal(), random.normal(), random.normal()] as const;
    const perMm = (2 * Math.PI) / random.between(20, 30) / Math.hypot(...direction);
    return { wave: direction.map((d) => d * perMm), phase: random.between(0, 2 * Math.PI) };
  });
  return ([x, y, z]) => {
    let value = 0;
    const slope = [0, 0, 0];
    for (const { wave, phase } of waves) {
      const [a = 0, b = 0, c = 0] = wave;
      const angle = a * Math.abs(x) + b * y + c * z + phase;
      value += Math.sin(angle);
      for (let n = 0; n < 3; n += 1) slope[n] = (slope[n] ?? 0) + (wave[n] ?? 0) * Math.cos(angle);
    }
    return Math.abs(value) / Math.max(0.05, Math.hypot(...slope));
  };
}

function tissueAt(point: PointLps, folds: Folds): Tissue {
  const [x, y, z] = point;
  const side: PointLps = [Math.abs(x), y, z];
  if (outside(side, [9, 0, 18], [6, 28, 9]) < 0) return 'fluid';
  if (outside(side, [14, 5, 4], [9, 14, 9]) < 0) return 'grey';
  const cerebrum = outside(point, [0, 0, 10], [66, 84, 62]);
  if (Math.abs(x) < 10 && outside(point, [0, 2, 24], [20, 34, 5]) < 0) return 'white';
  if (cerebrum < 0) return cerebrumAt(point, cerebrum, folds);
  const stem = outside(point, [0, 14, -50], [11, 11, 45]);
  const cerebellum = outside(point, [0, 45, -40], [45, 26, 20]);
  if (stem < 0) return 'white';
  if (cerebellum < 0) return Math.abs(Math.sin(z / 2.2 + 0.05 * x * Math.sin(y / 15))) < 0.5 ? 'white' : 'grey';
  if (Math.min(cerebrum, stem, cerebellum) < 3) return 'fluid';
  const skin = outside(point, [0, 4, -2], [78, 98, 82]);
  if (skin > 6) return 'air';
  if (skin > 2) return 'skin';
  if (skin > -1) return 'scalp';
  return skin > -3 ? 'marrow' : 'bone';
}

/** Folds reach 16 mm deep; 2.8 mm of grey matter line them and the surface. */
function cerebrumAt(point: PointLps, surface: number, folds: Folds): Tissue {
  const sheet = Math.max(folds(point), -surface - 16);
  const fold = point[2] > -5 ? Math.min(sheet, Math.abs(point[0])) : sheet;
  if (fold < 0.8) return 'fluid';
  return fold < 3.6 || surface > -3 ? 'grey' : 'white';
}
