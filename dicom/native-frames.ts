/** Native pixel data: samples as they lie in the file, one frame after the other (PS3.5 8.1, 8.2). */
import type { FrameLayout } from './codecs/codec.ts';
import { interleave, upsample422 } from './color.ts';
import type { Dataset } from './dataset.ts';
import { DicomReadError } from './error.ts';
import type { PixelDescription } from './pixel-description.ts';

/**
 * The requested frames (counted from 0) as little-endian samples, interleaved by pixel, 1-bit samples as bytes. The result
 * is a view on the file where nothing had to change.
 *
 * @throws DicomReadError `corrupt-pixel-data` where the value is shorter than the header requires
 */
export function nativeFrames(
  dataset: Dataset,
  description: PixelDescription,
  wanted: readonly number[],
  littleEndian: boolean,
): Uint8Array {
  const keyword = ['PixelData', 'FloatPixelData', 'DoubleFloatPixelData'].find((name) => dataset.has(name));
  const value = dataset.bytes(keyword ?? 'PixelData') ?? new Uint8Array(0);
  const { frames, bitsAllocated } = description;
  const frameBits = bitsPerFrame(description);
  const expected = Math.ceil((frameBits * frames) / 8);
  if (value.length < expected) {
    throw new DicomReadError('corrupt-pixel-data', `The pixel data have ${value.length} of ${expected} bytes`, {
      facts: { expected, found: value.length },
    });
  }
  const ordered = littleEndian ? value : swapped(value, wordBytes(dataset.vr(keyword ?? 'PixelData'), bitsAllocated));
  if (bitsAllocated === 1) return joinedFrames(wanted, (frame) => unpackBits(ordered, frame * frameBits, frameBits));
  const frameBytes = frameBits / 8;
  const frameOf = (frame: number): Uint8Array => ordered.subarray(frame * frameBytes, (frame + 1) * frameBytes);
  const first = wanted[0] ?? 0;
  const isRun = wanted.every((frame, i) => frame === first + i);
  if (isRun && !isSubsampled(description) && !isPlanar(description)) {
    return ordered.subarray(first * frameBytes, (first + wanted.length) * frameBytes);
  }
  return joinedFrames(wanted, (frame) => frameSamples(frameOf(frame), description));
}

/**
 * One frame's bytes, and only they, as samples: interleaved by pixel, 1-bit samples as bytes.
 *
 * @throws DicomReadError `corrupt-pixel-data` where there are fewer bytes than the layout requires
 */
export function frameSamples(bytes: Uint8Array, layout: FrameLayout): Uint8Array {
  const frameBits = bitsPerFrame(layout);
  const expected = Math.ceil(frameBits / 8);
  if (bytes.length < expected) {
    throw new DicomReadError('corrupt-pixel-data', `The frame has ${bytes.length} of ${expected} bytes`, {
      facts: { expected, found: bytes.length },
    });
  }
  const { samplesPerPixel, bitsAllocated } = layout;
  if (bitsAllocated === 1) return unpackBits(bytes, 0, frameBits);
  const frame = bytes.subarray(0, expected);
  if (isSubsampled(layout)) return upsample422(frame);
  return isPlanar(layout) ? interleave(frame, samplesPerPixel, bitsAllocated / 8) : frame;
}

function isPlanar({ planar, samplesPerPixel }: FrameLayout): boolean {
  return planar && samplesPerPixel > 1;
}

/** Two pixels share their chrominance: Y Y Cb Cr (PS3.3 C.7.6.3.1.2). */
function isSubsampled({ photometric, samplesPerPixel, bitsAllocated }: FrameLayout): boolean {
  return photometric === 'YBR_FULL_422' && samplesPerPixel === 3 && bitsAllocated === 8;
}

/**
 * Bits of one native frame.
 *
 * @throws DicomReadError `unsupported-pixel-format` where two pixels that share their chrominance would belong to two frames
 */
export function bitsPerFrame(layout: FrameLayout): number {
  const { rows, columns, samplesPerPixel, bitsAllocated } = layout;
  if (!isSubsampled(layout)) return rows * columns * samplesPerPixel * bitsAllocated;
  if ((rows * columns) % 2 !== 0) {
    throw new DicomReadError('unsupported-pixel-format', 'Pixels that share their chrominance do not come in pairs');
  }
  return rows * columns * 16;
}

function joinedFrames(wanted: readonly number[], frameOf: (frame: number) => Uint8Array): Uint8Array {
  const [only] = wanted;
  if (wanted.length === 1 && only !== undefined) return frameOf(only);
  let joined: Uint8Array | undefined;
  wanted.forEach((frame, i) => {
    const bytes = frameOf(frame);
    joined ??= new Uint8Array(bytes.length * wanted.length);
    joined.set(bytes, i * bytes.length);
  });
  return joined ?? new Uint8Array(0);
}

/** Unpacks 1-bit samples to bytes. The least significant bit comes first, and frames follow without a gap (PS3.5 8.1.1). */
export function unpackBits(packed: Uint8Array, first: number, samples: number): Uint8Array {
  const unpacked = new Uint8Array(samples);
  for (let i = 0; i < samples; i += 1) {
    const at = first + i;
    unpacked[i] = ((packed[Math.floor(at / 8)] ?? 0) >> (at & 7)) & 1;
  }
  return unpacked;
}

/** Size of the words that big-endian files swap: OW has 2-byte words even where a sample has one byte (PS3.5 8.2). */
function wordBytes(vr: string | undefined, bitsAllocated: number): number {
  return Math.max(vr === 'OW' ? 2 : 1, bitsAllocated / 8);
}

/** A copy of the value's whole words, each byte-swapped. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  if (width < 2) return bytes;
  const words = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % width)));
  if (width === 2) return words.swap16();
  return width === 4 ? words.swap32() : words.swap64();
}
