/** Pixel data to arrays (PS3.3 C.7.6.3, PS3.5 8): every supported syntax gives the same samples for the same picture. */
import { createHash } from 'node:crypto';
import { DicomReadError } from '../errors.ts';
import type { FrameLayout } from './codecs/codec.ts';
import { codecFor } from './codecs/registry.ts';
import { interleave, upsample422, ybrFullToRgb } from './color.ts';
import { encodedFrames } from './frames.ts';
import type { Dataset, DicomFile } from './read.ts';
import { transferSyntax } from './transfer-syntax.ts';

export type PixelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** All frames of an instance. Modality LUT, rescale and palettes are not applied. */
export interface DecodedPixels extends FrameLayout {
  readonly frames: number;
  /** As the samples are now: `RGB` where the file has YBR. */
  readonly photometric: string;
  /** index = ((frame × rows + row) × columns + column) × samplesPerPixel + sample; 1-bit samples are one byte each. */
  readonly data: PixelArray;
}

interface PixelDescription extends FrameLayout {
  readonly frames: number;
  readonly photometric: string;
  readonly planar: boolean;
  readonly floatingPoint: boolean;
}

/** Decoded pixels of one instance; beyond it no function of ours has the memory. */
const MAX_DECODED_BYTES = 2 ** 31 - 1;

/**
 * Decodes all frames of a file. Uncompressed samples may be a view on the file's bytes.
 *
 * @throws DicomReadError `no-pixel-data`, `unsupported-transfer-syntax`, `unsupported-pixel-format`,
 *   `corrupt-pixel-data` or `limit-exceeded`
 */
export async function decodePixels({ dataset, TransferSyntaxUID }: DicomFile): Promise<DecodedPixels> {
  const description = describe(dataset);
  const { encapsulated, littleEndian } = transferSyntax(TransferSyntaxUID);
  const { bytes, photometric } = encapsulated
    ? await decodeEncapsulated(dataset, TransferSyntaxUID, description)
    : decodeNative(dataset, description, littleEndian);
  const { rows, columns, frames, samplesPerPixel, bitsAllocated, bitsStored, signed } = description;
  const layout = { rows, columns, frames, samplesPerPixel, bitsAllocated, bitsStored, signed };
  return { ...layout, photometric, data: withoutUnusedBits(typedArray(bytes, description), description) };
}

/**
 * SHA-256 (hex) of the samples: little endian, native bit width, 1-bit as bytes, YBR as RGB, palettes not applied, C order,
 * all frames. Typed arrays lie little endian in memory on every machine that Node 24 runs on.
 */
export function pixelSha256({ data }: DecodedPixels): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

function describe(dataset: Dataset): PixelDescription {
  const floatingPoint = dataset.has('FloatPixelData') || dataset.has('DoubleFloatPixelData');
  if (!floatingPoint && !dataset.has('PixelData')) throw new DicomReadError('no-pixel-data', 'The file has no pixels');
  const required = (keyword: string): number => {
    const value = dataset.number(keyword);
    if (value === undefined || !Number.isInteger(value) || value < 1) {
      throw new DicomReadError('unsupported-pixel-format', `The file gives no usable ${keyword}`, {
        facts: { keyword },
      });
    }
    return value;
  };
  const bitsAllocated = required('BitsAllocated');
  const description: PixelDescription = {
    rows: required('Rows'),
    columns: required('Columns'),
    frames: Math.max(1, dataset.number('NumberOfFrames') ?? 1),
    samplesPerPixel: dataset.number('SamplesPerPixel') ?? 1,
    bitsAllocated,
    bitsStored: dataset.number('BitsStored') ?? bitsAllocated,
    signed: dataset.number('PixelRepresentation') === 1,
    photometric: dataset.text('PhotometricInterpretation') ?? 'MONOCHROME2',
    planar: dataset.number('PlanarConfiguration') === 1,
    floatingPoint,
  };
  const { rows, columns, frames, samplesPerPixel } = description;
  const supportedBits = floatingPoint ? [32, 64] : [1, 8, 16, 32];
  if (!supportedBits.includes(bitsAllocated) || ![1, 3].includes(samplesPerPixel) || !Number.isInteger(frames)) {
    throw new DicomReadError(
      'unsupported-pixel-format',
      `There is no reading of ${samplesPerPixel} × ${bitsAllocated} bits`,
      {
        facts: { samplesPerPixel, bitsAllocated },
      },
    );
  }
  const decodedBytes = rows * columns * frames * samplesPerPixel * Math.max(1, bitsAllocated / 8);
  if (decodedBytes > MAX_DECODED_BYTES) {
    throw new DicomReadError('limit-exceeded', `The pixels would take ${decodedBytes} bytes`, {
      facts: { decodedBytes, limit: MAX_DECODED_BYTES },
    });
  }
  return description;
}

interface DecodedBytes {
  readonly bytes: Uint8Array;
  readonly photometric: string;
}

async function decodeEncapsulated(
  dataset: Dataset,
  TransferSyntaxUID: string,
  description: PixelDescription,
): Promise<DecodedBytes> {
  const codec = codecFor(TransferSyntaxUID);
  const fragments = dataset.fragments('PixelData');
  if (fragments === undefined)
    throw new DicomReadError('corrupt-pixel-data', 'Compressed pixel data have no fragments');
  const encoded = encodedFrames(fragments, description.frames, dataset.bytes('ExtendedOffsetTable'));
  const decode = await codec.load();
  const { rows, columns, frames, samplesPerPixel, bitsAllocated } = description;
  const frameBytes = (rows * columns * samplesPerPixel * bitsAllocated) / 8;
  if (!Number.isInteger(bitsAllocated / 8)) {
    throw new DicomReadError('unsupported-pixel-format', 'There is no reading of compressed 1-bit samples');
  }
  const bytes = new Uint8Array(frameBytes * frames);
  encoded.forEach((frame, i) => {
    bytes.set(decode(frame, description), i * frameBytes);
  });
  if (codec.decodesToRgb.includes(description.photometric)) return { bytes, photometric: 'RGB' };
  return toRgb(bytes, description);
}

