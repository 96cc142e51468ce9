/**
 * Paints a mask of real vertebrae (VerSe) as a CT: bone with a shell, soft tissue around it, noise. The shapes are real,
 * unlike a phantom's, and the truth is exact.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PointLps } from '#core/image/geometry.ts';
import { boundsOf, type LpsGrid, toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { type NiftiVolume, nearestIn, readNifti } from '../nifti.ts';
import { bodyTest } from './body-of-vertebra.ts';
import type { ReferenceMask } from './reference.ts';

/** VerSe's numbers: T1 is 8, L1 is 20. The mask begins and ends with whole vertebrae, T9 to L5. */
const LEVELS: Readonly<Record<number, string>> = {
  24: 'L5',
  23: 'L4',
  22: 'L3',
  21: 'L2',
  20: 'L1',
  19: 'T12',
  18: 'T11',
  17: 'T10',
  16: 'T9',
};
const NUMBERS = Object.keys(LEVELS).map(Number).toReversed();
const HU = { spongiosa: 170, shell: 420, tissue: 45, fat: -100, noise: 18 } as const;
/** A layer of fat in front, as in an abdomen. */
const FAT_ROWS = 15;
const SPACING_MM = 1;

export interface PaintedMask {
  readonly volume: Volume;
  /** The vertebral bodies, on the volume's voxels. */
  readonly mask: ReferenceMask;
}

/** Paints the VerSe mask of the data folder. */
export function paintedMask(dataFolder: string): PaintedMask {
  const folder = join(dataFolder, 'ct-spine-ref');
  const nifti = readNifti(join(folder, 'verse__sub-verse004_seg-vert_msk.nii.gz'));
  const centres = centresOf(nifti, join(folder, 'verse__sub-verse004_seg-subreg_ctd.json'));
  const grid = gridOf(nifti);
  const { columns, rows, slices } = grid;
  const vertebraAt = nearestIn(nifti);
  const inBody = bodyTest(vertebraAt, centres, NUMBERS);
  const vertebrae = new Uint8Array(columns * rows * slices);
  const labels = new Uint8Array(vertebrae.length);
  forEachPoint(grid, (at, point) => {
    const number = vertebraAt(point);
    if (number === 0) return;
    vertebrae[at] = number;
    if (inBody(number, point)) labels[at] = NUMBERS.indexOf(number) + 1;
  });
  const random = createRandom(1);
  const voxels = Int16Array.from(vertebrae, (number, at) => {
    const isShell = number > 0 && [1, columns, rows * columns].some((step) => isBorder(vertebrae, at, step));
    const tissue = Math.floor(at / columns) % rows < FAT_ROWS ? HU.fat : HU.tissue;
    const hu = number === 0 ? tissue : isShell ? HU.shell : HU.spongiosa;
    return Math.round(hu + HU.noise * random.normal());
  });
  const volume = volumeOf({ ...grid, voxels });
  return { volume, mask: { ...volume, labels, levels: NUMBERS.map((number) => LEVELS[number] ?? '') } };
}

const isBorder = (vertebrae: Uint8Array, at: number, step: number): boolean =>
  (vertebrae[at - step] ?? 0) === 0 || (vertebrae[at + step] ?? 0) === 0;

/** Centres of the vertebral bodies in LPS, by VerSe's number. */
function centresOf(nifti: NiftiVolume, path: string): ReadonlyMap<number, PointLps> {
  const listed: readonly { label?: number; X: number; Y: number; Z: number }[] = JSON.parse(readFileSync(path, 'utf8'));
  return new Map(
    listed.flatMap(({ label, X, Y, Z }) => (label === undefined ? [] : [[label, toLps(nifti, X, Y, Z)] as const])),
  );
}

function gridOf(nifti: NiftiVolume): LpsGrid {
  const { min, max } = boundsOf(nifti);
  const count = (axis: 0 | 1 | 2): number => Math.floor((max[axis] - min[axis]) / SPACING_MM) + 1;
  return {
    columns: count(0),
    rows: count(1),
    slices: count(2),
    spacingMm: [SPACING_MM, SPACING_MM, SPACING_MM],
    origin: min,
  };
}

function forEachPoint(
  { columns, rows, slices, origin, spacingMm }: LpsGrid,
  visit: (at: number, point: PointLps) => void,
) {
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        visit((k * rows + j) * columns + i, [
          origin[0] + i * spacingMm[0],
          origin[1] + j * spacingMm[1],
          origin[2] + k * spacingMm[2],
        ]);
      }
    }
  }
}
