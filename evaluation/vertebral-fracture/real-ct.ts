/** Loads the real CT with a reference mask (a 3 mm trunk CT), and the slab of another CT. */
import { join } from 'node:path';
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { dataFolder } from '../../localstack/parts.mjs';
import { nearestIn, readNifti } from '../nifti.ts';
import { imagesForTool } from '../study-images.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import type { ReferenceMask } from './reference.ts';

/** Levels from the lowest up, by TotalSegmentator's number. T12 is cut by the upper border of the picture. */
const LEVELS: Readonly<Record<number, string>> = { 27: 'L5', 28: 'L4', 29: 'L3', 30: 'L2', 31: 'L1', 32: 'T12' };
const NUMBERS = Object.keys(LEVELS).map(Number);
/** The label of vertebral bodies in the body mask; discs have label 2. */
const BODY = 1;

/** A series of the data folder, as the tool receives it. */
export async function loadSeries(folder: string, { entry }: ToolUnderEvaluation): Promise<Volume> {
  const [image] = await imagesForTool(join(dataFolder(), folder), entry);
  if (image?.kind !== 'volume') throw new Error(`${folder} does not hold a volume`);
  return image;
}

/** The reference's bodies on the CT's own voxels. */
export function referenceMask(volume: Volume): ReferenceMask {
  const folder = join(dataFolder(), 'ct-spine-ref');
  const bodyAt = nearestIn(readNifti(join(folder, 'example_ct_report__totalseg_vertebrae_body.nii.gz')));
  const vertebraAt = nearestIn(readNifti(join(folder, 'example_ct_report__totalseg.nii.gz')));
  const { columns, rows, slices } = volume;
  const labels = new Uint8Array(columns * rows * slices);
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        const point = toLps(volume, i, j, k);
        if (bodyAt(point) !== BODY) continue;
        labels[(k * rows + j) * columns + i] = NUMBERS.indexOf(vertebraAt(point)) + 1;
      }
    }
  }
  return { ...volume, labels, levels: Object.values(LEVELS) };
}