function decodeNative(dataset: Dataset, description: PixelDescription, littleEndian: boolean): DecodedBytes {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated, photometric } = description;
  const keyword = ['PixelData', 'FloatPixelData', 'DoubleFloatPixelData'].find((name) => dataset.has(name));
  const value = dataset.bytes(keyword ?? 'PixelData') ?? new Uint8Array(0);
  const pixels = rows * columns * frames;
  const subsampled = photometric === 'YBR_FULL_422' && samplesPerPixel === 3 && bitsAllocated === 8;
  const expected = subsampled ? Math.ceil(pixels / 2) * 4 : Math.ceil((pixels * samplesPerPixel * bitsAllocated) / 8);
  if (value.length < expected) {
    throw new DicomReadError('corrupt-pixel-data', `The pixel data have ${value.length} of ${expected} bytes`, {
      facts: { expected, found: value.length },
    });
  }
  const ordered = littleEndian ? value : swapped(value, wordBytes(dataset.vr(keyword ?? 'PixelData'), bitsAllocated));
  const bytes = ordered.subarray(0, expected);
  if (bitsAllocated === 1) return { bytes: unpackBits(bytes, pixels * samplesPerPixel), photometric };
  if (subsampled) return toRgb(upsample422(bytes, pixels), description);
  if (samplesPerPixel === 1) return { bytes, photometric };
  return toRgb(description.planar ? interleaveFrames(bytes, description) : bytes.slice(), description);
}

function interleaveFrames(bytes: Uint8Array, { frames, samplesPerPixel, bitsAllocated }: PixelDescription): Uint8Array {
  const frameBytes = bytes.length / frames;
  const interleaved = new Uint8Array(bytes.length);
  for (let i = 0; i < frames; i += 1) {
    const frame = bytes.subarray(i * frameBytes, (i + 1) * frameBytes);
    interleaved.set(interleave(frame, samplesPerPixel, bitsAllocated / 8), i * frameBytes);
  }
  return interleaved;
}

/** Turns YBR_FULL samples to RGB in place; everything else stays as it is. */
function toRgb(bytes: Uint8Array, { photometric, bitsAllocated }: PixelDescription): DecodedBytes {
  if (!photometric.startsWith('YBR_FULL') || bitsAllocated !== 8) return { bytes, photometric };
  ybrFullToRgb(bytes);
  return { bytes, photometric: 'RGB' };
}

/** One bit a sample, the least significant first, over all frames without a gap (PS3.5 8.1.1), to bytes. */
function unpackBits(packed: Uint8Array, samples: number): Uint8Array {
  const unpacked = new Uint8Array(samples);
  for (let i = 0; i < samples; i += 1) unpacked[i] = ((packed[i >> 3] ?? 0) >> (i & 7)) & 1;
  return unpacked;
}

/** The words that big-endian files turn round: OW has 2 bytes a word even where samples have one (PS3.5 8.2). */
function wordBytes(vr: string | undefined, bitsAllocated: number): number {
  return Math.max(vr === 'OW' ? 2 : 1, bitsAllocated / 8);
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  if (width < 2) return bytes;
  const words = Uint8Array.from(bytes.subarray(0, bytes.length - (bytes.length % width)));
  for (let start = 0; start < words.length; start += width) words.subarray(start, start + width).reverse();
  return words;
}

function typedArray(bytes: Uint8Array, { bitsAllocated, signed, floatingPoint }: PixelDescription): PixelArray {
  const width = Math.max(1, bitsAllocated / 8);
  const aligned = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset } = aligned;
  const length = aligned.byteLength / width;
  if (floatingPoint) {
    return bitsAllocated === 32
      ? new Float32Array(buffer, byteOffset, length)
      : new Float64Array(buffer, byteOffset, length);
  }
  if (width === 1) {
    return signed && bitsAllocated === 8
      ? new Int8Array(buffer, byteOffset, length)
      : new Uint8Array(buffer, byteOffset, length);
  }
  if (width === 2)
    return signed ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length);
  return signed ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
}

/**
 * Bits above Bits Stored are not the sample's (old overlays, or no sign): cleared, or filled with the sign where samples are
 * signed (PS3.5 8.1.1). Copies only where a sample has such bits.
 */
function withoutUnusedBits(
  data: PixelArray,
  { bitsAllocated, bitsStored, signed, floatingPoint }: PixelDescription,
): PixelArray {
  const unused = bitsAllocated - bitsStored;
  if (floatingPoint || bitsAllocated === 1 || unused <= 0 || bitsStored < 1) return data;
  const shift = 32 - bitsStored;
  let first = 0;
  while (first < data.length && isClean(data[first] ?? 0, shift, signed)) first += 1;
  if (first === data.length) return data;
  const clean = data.slice();
  for (let i = first; i < clean.length; i += 1) {
    const shifted = (clean[i] ?? 0) << shift;
    clean[i] = signed ? shifted >> shift : shifted >>> shift;
  }
  return clean;
}

function isClean(sample: number, shift: number, signed: boolean): boolean {
  return sample === (signed ? (sample << shift) >> shift : (sample << shift) >>> shift);
}
