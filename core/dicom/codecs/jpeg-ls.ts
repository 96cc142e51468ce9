import type { Codec } from './codec.ts';
import { decodeWith, loadOnce } from './emscripten.ts';
import { jpegSize } from './markers.ts';

const charls = loadOnce(async () => (await import('@cornerstonejs/codec-charls/decodewasmjs')).default);

/** JPEG-LS lossless and near-lossless (ITU-T T.87), by CharLS. */
export const jpegLs: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81'],
  decodesToRgb: [],
  load: async () => {
    const { JpegLSDecoder } = await charls();
    return decodeWith(() => new JpegLSDecoder(), jpegSize);
  },
};
