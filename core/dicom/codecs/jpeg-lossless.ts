import { DicomReadError } from '../../errors.ts';
import type { Codec, DecodeFrame } from './codec.ts';
import { corrupt } from './emscripten.ts';
import { jpegSize } from './markers.ts';

/** JPEG lossless, process 14 (ITU-T T.81 H), any predictor. */
export const jpegLossless: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70'],
  decodesToRgb: [],
  load: async () => {
    const { Decoder } = await import('jpeg-lossless-decoder-js');
    const decode: DecodeFrame = (encoded, layout) => {
      const size = jpegSize(encoded);
      if (size === undefined || size.rows !== layout.rows || size.columns !== layout.columns) {
        throw corrupt('The compressed frame does not have the size that the header says');
      }
      const bytes = layout.bitsAllocated / 8;
      const buffer = encoded.slice().buffer;
      const decoded = decodeOrRefuse(() => new Decoder().decode(buffer, 0, buffer.byteLength, bytes));
      if (decoded.length !== layout.rows * layout.columns * layout.samplesPerPixel) {
        throw corrupt('The compressed frame does not have the samples that the header says');
      }
      return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
    };
    return decode;
  },
};

function decodeOrRefuse(decode: () => Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  try {
    return decode();
  } catch (cause) {
    throw new DicomReadError('corrupt-pixel-data', 'The compressed frame cannot be decoded', { cause });
  }
}
