import type { Codec } from './codec.ts';
import { wholeCodestream } from './codestream.ts';
import { heapDecoder } from './emscripten.ts';
import { jpeg2000 } from './jpeg-2000.ts';

/** High-Throughput JPEG 2000, reversible or irreversible (ITU-T T.814), by OpenJPH, which undoes the colour transforms in the codestream. */
export const htj2k: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.202', '1.2.840.10008.1.2.4.203'],
  decodesToRgb: jpeg2000.decodesToRgb,
  load: async () => {
    const [byOpenJph, byOpenJpeg] = await Promise.all([openJph(), jpeg2000.load()]);
    return (encoded, layout) => {
      const { components, colourTransform, signed, precision } = wholeCodestream(encoded);
      // The build mixes up the lines of components without a common transform, and clamps small signed samples at 0.
      // OpenJPEG reads both correctly, but slowly.
      const isMisread = (components > 1 && !colourTransform) || (signed && precision <= 8);
      return isMisread ? byOpenJpeg(encoded, layout) : byOpenJph(encoded, layout);
    };
  },
};

const openJph = heapDecoder({
  load: async () => (await import('@cornerstonejs/codec-openjph/wasmjs')).default,
  create: ({ HTJ2KDecoder }) => new HTJ2KDecoder(),
  readSize: wholeCodestream,
  prepare: (encoded) => wholeCodestream(encoded).stream,
});
