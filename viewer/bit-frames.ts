/**
 * Extracts single frames that Orthanc cannot extract. If samples are single bits and Rows × Columns is not a multiple of 8,
 * a frame begins inside a byte (PS3.5 8.1.1), and Orthanc 1.10 answers 400. OHIF 3.13 requests single frames of a SEG whose
 * Pixel Data end with a padding byte. Without this, the SEG of a radiograph may never open.
 */
import type { DicomWebClient } from '#adapters/dicomweb/client.ts';
import { readDicom } from '#dicom/read.ts';
import type { InstanceUids } from '#pipeline/ports.ts';

const FRAME = /\/studies\/([0-9.]+)\/series\/([0-9.]+)\/instances\/([0-9.]+)\/frames\/([1-9]\d{0,5})$/;

/** The frame that a path names (PS3.18 10.4.1); undefined for any other path. */
export function frameOf(path: string): (InstanceUids & { readonly frameNumber: number }) | undefined {
  const [, StudyInstanceUID = '', SeriesInstanceUID = '', SOPInstanceUID = '', number] = FRAME.exec(path) ?? [];
  if (number === undefined) return undefined;
  return { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frameNumber: Number(number) };
}

interface BitFrames {
  readonly bytes: Uint8Array;
  readonly frames: number;
  /** Rows × Columns. */
  readonly bits: number;
}

/**
 * Makes a function that extracts a frame so that its first bit is at the start of a byte. The result is undefined if the
 * instance is not bit-packed or has no such frame. The last instance is cached, because viewers request all its frames.
 */
export function createBitFrames(
  client: Pick<DicomWebClient, 'retrieveInstance'>,
): (path: string) => Promise<Uint8Array | undefined> {
  let last: { readonly SOPInstanceUID: string; readonly read: Promise<BitFrames | undefined> } | undefined;
  return async (path) => {
    const wanted = frameOf(path);
    if (wanted === undefined) return undefined;
    if (last?.SOPInstanceUID !== wanted.SOPInstanceUID)
      last = { SOPInstanceUID: wanted.SOPInstanceUID, read: readBits(client, wanted) };
    const { read } = last;
    const instance = await read.catch((error: unknown) => {
      // A failure is not cached: Orthanc may answer the next request.
      if (last?.read === read) last = undefined;
      throw error;
    });
    if (instance === undefined || wanted.frameNumber > instance.frames) return undefined;
    return cut(instance, wanted.frameNumber - 1);
  };
}

async function readBits(
  client: Pick<DicomWebClient, 'retrieveInstance'>,
  uids: InstanceUids,
): Promise<BitFrames | undefined> {
  const file = await client.retrieveInstance(uids);
  if (file === undefined) return undefined;
  const { dataset } = readDicom(file);
  const bytes = dataset.bytes('PixelData');
  if (bytes === undefined || dataset.number('BitsAllocated') !== 1) return undefined;
  const bits = (dataset.number('Rows') ?? 0) * (dataset.number('Columns') ?? 0);
  // Number of Frames may be wrong, so it is limited by the number of bits.
  const frames = Math.min(dataset.number('NumberOfFrames') ?? 1, Math.floor((bytes.length * 8) / Math.max(1, bits)));
  return { bytes, frames, bits };
}

/** The first bit is the lowest bit of a byte (PS3.5 8.1.1). */
function cut({ bytes, bits }: BitFrames, frame: number): Uint8Array {
  const [first, shift] = [Math.floor((frame * bits) / 8), (frame * bits) % 8];
  const packed = new Uint8Array(Math.ceil(bits / 8));
  for (let index = 0; index < packed.length; index++) {
    const [low = 0, high = 0] = [bytes[first + index], bytes[first + index + 1]];
    packed[index] = (low >> shift) | (high << (8 - shift));
  }
  const rest = bits % 8;
  if (rest !== 0) packed[packed.length - 1] = (packed.at(-1) ?? 0) & (2 ** rest - 1);
  return packed;
}
