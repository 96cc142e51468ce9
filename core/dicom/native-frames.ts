/** Native pixel data: samples as they lie in the file, one frame after the other (PS3.5 8.1, 8.2). */
import { DicomReadError } from '../errors.ts';
import { interleave, upsample422 } from './color.ts';
import type { Dataset } from './dataset.ts';
import type { PixelDescription } from './pixel-description.ts';

/**
 * The frames asked for (counted from 0) as little-endian samples, those of a pixel side by side, 1-bit samples as bytes. A
 * view on the file where nothing had to be changed.
 *
 * @throws DicomReadError `corrupt-pixel-data` where the value is shorter than the header says
 */
export function nativeFrames(
  dataset: Dataset,
  description: PixelDescription,
  wanted: readonly number[],
  littleEndian: boolean,
): Uint8Array {
  const keyword = ['PixelData', 'FloatPixelData', 'DoubleFloatPixelData'].find((name) => dataset.has(name));
  const value = dataset.bytes(keyword ?? 'PixelData') ?? new Uint8Array(0);
  const { frames, samplesPerPixel, bitsAllocated } = description;
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
  if (isSubsampled(description)) return joinedFrames(wanted, (frame) => upsample422(frameOf(frame)));
  if (samplesPerPixel > 1 && description.planar)
    return joinedFrames(wanted, (frame) => interleave(frameOf(frame), samplesPerPixel, bitsAllocated / 8));
  const first = wanted[0] ?? 0;
  const isRun = wanted.every((frame, i) => frame === first + i);
  return isRun
    ? ordered.subarray(first * frameBytes, (first + wanted.length) * frameBytes)
    : joinedFrames(wanted, frameOf);
}

/** Two pixels share their chrominance: Y Y Cb Cr (PS3.3 C.7.6.3.1.2). */
function isSubsampled({ photometric, samplesPerPixel, bitsAllocated }: PixelDescription): boolean {
  return photometric === 'YBR_FULL_422' && samplesPerPixel === 3 && bitsAllocated === 8;
}

/** @throws DicomReadError where two pixels that share their chrominance would lie in two frames */
function bitsPerFrame(description: PixelDescription): number {
  const { rows, columns, samplesPerPixel, bitsAllocated } = description;
  if (!isSubsampled(description)) return rows * columns * samplesPerPixel * bitsAllocated;
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

/** One bit a sample, the least significant first, over all frames without a gap (PS3.5 8.1.1), to bytes. */
function unpackBits(packed: Uint8Array, first: number, samples: number): Uint8Array {
  const unpacked = new Uint8Array(samples);
  for (let i = 0; i < samples; i += 1) {
    const at = first + i;
    unpacked[i] = ((packed[Math.floor(at / 8)] ?? 0) >> (at & 7)) & 1;
  }
  return unpacked;
}

/** The words that big-endian files turn round: OW has 2 bytes a word even where samples have one (PS3.5 8.2). */
function wordBytes(vr: string | undefined, bitsAllocated: number): number {
  return Math.max(vr === 'OW' ? 2 : 1, bitsAllocated / 8);
}

/** The whole words of a value, each turned round, as a copy. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  if (width < 2) return bytes;
  const words = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % width)));
  if (width === 2) return words.swap16();
  return width === 4 ? words.swap32() : words.swap64();
}
