import type { Codec } from './codec.ts';
import { heapDecoder } from './emscripten.ts';
import { endsWithMarker, jpegSize } from './markers.ts';

/** JPEG-LS lossless and near-lossless (ITU-T T.87), by CharLS. */
export const jpegLs: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81'],
  decodesToRgb: [],
  load: heapDecoder({
    load: async () => (await import('@cornerstonejs/codec-charls/decodewasmjs')).default,
    create: ({ JpegLSDecoder }) => new JpegLSDecoder(),
    // CharLS takes up to half a minute to notice that a stream was cut off; the missing end marker tells at once.
    readSize: (encoded) => (endsWithMarker(encoded) ? jpegSize(encoded) : undefined),
  }),
};
