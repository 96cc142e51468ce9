/** What a header says about its pixels (Image Pixel module, PS3.3 C.7.6.3), checked before memory is allocated for them. */
import type { FrameLayout } from './codecs/codec.ts';
import type { Dataset } from './dataset.ts';
import { DicomReadError } from './error.ts';

export interface PixelDescription extends FrameLayout {
  /** Number of frames in the instance. */
  readonly frames: number;
  readonly floatingPoint: boolean;
  /** High Bit (0028,0102) as declared, which may be wrong. */
  readonly highBit?: number;
}

/** Decoded pixels per call. None of our functions has the memory for more. */
export const MAX_DECODED_BYTES = 2 ** 31 - 1;
/** Ten times the frames of the longest real recordings. A list of frames is made before the pixels are read. */
const MAX_FRAMES = 1_000_000;
const INTEGER_BITS = [1, 8, 16, 32];
const FLOAT_BITS = [32, 64];

/** @throws DicomReadError `no-pixel-data`, `unsupported-pixel-format` or `limit-exceeded` */
export function describePixels(dataset: Dataset): PixelDescription {
  const floatingPoint = dataset.has('FloatPixelData') || dataset.has('DoubleFloatPixelData');
  if (!floatingPoint && !dataset.has('PixelData')) throw new DicomReadError('no-pixel-data', 'The file has no pixels');
  const unusable = (keyword: string): DicomReadError =>
    new DicomReadError('unsupported-pixel-format', `The file gives no usable ${keyword}`, { facts: { keyword } });
  const required = (keyword: string): number => {
    const value = dataset.number(keyword);
    if (value === undefined || !Number.isInteger(value) || value < 1) throw unusable(keyword);
    return value;
  };
  /** A number that is there and cannot be read is not one that is not there: samples would be read as others. */
  const optional = (keyword: string): number | undefined => {
    const value = dataset.number(keyword);
    if (value === undefined && dataset.has(keyword)) throw unusable(keyword);
    return value;
  };
  const bitsAllocated = required('BitsAllocated');
  const highBit = optional('HighBit');
  const description: PixelDescription = {
    rows: required('Rows'),
    columns: required('Columns'),
    frames: Math.max(1, optional('NumberOfFrames') ?? 1),
    samplesPerPixel: optional('SamplesPerPixel') ?? 1,
    bitsAllocated,
    bitsStored: optional('BitsStored') ?? bitsAllocated,
    signed: optional('PixelRepresentation') === 1,
    photometric: dataset.text('PhotometricInterpretation')?.trim().toUpperCase() ?? 'MONOCHROME2',
    planar: optional('PlanarConfiguration') === 1,
    floatingPoint,
    ...(highBit !== undefined && { highBit }),
  };
  const { frames, samplesPerPixel, bitsStored } = description;
  if (frames > MAX_FRAMES) {
    throw new DicomReadError('limit-exceeded', `The file declares ${frames} frames`, {
      facts: { frames, limit: MAX_FRAMES },
    });
  }
  if (!Number.isInteger(bitsStored) || bitsStored < 1 || bitsStored > bitsAllocated) {
    throw new DicomReadError('unsupported-pixel-format', `The file stores ${bitsStored} of ${bitsAllocated} bits`, {
      facts: { bitsStored, bitsAllocated },
    });
  }
  const supportedBits = floatingPoint ? FLOAT_BITS : INTEGER_BITS;
  if (!supportedBits.includes(bitsAllocated) || ![1, 3].includes(samplesPerPixel) || !Number.isInteger(frames)) {
    throw new DicomReadError(
      'unsupported-pixel-format',
      `Pixels of ${samplesPerPixel} × ${bitsAllocated} bits are not supported`,
      { facts: { samplesPerPixel, bitsAllocated } },
    );
  }
  return description;
}

/**
 * Which frames to decode, counted from 0: all frames, or the requested ones (counted from 1).
 *
 * @throws DicomReadError `malformed` where the file lacks a requested frame; `limit-exceeded` where the frames would take
 *   more than 2 GiB
 */
export function framesToDecode(description: PixelDescription, asked: readonly number[] | undefined): readonly number[] {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated } = description;
  const missing = asked?.find((number) => !Number.isInteger(number) || number < 1 || number > frames);
  if (missing !== undefined) {
    throw new DicomReadError('malformed', `The file has ${frames} frames and no frame ${missing}`, {
      facts: { frames, missing },
    });
  }
  const count = asked?.length ?? frames;
  const decodedBytes = rows * columns * count * samplesPerPixel * Math.max(1, bitsAllocated / 8);
  if (decodedBytes > MAX_DECODED_BYTES) {
    throw new DicomReadError('limit-exceeded', `The pixels would take ${decodedBytes} bytes`, {
      facts: { decodedBytes, limit: MAX_DECODED_BYTES },
    });
  }
  return asked?.map((number) => number - 1) ?? Array.from({ length: frames }, (_, i) => i);
}
