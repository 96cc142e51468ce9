import type { Codec, DecodeFrame } from './codec.ts';
import { corrupt } from './corrupt.ts';

/** A header of sixteen 32-bit numbers: how many segments, and where each starts (PS3.5 G.5). */
const HEADER_BYTES = 64;
const MAX_SEGMENTS = 15;

/** RLE Lossless (PS3.5 G): one PackBits segment per byte of each sample, the most significant byte first. */
export const rle: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.5'],
  decodesToRgb: [],
  load: async () => decodeRle,
};

const decodeRle: DecodeFrame = (encoded, { rows, columns, samplesPerPixel, bitsAllocated }) => {
  const bytesPerSample = bitsAllocated / 8;
  const segments = samplesPerPixel * bytesPerSample;
  if (encoded.length < HEADER_BYTES) throw corrupt('The RLE header is incomplete');
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (view.getUint32(0, true) !== segments || segments > MAX_SEGMENTS) {
    throw corrupt(`The RLE frame has ${view.getUint32(0, true)} segments, the header says ${segments}`);
  }
  const pixels = rows * columns;
  const decoded = new Uint8Array(pixels * segments);
  for (let segment = 0; segment < segments; segment += 1) {
    const start = view.getUint32(4 * (segment + 1), true);
    const end = segment + 1 < segments ? view.getUint32(4 * (segment + 2), true) : encoded.length;
    if (start < HEADER_BYTES || end < start || end > encoded.length)
      throw corrupt('An RLE segment lies outside the frame');
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    unpackSegment(encoded.subarray(start, end), decoded, sample * bytesPerSample + byte, segments, pixels);
  }
  return decoded;
};

/** PackBits (PS3.5 G.3.2) into every `stride`-th byte of `target`, `count` of them. */
function unpackSegment(packed: Uint8Array, target: Uint8Array, first: number, stride: number, count: number): void {
  let read = 0;
  let written = 0;
  while (written < count) {
    const control = packed[read];
    if (control === undefined) throw corrupt('An RLE segment ends before its plane is full');
    read += 1;
    if (control < 128) {
      const length = Math.min(control + 1, count - written);
      if (read + length > packed.length) throw corrupt('An RLE segment ends inside a run');
      for (let i = 0; i < length; i += 1) target[first + (written + i) * stride] = packed[read + i] ?? 0;
      read += control + 1;
      written += length;
    } else if (control > 128) {
      const value = packed[read];
      if (value === undefined) throw corrupt('An RLE segment ends inside a run');
      const length = Math.min(257 - control, count - written);
      for (let i = 0; i < length; i += 1) target[first + (written + i) * stride] = value;
      read += 1;
      written += length;
    }
  }
}
