import type { Codec, FrameLayout } from './codec.ts';
import { corrupt } from './corrupt.ts';
import { heapDecoder } from './emscripten.ts';
import { type CodestreamSize, jpegFrameHeader, jpegSegments } from './markers.ts';

/** JPEG baseline, 8 bits, lossy (ITU-T T.81 process 1), by libjpeg-turbo. Other decoders may differ by a few grey levels. */
export const jpegBaseline: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.50'],
  decodesToRgb: ['YBR_FULL_422', 'YBR_FULL', 'RGB'],
  load: heapDecoder({
    load: async () => (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')).default,
    create: ({ JPEGDecoder }) => new JPEGDecoder(),
    readSize,
    prepare: withPlainHead,
  }),
};

function readSize(encoded: Uint8Array): CodestreamSize {
  const header = jpegFrameHeader(encoded);
  if (header.precision !== 8) throw corrupt(`The compressed frame has ${header.precision} bits a sample, not 8`);
  return header;
}

const SOI = Uint8Array.of(0xff, 0xd8);
const EOI = Buffer.of(0xff, 0xd9);
const APP0 = 0xffe0;
const APP14 = 0xffee;
const APP15 = 0xffef;
const COM = 0xfffe;
const ADOBE = Buffer.from('Adobe');
/** An Adobe segment without its last parameter, the colour transform (T.872 6.5.3). */
const ADOBE_SEGMENT = [0xff, 0xee, 0, 14, ...ADOBE, 0, 100, 0, 0, 0, 0];
const ADOBE_BYTES = 12;

/**
 * Writes the stream's head anew, without application data and comments. libjpeg counts faults of these as damage, although no
 * sample depends on them.
 *
 * One segment is written for three components: it tells libjpeg whether they are RGB or YCbCr. The stream's own Adobe segment
 * decides; without one, Photometric Interpretation decides (PS3.5 8.2.1). Otherwise libjpeg would guess from JFIF and component
 * identifiers, which DICOM writers do not set for that purpose.
 *
 * A missing EOI is added. If entropy-coded data is missing, too, libjpeg notices that the data ends early.
 */
function withPlainHead(encoded: Uint8Array, { samplesPerPixel, photometric }: FrameLayout): Uint8Array {
  const segments = [...jpegSegments(encoded)];
  const adobe = segments.find(
    ({ marker, body }) =>
      marker === APP14 && body.length >= ADOBE_BYTES && ADOBE.equals(body.subarray(0, ADOBE.length)),
  );
  const transform = adobe?.body[ADOBE_BYTES - 1] ?? (photometric.startsWith('YBR') ? 1 : 0);
  const head = segments
    .filter(({ marker }) => marker !== COM && (marker < APP0 || marker > APP15))
    .map(({ start, end }) => encoded.subarray(start, end));
  const scans = encoded.subarray(segments.at(-1)?.end ?? 0);
  return Buffer.concat([
    SOI,
    ...(samplesPerPixel === 3 ? [Uint8Array.of(...ADOBE_SEGMENT, transform)] : []),
    ...head,
    scans,
    ...(Buffer.from(scans.buffer, scans.byteOffset, scans.length).includes(EOI) ? [] : [EOI]),
  ]);
}
