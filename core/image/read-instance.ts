import { DicomReadError } from '#dicom/error.ts';
import { type DecodedPixels, decodePixels } from '#dicom/pixels.ts';
import { type DicomFile, readDicom } from '#dicom/read.ts';
import type { FrameDecoder } from '../ports.ts';
import type { InstanceIndex } from '../study/study-index.ts';

/** Fetches the original bytes of one instance. */
export type ReadInstance = (instance: InstanceIndex) => Promise<Uint8Array>;

type Described = Pick<InstanceIndex, 'SOPInstanceUID' | 'Rows' | 'Columns'>;

/**
 * Reads the file of an instance.
 *
 * @throws DicomReadError; also where the bytes are another instance
 */
export function openInstance({ SOPInstanceUID }: Described, bytes: Uint8Array): DicomFile {
  const file = readDicom(bytes);
  if (file.dataset.text('SOPInstanceUID') !== SOPInstanceUID) {
    throw new DicomReadError('malformed', 'The file is not the instance that the index names', {
      facts: { SOPInstanceUID },
    });
  }
  return file;
}

/**
 * Decodes greyscale frames of an instance: the frames with these numbers (from 1), in this order, or the only frame.
 *
 * @throws DicomReadError; also where the size differs from the index, where samples are not whole numbers in greyscale (as in
 *   all images that tools take), or where there are several frames and no numbers are given
 */
export async function decodeGreyscale(
  { SOPInstanceUID, Rows, Columns }: Described,
  file: DicomFile,
  decoder: FrameDecoder,
  frames?: readonly number[],
): Promise<DecodedPixels> {
  if (frames === undefined && (file.dataset.number('NumberOfFrames') ?? 1) > 1) throw notGreyscale(SOPInstanceUID);
  const pixels = await decodePixels(file, decoder, { shiftDown: true, ...(frames && { frames }) });
  if (pixels.rows !== Rows || pixels.columns !== Columns) {
    throw new DicomReadError('malformed', 'The size of the picture differs from the index', {
      facts: { SOPInstanceUID },
    });
  }
  const isWhole = !(pixels.data instanceof Float32Array || pixels.data instanceof Float64Array);
  if (!isWhole || !/^MONOCHROME[12]$/.test(pixels.photometric)) throw notGreyscale(SOPInstanceUID);
  return pixels;
}

function notGreyscale(SOPInstanceUID: string): DicomReadError {
  return new DicomReadError('unsupported-pixel-format', 'The instance is not one greyscale picture', {
    facts: { SOPInstanceUID },
  });
}
