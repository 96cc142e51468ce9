import { DicomReadError, GeometryError } from '../errors.ts';
import type { FrameDecoder } from '../ports.ts';
import type { ImageIndex, InstanceIndex } from '../study/study-index.ts';
import { type ModalityTransform, modalityTransform } from './modality-lut.ts';
import { decodeInstance, type ReadInstance } from './read-instance.ts';
import type { Volume } from './volume.ts';
import { type VolumeGeometry, volumeGeometry } from './volume-geometry.ts';

/** How many files are read at once: enough to hide the latency of a bucket, little enough to keep memory flat. */
const READS_AT_ONCE = 6;
const INT16 = { min: -32_768, max: 32_767 };

/**
 * Reads the slices of one series into one array in the modality's units. Whole-numbered values that fit, and all CT, become
 * Int16; everything else Float32. Values of CT beyond ±32,767 HU saturate.
 *
 * @throws GeometryError, DicomReadError
 */
export async function loadVolume(image: ImageIndex, read: ReadInstance, decoder: FrameDecoder): Promise<Volume> {
  const geometry = volumeGeometry(image.instances);
  const { rows, columns } = geometry;
  const slicePixels = rows * columns;
  const voxels = voxelArray(image, geometry);
  await forEachAtOnce(geometry.instances, async (instance, k) => {
    const { dataset, pixels } = await decodeInstance(instance, await read(instance), decoder);
    const transform = modalityTransform(dataset);
    checkHounsfield(image, instance, transform);
    fillSlice(voxels.subarray(k * slicePixels, (k + 1) * slicePixels), pixels.data, transform);
  });
  return { kind: 'volume', ...identity(image), ...grid(geometry), voxels };
}

function identity(
  image: ImageIndex,
): Pick<Volume, 'StudyInstanceUID' | 'SeriesInstanceUID' | 'FrameOfReferenceUID' | 'Modality'> {
  const { StudyInstanceUID, SeriesInstanceUID, Modality, instances } = image;
  const FrameOfReferenceUID = instances[0]?.FrameOfReferenceUID;
  if (FrameOfReferenceUID === undefined || instances.some((each) => each.FrameOfReferenceUID !== FrameOfReferenceUID)) {
    throw new GeometryError('missing-geometry', 'The slices do not share one Frame of Reference');
  }
  return { StudyInstanceUID, SeriesInstanceUID, FrameOfReferenceUID, Modality };
}

function grid({
  instances,
  origin,
  rows,
  columns,
  ...axes
}: VolumeGeometry): Omit<
  Volume,
  'kind' | 'StudyInstanceUID' | 'SeriesInstanceUID' | 'FrameOfReferenceUID' | 'Modality' | 'voxels'
> {
  const { columnDirection, rowDirection, sliceDirection, spacingMm } = axes;
  return {
    rows,
    columns,
    slices: instances.length,
    origin,
    columnDirection,
    rowDirection,
    sliceDirection,
    spacingMm,
    frames: instances.map(({ SOPInstanceUID }) => ({ SOPInstanceUID })),
  };
}

/** Decided from the headers, so that the array is there before the first slice. */
function voxelArray({ Modality }: ImageIndex, { instances, rows, columns }: VolumeGeometry): Int16Array | Float32Array {
  const length = rows * columns * instances.length;
  const whole = instances.every(
    ({ RescaleSlope = 1, RescaleIntercept = 0 }) =>
      Number.isInteger(RescaleSlope) && Number.isInteger(RescaleIntercept),
  );
  const fits = whole && (Modality === 'CT' || instances.every(fitsInt16));
  return fits ? new Int16Array(length) : new Float32Array(length);
}

function fitsInt16({
  BitsStored = 16,
  PixelRepresentation,
  RescaleSlope = 1,
  RescaleIntercept = 0,
}: InstanceIndex): boolean {
  const range = 2 ** BitsStored;
  const lowest = PixelRepresentation === 1 ? -range / 2 : 0;
  const ends = [lowest, lowest + range - 1].map((stored) => stored * RescaleSlope + RescaleIntercept);
  return Math.min(...ends) >= INT16.min && Math.max(...ends) <= INT16.max;
}

/** Rescale is required in CT images (PS3.3 C.8.2.1); without it nobody knows the zero of the values. */
function checkHounsfield({ Modality }: ImageIndex, instance: InstanceIndex, transform: ModalityTransform): void {
  if (Modality !== 'CT' || transform.kind === 'table' || instance.RescaleIntercept !== undefined) return;
  throw new DicomReadError('malformed', 'A CT slice gives no rescale to Hounsfield units', {
    facts: { SOPInstanceUID: instance.SOPInstanceUID },
  });
}

function fillSlice(target: Int16Array | Float32Array, stored: ArrayLike<number>, transform: ModalityTransform): void {
  const [min, max] =
    target instanceof Int16Array ? [INT16.min, INT16.max] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (transform.kind === 'linear') {
    const { slope, intercept } = transform;
    for (let i = 0; i < target.length; i += 1) {
      target[i] = Math.min(max, Math.max(min, (stored[i] ?? 0) * slope + intercept));
    }
    return;
  }
  const { first, values } = transform;
  const last = values.length - 1;
  for (let i = 0; i < target.length; i += 1) {
    const entry = values[Math.min(last, Math.max(0, (stored[i] ?? 0) - first))] ?? 0;
    target[i] = Math.min(max, Math.max(min, entry));
  }
}

/** Works through items with a few of them under way at once; stops at the first failure. */
async function forEachAtOnce<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item === undefined) return;
      try {
        await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
}
