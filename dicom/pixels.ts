/** Decodes pixel data to arrays (PS3.3 C.7.6.3, PS3.5 8): every supported syntax gives the same samples for the same picture. */
import { createHash } from 'node:crypto';
import type { FrameDecoder } from './codecs/codec.ts';
import { bytesPerSample, type FrameLayout } from './codecs/codec.ts';
import { codecFor } from './codecs/registry.ts';
import { ybrFullToRgb } from './color.ts';
import { DicomReadError } from './error.ts';
import { encodedFrames } from './frames.ts';
import { nativeFrames } from './native-frames.ts';
import { describePixels, framesToDecode, type PixelDescription } from './pixel-description.ts';
import type { Dataset, DicomFile } from './read.ts';
import { type PixelArray, samplesOf } from './samples.ts';
import { transferSyntax } from './transfer-syntax.ts';

export type { PixelArray } from './samples.ts';

/** Frames of an instance. Modality LUT, rescale and palettes are not applied. `photometric` is `RGB` where the file has YBR. */
export interface DecodedPixels extends FrameLayout {
  /** Number of decoded frames. */
  readonly frames: number;
  /** index = ((frame × rows + row) × columns + column) × samplesPerPixel + sample; 1-bit samples are one byte each. */
  readonly data: PixelArray;
}

export interface DecodeOptions {
  /** Which frames, counted from 1, in this order; all where absent. */
  readonly frames?: readonly number[];
  /** Shifts samples down that are stored above the lowest bits (High Bit, `high-bit.ts`). Otherwise they stay as stored. */
  readonly shiftDown?: boolean;
}

/** Compressed pixels may grow to 256 MiB at any ratio, and beyond that to 1000 times their compressed size. */
export const FREE_DECODED_BYTES = 2 ** 28;
export const MAX_RATIO = 1000;
/** Decoded size of the frames that the decoder gets at once: enough for all threads, and little to hold twice. */
const BATCH_BYTES = 2 ** 26;

/**
 * Decodes a file's frames. Uncompressed samples may be a view on the file's bytes.
 *
 * @throws DicomReadError `no-pixel-data`, `unsupported-transfer-syntax`, `unsupported-pixel-format`, `corrupt-pixel-data`,
 *   `limit-exceeded`, or `malformed` where the file lacks a requested frame
 */
export async function decodePixels(
  { dataset, TransferSyntaxUID }: DicomFile,
  decoder: FrameDecoder,
  options: DecodeOptions = {},
): Promise<DecodedPixels> {
  const description = describePixels(dataset);
  const wanted = framesToDecode(description, options.frames);
  const { encapsulated, littleEndian } = transferSyntax(TransferSyntaxUID);
  const { bytes, photometric } = encapsulated
    ? await decodeEncapsulated({ dataset, TransferSyntaxUID }, description, wanted, decoder)
    : toRgb(nativeFrames(dataset, description, wanted, littleEndian), description);
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, signed } = description;
  const layout = { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, signed, photometric };
  return { ...layout, planar: false, frames: wanted.length, data: samplesOf(bytes, description, options.shiftDown) };
}

/**
 * SHA-256 (hex) of the samples: little endian, native bit width, 1-bit as bytes, YBR as RGB, palettes not applied, C order,
 * all frames. Typed arrays are little endian in memory on every machine that Node 24 runs on.
 */
export function pixelSha256({ data }: DecodedPixels): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

interface DecodedBytes {
  readonly bytes: Uint8Array;
  readonly photometric: string;
}

async function decodeEncapsulated(
  { dataset, TransferSyntaxUID }: Pick<DicomFile, 'dataset' | 'TransferSyntaxUID'>,
  description: PixelDescription,
  wanted: readonly number[],
  decoder: FrameDecoder,
): Promise<DecodedBytes> {
  const codec = codecFor(TransferSyntaxUID);
  const { rows, columns, samplesPerPixel, photometric } = description;
  const encoded = wantedFrames(dataset, description, wanted);
  const frameBytes = rows * columns * samplesPerPixel * bytesPerSample(description);
  checkRatio(frameBytes * encoded.length, encoded);
  const batch = Math.max(1, Math.floor(BATCH_BYTES / frameBytes));
  let bytes: Uint8Array = new Uint8Array(0);
  for (let start = 0; start < encoded.length; start += batch) {
    const decoded = await decoder.decode(TransferSyntaxUID, encoded.slice(start, start + batch), description);
    const [only] = decoded;
    if (encoded.length === 1 && only !== undefined) bytes = only;
    else {
      if (start === 0) bytes = new Uint8Array(frameBytes * encoded.length);
      decoded.forEach((frame, i) => {
        bytes.set(frame, (start + i) * frameBytes);
      });
    }
  }
  return codec.decodesToRgb.includes(photometric) ? { bytes, photometric: 'RGB' } : toRgb(bytes, description);
}

/** Blank masks shrink to a thousandth or less, pictures of this size to a fiftieth. Nothing that shrinks far more is a picture. */
function checkRatio(decodedBytes: number, encoded: readonly Uint8Array[]): void {
  const encodedBytes = encoded.reduce((sum, frame) => sum + frame.length, 0);
  if (decodedBytes <= Math.max(FREE_DECODED_BYTES, encodedBytes * MAX_RATIO)) return;
  throw new DicomReadError('limit-exceeded', `${encodedBytes} compressed bytes would become ${decodedBytes}`, {
    facts: { encodedBytes, decodedBytes },
  });
}

function wantedFrames(
  dataset: Dataset,
  { frames }: PixelDescription,
  wanted: readonly number[],
): readonly Uint8Array[] {
  const fragments = dataset.fragments('PixelData');
  if (fragments === undefined)
    throw new DicomReadError('corrupt-pixel-data', 'Compressed pixel data have no fragments');
  return encodedFrames({ fragments, frames, extendedOffsets: dataset.bytes('ExtendedOffsetTable') }, wanted);
}

/**
 * Converts YBR_FULL samples to RGB. Grey, indexed and RGB samples stay as they are.
 *
 * @throws DicomReadError `unsupported-pixel-format` for other colours, which are retired or cannot be converted here
 */
function toRgb(bytes: Uint8Array, { photometric, samplesPerPixel, bitsAllocated }: PixelDescription): DecodedBytes {
  if (samplesPerPixel === 1 || photometric === 'RGB') return { bytes, photometric };
  if (/^YBR_FULL(_422)?$/.test(photometric) && bitsAllocated === 8) {
    return { bytes: ybrFullToRgb(bytes), photometric: 'RGB' };
  }
  throw new DicomReadError('unsupported-pixel-format', `These colours of ${bitsAllocated} bits are not supported`, {
    facts: { bitsAllocated },
  });
}
