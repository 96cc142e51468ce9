import type { Codec } from './codec.ts';
import { heapDecoder } from './emscripten.ts';
import { jpegSize } from './markers.ts';

/** JPEG baseline, 8 bits, lossy (ITU-T T.81 process 1), by libjpeg-turbo. Other decoders may differ by a few grey levels. */
export const jpegBaseline: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.50'],
  decodesToRgb: ['YBR_FULL_422', 'YBR_FULL', 'RGB'],
  load: heapDecoder({
    load: async () => (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')).default,
    create: ({ JPEGDecoder }) => new JPEGDecoder(),
    readSize: jpegSize,
  }),
};
