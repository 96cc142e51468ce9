import { bytesPerSample, type Codec, type DecodeFrame } from './codec.ts';
import { wholeCodestream } from './codestream.ts';
import { heapDecoder } from './emscripten.ts';

/** JPEG 2000, reversible or irreversible (ITU-T T.800), by OpenJPEG, which undoes the colour transforms in the codestream. */
export const jpeg2000: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'],
  decodesToRgb: ['YBR_RCT', 'YBR_ICT'],
  load: async () => withSmallSignedSamples(await openJpeg()),
};

/**
 * OpenJPEG's warnings about lengths, counts and indices of tile-parts and about markers that it does not know.
 * `wholeCodestream` has checked that all tile-parts are there. Its warnings about code blocks, packets, transforms and
 * components are not here: after them, samples are guessed.
 */
const HARMLESS = new RegExp(
  `^\\[WARNING\\] (${[
    'Non conformant codestream TPsot==TNsot',
    'Psot value of the current tile-part is equal to zero',
    'Empty SOT marker detected',
    'Tile \\d+ has TPsot == 0 and TNsot == 0',
    'Stream does not end with EOC',
    'Unknown marker$',
    'opj_j2k_(read_tlm|build_tp_index_from_tlm)\\(\\)',
    'SOT marker for tile \\d+ declares more tile-parts than found in TLM marker',
    // SOP may stand before each packet, and need not (A.8.1).
    'Expected SOP marker',
  ].join('|')})`,
);

const openJpeg = heapDecoder({
  load: async () => (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default,
  create: ({ J2KDecoder }) => new J2KDecoder(),
  readSize: wholeCodestream,
  prepare: (encoded) => wholeCodestream(encoded).stream,
  harmless: HARMLESS,
});

/**
 * The build clamps signed samples of up to 8 bits to 0 … 255. They are therefore decoded as unsigned samples, which differ
 * by the level shift alone (T.800 G.1.2), and shifted back.
 */
function withSmallSignedSamples(decode: DecodeFrame): DecodeFrame {
  return (encoded, layout) => {
    const { signed, precision, depthsAt, stream } = wholeCodestream(encoded);
    if (!signed || precision > 8) return decode(encoded, layout);
    const unsigned = Uint8Array.from(stream);
    for (const at of depthsAt) unsigned[at] = precision - 1;
    const samples = decode(unsigned, layout);
    const shift = 2 ** (precision - 1);
    const words =
      bytesPerSample(layout) === 1 ? samples : new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2);
    for (let i = 0; i < words.length; i += 1) words[i] = (words[i] ?? 0) - shift;
    return samples;
  };
}
