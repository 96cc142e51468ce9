/** From bytes to samples: the array type that fits, and only the bits that belong to the sample (PS3.5 8.1). */
import { DicomReadError } from './error.ts';
import { sampleShift } from './high-bit.ts';
import type { PixelDescription } from './pixel-description.ts';

export type PixelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

type SampleFormat = Pick<PixelDescription, 'bitsAllocated' | 'bitsStored' | 'signed' | 'floatingPoint' | 'highBit'>;

/**
 * Little-endian samples as an array of their type; a view on the bytes where they are aligned and hold nothing else. Samples
 * above the lowest bits are shifted down only on request.
 *
 * @throws DicomReadError `unsupported-pixel-format` where it is unclear which bits are the samples
 */
export function samplesOf(bytes: Uint8Array, format: SampleFormat, shiftDown = false): PixelArray {
  const words = typedArray(bytes, format);
  const shift = format.floatingPoint ? 0 : sampleShift(words, format);
  if (shift === 0) return withoutUnusedBits(words, format);
  return shiftDown ? shifted(words, shift, format) : words;
}

/** The samples that begin at bit `shift`, without the bits above them. */
function shifted(words: PixelArray, shift: number, { bitsStored, signed }: SampleFormat): PixelArray {
  const samples = words.slice();
  const [above, below] = [32 - bitsStored - shift, 32 - bitsStored];
  for (let i = 0; i < samples.length; i += 1) {
    const left = (samples[i] ?? 0) << above;
    samples[i] = signed ? left >> below : left >>> below;
  }
  return samples;
}

function typedArray(bytes: Uint8Array, { bitsAllocated, signed, floatingPoint }: SampleFormat): PixelArray {
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
 * Clears the bits above Bits Stored, which do not belong to the sample (old overlays, or a missing sign); in signed samples
 * fills them with the sign (PS3.5 8.1.1). Copies only where a sample has such bits.
 *
 * @throws DicomReadError `unsupported-pixel-format` where these bits are the upper part of the samples
 */
function withoutUnusedBits(
  data: PixelArray,
  { bitsAllocated, bitsStored, signed, floatingPoint }: SampleFormat,
): PixelArray {
  const unused = bitsAllocated - bitsStored;
  if (floatingPoint || bitsAllocated === 1 || unused <= 0 || bitsStored < 1) return data;
  const shift = 32 - bitsStored;
  if (signed ? isSignExtended(data, shift) : isZeroExtended(data, shift)) return data;
  const clean = data.slice();
  for (let i = 0; i < clean.length; i += 1) {
    const shifted = (clean[i] ?? 0) << shift;
    clean[i] = signed ? shifted >> shift : shifted >>> shift;
  }
  if (roughness(clean) > roughness(data)) {
    throw new DicomReadError(
      'unsupported-pixel-format',
      `Samples have more than the ${bitsStored} bits of Bits Stored`,
      {
        facts: { bitsStored },
      },
    );
  }
  return clean;
}

/**
 * Sum of the steps between neighbours. An overlay, padding or a missing sign above the samples is a step that goes with the bits.
 * Where the samples themselves go on there, a picture without them has steps that it does not have with them.
 */
function roughness(data: PixelArray): number {
  let sum = 0;
  for (let i = 1; i < data.length; i += 1) sum += Math.abs((data[i] ?? 0) - (data[i - 1] ?? 0));
  return sum;
}

/** Two loops, because each is then compiled for one task: every sample of every picture passes through one of them. */
function isZeroExtended(data: PixelArray, shift: number): boolean {
  for (let i = 0; i < data.length; i += 1) {
    const sample = data[i] ?? 0;
    if (sample !== (sample << shift) >>> shift) return false;
  }
  return true;
}

function isSignExtended(data: PixelArray, shift: number): boolean {
  for (let i = 0; i < data.length; i += 1) {
    const sample = data[i] ?? 0;
    if (sample !== (sample << shift) >> shift) return false;
  }
  return true;
}
