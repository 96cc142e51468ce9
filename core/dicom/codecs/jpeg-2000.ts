import type { Codec } from './codec.ts';
import { wholeCodestream } from './codestream.ts';
import { heapDecoder } from './emscripten.ts';

/** JPEG 2000, reversible or not (ITU-T T.800), by OpenJPEG, which undoes the colour transforms that the codestream names. */
export const jpeg2000: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'],
  decodesToRgb: ['YBR_RCT', 'YBR_ICT'],
  load: heapDecoder({
    load: async () => (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default,
    create: ({ J2KDecoder }) => new J2KDecoder(),
    readSize: wholeCodestream,
  }),
};
