import { GeometryError } from '../errors.ts';
import type { FrameDecoder } from '../ports.ts';
import { type FrameHeader, frameReference } from '../study/frames.ts';
import type { ImageIndex, InstanceIndex } from '../study/study-index.ts';
import { attributeName, unreadable } from '../study/unreadable.ts';
import { geometryOf } from './image-geometry.ts';
import { decodeGreyscale, openInstance, type ReadInstance } from './read-instance.ts';
import type { Volume } from './volume.ts';
import type { VolumeGeometry } from './volume-geometry.ts';
import { fillSlice, sliceValues, voxelArray } from './voxels.ts';

/** How many files are read at once: enough to hide the latency of a bucket, few enough to keep memory flat. */
const READS_AT_ONCE = 6;
/** Frames of one file are decoded in batches of this many bytes at 16 bits per pixel, and then copied into the volume. */
const BATCH_BYTES = 2 ** 26;

/** A frame, and the index of its slice in the volume. */
interface PlacedFrame {
  readonly frame: FrameHeader;
  readonly slice: number;
}

/**
 * Reads the slices of one image into one array in the modality's units (`voxels.ts` says how). Each file is read once, and
 * only the image's own frames are decoded.
 *
 * @throws GeometryError, DicomReadError
 */
export async function loadVolume(image: ImageIndex, read: ReadInstance, decoder: FrameDecoder): Promise<Volume> {
  const geometry = geometryOf(image);
  if ('code' in geometry) throw geometry;
  const { rows, columns } = geometry;
  const slicePixels = rows * columns;
  const voxels = voxelArray(image.Modality, geometry);
  const batch = Math.max(1, Math.floor(BATCH_BYTES / (2 * slicePixels)));
  const placed = geometry.frames.map((frame, slice): PlacedFrame => ({ frame, slice }));
  const byInstance = Map.groupBy(placed, ({ frame }) => frame.SOPInstanceUID);

  async function fill(instance: InstanceIndex, frames: readonly PlacedFrame[]): Promise<void> {
    const file = openInstance(instance, await read(instance));
    for (let start = 0; start < frames.length; start += batch) {
      const part = frames.slice(start, start + batch);
      const numbers = part.map(({ frame }) => frame.frameNumber).filter((number) => number !== undefined);
      const pixels = await decodeGreyscale(instance, file, decoder, numbers.length === 0 ? undefined : numbers);
      part.forEach(({ frame, slice }, i) => {
        const target = voxels.subarray(slice * slicePixels, (slice + 1) * slicePixels);
        const stored = pixels.data.subarray(i * slicePixels, (i + 1) * slicePixels);
        fillSlice(target, stored, sliceValues(image.Modality, frame, file.dataset, pixels));
      });
    }
  }

  const instances = image.instances.filter(({ SOPInstanceUID }) => byInstance.has(SOPInstanceUID));
  await forEachAtOnce(instances, (instance) => fill(instance, byInstance.get(instance.SOPInstanceUID) ?? []));
  return { kind: 'volume', ...identity(image), ...grid(geometry), voxels };
}

function identity(
  image: ImageIndex,
): Pick<Volume, 'StudyInstanceUID' | 'SeriesInstanceUID' | 'FrameOfReferenceUID' | 'Modality'> {
  const { StudyInstanceUID, SeriesInstanceUID, Modality, instances } = image;
  const FrameOfReferenceUID = instances[0]?.FrameOfReferenceUID;
  const fault = instances.map((each) => unreadable(each, 'FrameOfReferenceUID')).find((found) => found !== undefined);
  if (fault !== undefined) throw new GeometryError('missing-geometry', fault);
  if (FrameOfReferenceUID === undefined && instances.every((each) => each.FrameOfReferenceUID === undefined)) {
    throw new GeometryError('missing-geometry', `The slices give no ${attributeName('FrameOfReferenceUID')}`);
  }
  if (FrameOfReferenceUID === undefined || instances.some((each) => each.FrameOfReferenceUID !== FrameOfReferenceUID)) {
    throw new GeometryError('missing-geometry', 'The slices do not share one Frame of Reference');
  }
  return { StudyInstanceUID, SeriesInstanceUID, FrameOfReferenceUID, Modality };
}

function grid({
  frames,
  ...axes
}: VolumeGeometry): Omit<
  Volume,
  'kind' | 'StudyInstanceUID' | 'SeriesInstanceUID' | 'FrameOfReferenceUID' | 'Modality' | 'voxels'
> {
  return { ...axes, slices: frames.length, frames: frames.map(frameReference) };
}

/** Processes items, a few at a time, and stops at the first failure. */
async function forEachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed) {
      const item = items[next];
      next += 1;
      if (item === undefined) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
}
