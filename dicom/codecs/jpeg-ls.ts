import type { Codec } from './codec.ts';
import { corrupt, unsupported } from './corrupt.ts';
import { heapDecoder } from './emscripten.ts';
import { type CodestreamSize, jpegFrameHeader, jpegSegments } from './markers.ts';

/** JPEG-LS lossless and near-lossless (ITU-T T.87), by CharLS. */
export const jpegLs: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81'],
  decodesToRgb: [],
  load: heapDecoder({
    load: async () => (await import('@cornerstonejs/codec-charls/decodewasmjs')).default,
    create: ({ JpegLSDecoder }) => new JpegLSDecoder(),
    readSize,
    // Interleave mode 0 (T.87 C.2.3) is one scan per component; CharLS returns the components one after the other.
    isPlanar: (decoder) => decoder.getInterleaveMode() === 0,
  }),
};

const SOF55 = 0xfff7;
const EOI = Buffer.of(0xff, 0xd9);

function readSize(encoded: Uint8Array): CodestreamSize {
  const header = jpegFrameHeader(encoded);
  if (header.marker !== SOF55) throw corrupt('The compressed frame is not JPEG-LS');
  const scan = [...jpegSegments(encoded)].at(-1)?.end ?? 0;
  // CharLS takes up to half a minute to notice a truncated stream, and invents its last rows if an EOI is put behind it. No EOI is
  // inside entropy-coded data, where the bit after FF is 0 (T.87 A.1). Bytes may follow it.
  if (!Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).includes(EOI, scan)) {
    throw corrupt('The compressed frame lacks its end');
  }
  if (header.sampling.some(([horizontal, vertical]) => horizontal !== 1 || vertical !== 1)) {
    throw unsupported('The components of the compressed frame differ in size');
  }
  return header;
}
