import { type DecodedPixels, decodePixels } from '../dicom/pixels.ts';
import { type Dataset, readDicom } from '../dicom/read.ts';
import { DicomReadError } from '../errors.ts';
import type { FrameDecoder } from '../ports.ts';
import type { InstanceIndex } from '../study/study-index.ts';

/** Fetches the original bytes of one instance. */
export type ReadInstance = (instance: InstanceIndex) => Promise<Uint8Array>;

/** One greyscale frame of an instance. */
export interface DecodedInstance {
  readonly dataset: Dataset;
  readonly pixels: DecodedPixels;
}

/**
 * Reads and decodes one instance.
 *
 * @throws DicomReadError also where the bytes are another instance, another size or no single greyscale frame
 */
export async function decodeInstance(
  instance: InstanceIndex,
  bytes: Uint8Array,
  decoder: FrameDecoder,
): Promise<DecodedInstance> {
  const file = readDicom(bytes);
  const { SOPInstanceUID } = instance;
  if (file.dataset.text('SOPInstanceUID') !== SOPInstanceUID) {
    throw new DicomReadError('malformed', 'The file is not the instance that the index names', {
      facts: { SOPInstanceUID },
    });
  }
  const pixels = await decodePixels(file, decoder);
  if (pixels.rows !== instance.Rows || pixels.columns !== instance.Columns) {
    throw new DicomReadError('malformed', 'The file is not of the size that the index names', {
      facts: { SOPInstanceUID },
    });
  }
  if (pixels.frames !== 1 || !/^MONOCHROME[12]$/.test(pixels.photometric)) {
    throw new DicomReadError('unsupported-pixel-format', 'The instance is not one greyscale picture', {
      facts: { SOPInstanceUID, frames: pixels.frames },
    });
  }
  return { dataset: file.dataset, pixels };
}
