import { unpackBits } from '../native-frames.ts';
import { bytesPerSample, type Codec, type DecodeFrame } from './codec.ts';
import { corrupt, unsupported } from './corrupt.ts';

/** The header is sixteen 32-bit numbers: the number of segments, then the start of each (PS3.5 G.5). */
const HEADER_BYTES = 64;
const MAX_SEGMENTS = 15;
/** PackBits' best ratio: two bytes for a run of 128. */
const MAX_RATIO = 64;

/** RLE Lossless (PS3.5 G): one PackBits segment per byte of each sample, the most significant byte first. */
export const rle: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.5'],
  decodesToRgb: [],
  load: async () => decodeRle,
};

const decodeRle: DecodeFrame = (encoded, layout) => {
  const { rows, columns, samplesPerPixel, bitsAllocated } = layout;
  const width = bytesPerSample(layout);
  const segments = samplesPerPixel * width;
  if (encoded.length < HEADER_BYTES) throw corrupt('The RLE header is incomplete');
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (bitsAllocated === 1 && samplesPerPixel > 1) throw unsupported('Colours of 1 bit are not supported');
  if (view.getUint32(0, true) !== segments || segments > MAX_SEGMENTS) {
    throw corrupt(`The RLE frame has ${view.getUint32(0, true)} segments, the header says ${segments}`);
  }
  // A plane has one byte per pixel; 1-bit pixels take one byte per eight.
  const plane = bitsAllocated === 1 ? Math.ceil((rows * columns) / 8) : rows * columns;
  if (plane * segments > encoded.length * MAX_RATIO) throw corrupt('The RLE frame is too short for its picture');
  const decoded = new Uint8Array(plane * segments);
  for (let segment = 0; segment < segments; segment += 1) {
    const start = view.getUint32(4 * (segment + 1), true);
    const end = segment + 1 < segments ? view.getUint32(4 * (segment + 2), true) : encoded.length;
    if (start < HEADER_BYTES || end < start || end > encoded.length)
      throw corrupt('An RLE segment lies outside the frame');
    const sample = Math.floor(segment / width);
    const byte = width - 1 - (segment % width);
    unpackSegment(encoded.subarray(start, end), decoded, sample * width + byte, segments, plane);
  }
  return bitsAllocated === 1 ? unpackBits(decoded, 0, rows * columns) : decoded;
};

/** Unpacks PackBits (PS3.5 G.3.2) into every `stride`-th byte of `target`, `count` bytes in all. */
function unpackSegment(packed: Uint8Array, target: Uint8Array, first: number, stride: number, count: number): void {
  const end = first + count * stride;
  let read = 0;
  let at = first;
  while (at < end) {
    const control = packed[read];
    if (control === undefined) throw corrupt('An RLE segment ends before its plane is full');
    read += 1;
    if (control < 128) {
      const runEnd = Math.min(end, at + (control + 1) * stride);
      if (read + (runEnd - at) / stride > packed.length) throw corrupt('An RLE segment ends inside a run');
      for (let from = read; at < runEnd; at += stride, from += 1) target[at] = packed[from] ?? 0;
      read += control + 1;
    } else if (control > 128) {
      const value = packed[read];
      if (value === undefined) throw corrupt('An RLE segment ends inside a run');
      const runEnd = Math.min(end, at + (257 - control) * stride);
      for (; at < runEnd; at += stride) target[at] = value;
      read += 1;
    }
  }
}
