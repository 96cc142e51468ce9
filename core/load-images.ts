/** Loads the images of a run, and says what of them was left out or joined. */
import { DicomReadError } from '#dicom/error.ts';
import { GeometryError, NotEvaluableError, type Reason } from './errors.ts';
import { withoutDecodedTwins } from './image/decoded-twins.ts';
import { loadImage } from './image/load.ts';
import type { ReadInstance } from './image/read-instance.ts';
import type { FrameDecoder } from './ports.ts';
import { instanceUidsOf } from './study/images.ts';
import type { ImageIndex } from './study/study-index.ts';
import { readingNotes } from './study/unreadable.ts';
import type { Image, LeftOut } from './tool.ts';

export interface Loading {
  /** The images that could be loaded; at least one. */
  readonly given: readonly ImageIndex[];
  readonly loaded: readonly Image[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Loads those of the images that can be loaded. Left out are the others, and the instances that were set aside from an image.
 *
 * @throws DicomReadError, GeometryError if no image can be loaded: the error of the first image
 */
export async function loadImages(
  images: readonly ImageIndex[],
  read: ReadInstance,
  decoder: FrameDecoder,
): Promise<Loading> {
  const given: ImageIndex[] = [];
  const loaded: Image[] = [];
  const leftOut: LeftOut[] = [];
  const errors: (GeometryError | DicomReadError | NotEvaluableError)[] = [];
  for (const image of images) {
    try {
      const distinct = await withoutDecodedTwins(image, read, decoder);
      loaded.push(await loadImage(distinct, read, decoder));
      given.push(distinct);
      leftOut.push(...(distinct.aside ?? []).map(({ instances, reason }) => leaveOut({ ...image, instances }, reason)));
    } catch (error) {
      if (!isNotEvaluable(error)) throw error;
      errors.push(error);
      leftOut.push(leaveOut(image, { code: error.code, message: error.message }));
    }
  }
  const [first] = errors;
  if (loaded.length === 0 && first !== undefined) throw first;
  return { given, loaded, leftOut };
}

const leaveOut = (image: ImageIndex, reason: Reason): LeftOut => ({ SOPInstanceUIDs: instanceUidsOf([image]), reason });

/** Whether an error says that the input cannot be evaluated, which is an answer. */
export function isNotEvaluable(error: unknown): error is NotEvaluableError | GeometryError | DicomReadError {
  return error instanceof NotEvaluableError || error instanceof GeometryError || error instanceof DicomReadError;
}

/** Series whose slices make one volume together. */
export function joinedSeries(images: readonly ImageIndex[]): readonly (readonly string[])[] {
  return images
    .map(({ instances }) => [...new Set(instances.map(({ SeriesInstanceUID }) => SeriesInstanceUID))].toSorted())
    .filter((series) => series.length > 1);
}

/** What the headers of images state in another form, or less exactly, than scanners do. */
export function notesOn(given: readonly ImageIndex[], loaded: readonly Image[]): readonly Reason[] {
  const readings = new Map(given.flatMap(readingNotes).map((note) => [note.message, note]));
  const roundings = loaded.flatMap((image) => {
    if (image.kind !== 'volume' || image.roundedMm === undefined) return [];
    const [, , spacingMm] = image.spacingMm;
    const message = `The header rounds positions to ${image.roundedMm} mm; the slices were taken to be ${Number(spacingMm.toFixed(3))} mm apart, which agrees with every position within half of that`;
    return [{ code: 'rounded-positions', message }];
  });
  const ofImages = new Map(given.flatMap(({ notes = [] }) => notes).map((note) => [note.message, note]));
  return [...readings.values(), ...ofImages.values(), ...roundings];
}
