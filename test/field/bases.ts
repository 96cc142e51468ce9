/** The studies that the cases are made of: small phantoms, and real pictures where the data is there. Each is made once a process. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brainPhantomToDicom, makeBrainPhantom } from '#phantoms/brain-mr.ts';
import { type DentalPhantom, type DentalTruth, makeBitewing, makePanoramic, makePeriapical } from '#phantoms/dental.ts';
import { radiographPhantomToDicom, spinePhantomToDicom } from '#phantoms/dicom.ts';
import { makeSpinePhantom, type SpinePhantom, type SpinePhantomOptions } from '#phantoms/spine-ct.ts';
import { dataFolder } from '../../localstack/parts.mjs';
import { type File, fileOf, numbersOf } from './edit.ts';

/** A study that can be changed, and what is true of it. */
export interface Base<Truth> {
  /** Slices from the feet to the head, or single radiographs. */
  readonly files: readonly File[];
  readonly truth: Truth;
}

/** Vertebrae with their middle (mm, LPS). */
export type SpineTruth = readonly {
  readonly level: string;
  readonly centre: readonly [number, number, number];
  /** Genant's grade. */
  readonly grade: number;
}[];

/** Makes a thing when it is first asked for. */
export const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** A whole trunk in voxels of 2.5 × 2.5 × 3 mm, of an adult whose spine is plain. */
export const trunk = (options: Partial<SpinePhantomOptions> = {}): SpinePhantom =>
  makeSpinePhantom({
    ...{
      seed: SEED,
      columns: 120,
      rows: 120,
      spacingMm: [2.5, 2.5, 3],
      from: 'S',
      to: 'T11',
      plain: true,
      noiseHu: 12,
    },
    fractures: [],
    ...options,
  });

/** The seed of the sound spine: its bodies lose no more than 4 % of their height. */
const SEED = 33;

export function spine(options: Partial<SpinePhantomOptions> = {}): Base<SpineTruth> {
  const made = trunk(options);
  return { files: spinePhantomToDicom(made, { seed: SEED }).map(fileOf), truth: made.truth.vertebrae };
}

/** L5 to T11 over a sacrum, without a fracture. */
export const soundSpine = once(spine);
/** The same in slices of 2.5 mm. */
export const thinnerSpine = once(() => spine({ spacingMm: [2.5, 2.5, 2.5] }));

/** The centres of the bodies in the mask that comes with the CT. None has a fracture. */
const REAL_BODIES: SpineTruth = (
  [
    ['L5', 1, -134, 243],
    ['L4', 4, -143, 279],
    ['L3', 5, -141, 316],
    ['L2', 6, -133, 352],
    ['L1', 6, -121, 387],
    ['T12', 4, -111, 417],
  ] as const
).map(([level, x, y, z]) => ({ level, centre: [x, y, z], grade: 0 }));

/** A real CT of the lumbar spine, 3 mm in all directions. */
export const realSpine = once(
  (): Base<SpineTruth> => ({ files: byHeight(filesIn(join(dataFolder(), 'ct-spine-ref-dicom'))), truth: REAL_BODIES }),
);

/** A dental phantom, its teeth, and between how many and how many lesions the tool finds on it. */
export interface DentalBase {
  readonly file: File;
  readonly truth: Pick<DentalTruth, 'teeth'>;
  readonly expected: readonly [atLeast: number, atMost: number];
}

export const bitewing = once(() => radiograph(makeBitewing({ seed: 5 }), [1, 12]));
export const periapical = once(() => radiograph(makePeriapical({ seed: 6, cariesRate: 0.4 }), [1, 12]));
export const panoramic = once(() => radiograph(makePanoramic({ seed: 21, cariesRate: 0.15 }), [1, 16]));

function radiograph(phantom: DentalPhantom, expected: DentalBase['expected']): DentalBase {
  const [bytes = new Uint8Array()] = radiographPhantomToDicom(phantom, { seed: 5 });
  return { file: fileOf(bytes), truth: phantom.truth, expected };
}

export const brain = once((): readonly File[] => {
  const seed = 7;
  return brainPhantomToDicom(makeBrainPhantom({ seed, spacingMm: 1.5 }), { seed }).map(fileOf);
});

/** The files of a folder of the real data. */
function filesIn(folder: string): readonly File[] {
  return bytesIn(folder).map(fileOf);
}

export function bytesIn(folder: string): readonly Uint8Array[] {
  return readdirSync(folder)
    .filter((name) => /\.(dcm|DCM)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name)));
}

/** The files of a series that the real data holds as an archive, or those of one folder in it. */
export function unpacked(folder: string, within = ''): readonly Uint8Array[] {
  const scratch = mkdtempSync(join(tmpdir(), 'hilum-unpacked-'));
  try {
    execFileSync('tar', ['-xJf', join(dataFolder(), 'real', folder, 'dicom.tar.xz'), '-C', scratch]);
    return readdirSync(scratch, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(xml|txt)$/.test(entry.name))
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => path.includes(within))
      .sort()
      .map((path) => readFileSync(path));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Slices from the feet to the head. */
function byHeight(files: readonly File[]): readonly File[] {
  const height = (file: File): number => numbersOf(file, 'ImagePositionPatient')[2] ?? 0;
  return files.toSorted((a, b) => height(a) - height(b));
}
