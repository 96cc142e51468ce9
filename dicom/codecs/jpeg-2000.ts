import { bytesPerSample, type Codec, type DecodeFrame } from './codec.ts';
import { wholeCodestream } from './codestream.ts';
import { heapDecoder } from './emscripten.ts';

/** JPEG 2000, reversible or irreversible (ITU-T T.800), by OpenJPEG, which undoes the colour transforms in the codestream. */
export const jpeg2000: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'],
  decodesToRgb: ['YBR_RCT', 'YBR_ICT'],
  load: async () => withSmallSignedSamples(await openJpeg()),
};

const openJpeg = heapDecoder({
  load: async () => (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default,
  create: ({ J2KDecoder }) => new J2KDecoder(),
  readSize: wholeCodestream,
});

/**
 * The build clamps signed samples of up to 8 bits to 0 … 255. They are therefore decoded as unsigned samples, which differ
 * by the level shift alone (T.800 G.1.2), and shifted back.
 */
function withSmallSignedSamples(decode: DecodeFrame): DecodeFrame {
  return (encoded, layout) => {
    const { signed, precision, depthsAt } = wholeCodestream(encoded);
    if (!signed || precision > 8) return decode(encoded, layout);
    const unsigned = Uint8Array.from(encoded);
    for (const at of depthsAt) unsigned[at] = precision - 1;
    const samples = decode(unsigned, layout);
    const shift = 2 ** (precision - 1);
    const words =
      bytesPerSample(layout) === 1 ? samples : new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2);
    for (let i = 0; i < words.length; i += 1) words[i] = (words[i] ?? 0) - shift;
    return samples;
  };
}
