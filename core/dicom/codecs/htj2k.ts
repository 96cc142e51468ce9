import type { Codec } from './codec.ts';
import { wholeCodestream } from './codestream.ts';
import { heapDecoder } from './emscripten.ts';

/** High-Throughput JPEG 2000, reversible or not (ITU-T T.814), by OpenJPH, which undoes the colour transforms that the codestream names. */
export const htj2k: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.202', '1.2.840.10008.1.2.4.203'],
  decodesToRgb: ['YBR_RCT', 'YBR_ICT'],
  load: heapDecoder({
    load: async () => (await import('@cornerstonejs/codec-openjph/wasmjs')).default,
    create: ({ HTJ2KDecoder }) => new HTJ2KDecoder(),
    readSize: wholeCodestream,
  }),
};
