import type { Codec } from './codec.ts';
import { decodeWith, loadOnce } from './emscripten.ts';
import { jpeg2000Size } from './markers.ts';

const openjpeg = loadOnce(async () => (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default);

/** JPEG 2000, reversible or not (ITU-T T.800), by OpenJPEG, which undoes the colour transforms that the codestream names. */
export const jpeg2000: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'],
  decodesToRgb: ['YBR_RCT', 'YBR_ICT'],
  load: async () => {
    const { J2KDecoder } = await openjpeg();
    return decodeWith(() => new J2KDecoder(), jpeg2000Size);
  },
};
