import { inflateRawSync } from 'node:zlib';
import { bitsPerFrame, frameSamples } from '../native-frames.ts';
import type { Codec } from './codec.ts';
import { corrupt } from './corrupt.ts';

/** Deflated Image Frame Compression (PS3.5 A.4.13): each native frame deflated by itself (RFC 1951). */
export const deflatedFrame: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.8.1'],
  decodesToRgb: [],
  load: async () => (encoded, layout) => {
    const expected = Math.ceil(bitsPerFrame(layout) / 8);
    return frameSamples(inflate(encoded, expected), layout);
  },
};

/** Deflate's best ratio: two bits for 258 bytes. */
const MAX_RATIO = 1032;

/** Allows one byte more than expected: a frame of odd length may have been padded before it was deflated. */
function inflate(encoded: Uint8Array, expected: number): Uint8Array {
  if (encoded.length * MAX_RATIO < expected) throw corrupt('The deflated frame is too short for its picture');
  try {
    const { buffer, byteOffset, byteLength } = inflateRawSync(encoded, { maxOutputLength: expected + 1 });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    throw corrupt('The deflated frame cannot be inflated, or holds more than the header says', cause);
  }
}
