/** The one real CT with a reference (a 3 mm trunk CT), and the slab of another. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProcessDecoder } from '#core/dicom/codecs/in-process.ts';
import { loadImage } from '#core/image/load.ts';
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { nearestIn, readNifti } from '../nifti.ts';
import type { ReferenceMask } from './reference.ts';

/** Levels from the lowest up by TotalSegmentator's number; T12 is cut by the upper border of the picture. */
const LEVELS: Readonly<Record<number, string>> = { 27: 'L5', 28: 'L4', 29: 'L3', 30: 'L2', 31: 'L1', 32: 'T12' };
const NUMBERS = Object.keys(LEVELS).map(Number);
/** What the body mask calls a vertebral body; discs are 2. */
const BODY = 1;

/** The first image of a folder of DICOM files, as the tool gets it. */
export async function loadFolder(folder: string): Promise<Volume> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => readFileSync(join(folder, name)))
    .map((bytes) => ({ bytes: new Uint8Array(bytes), instance: indexInstance(bytes) }));
  const [first] = files;
  if (first === undefined) throw new Error(`${folder} holds no DICOM files`);
  const byUid = new Map(files.map(({ bytes, instance }) => [instance.SOPInstanceUID, bytes]));
  const [image] = groupImages({
    StudyInstanceUID: first.instance.StudyInstanceUID,
    instances: files.map(({ instance }) => instance),
  });
  if (image === undefined) throw new Error(`${folder} holds no image`);
  const read = async ({ SOPInstanceUID }: { readonly SOPInstanceUID: string }) =>
    byUid.get(SOPInstanceUID) ?? new Uint8Array();
  const loaded = await loadImage(image, read, inProcessDecoder);
  if (loaded.kind !== 'volume') throw new Error(`${folder} holds no volume`);
  return loaded;
}

/** The reference's bodies on the CT's own voxels. */
export function referenceMask(dataFolder: string, volume: Volume): ReferenceMask {
  const folder = join(dataFolder, 'ct-spine-ref');
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
