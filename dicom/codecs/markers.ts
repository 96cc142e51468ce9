/** What a JPEG or JPEG-LS frame says about itself before it is decoded (ITU-T T.81 B.1, T.87 C). */
import { corrupt } from './corrupt.ts';

/** The size that a compressed frame's own header gives. */
export interface CodestreamSize {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits per sample. */
  readonly precision: number;
}

/** The frame header, SOF0–SOF15 (T.81 B.2.2) or SOF55 (T.87 C.2.2). */
export interface JpegFrameHeader extends CodestreamSize {
  /** The marker: FFC0 baseline, FFC1 extended, FFC3 lossless, FFF7 JPEG-LS … */
  readonly marker: number;
  /** Identifier of each component, and its horizontal and vertical sampling factors. */
  readonly identifiers: readonly number[];
  readonly sampling: readonly (readonly [horizontal: number, vertical: number])[];
  /** Destination of each component's quantisation table. */
  readonly quantizationOf: readonly number[];
}

/** A marker segment: its marker and its parameters, without marker and length. */
export interface Segment {
  readonly marker: number;
  /** Offset of the marker. */
  readonly start: number;
  readonly body: Uint8Array;
  /** Offset of the next marker or of the entropy-coded data. */
  readonly end: number;
}

const SOI = 0xffd8;
const EOI = 0xffd9;
const SOS = 0xffda;

/**
 * The marker segments from SOI, or from the end of a scan's entropy-coded data, up to and including the next scan's header.
 *
 * @throws DicomReadError `corrupt-pixel-data` where a segment's length is wrong
 */
export function* jpegSegments(encoded: Uint8Array, from = 2): Generator<Segment> {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encoded.length < 4 || view.getUint16(0) !== SOI) throw corrupt('The frame does not start like a JPEG stream');
  let start = from;
  while (start + 4 <= encoded.length) {
    const marker = view.getUint16(start);
    if (marker === 0xffff) {
      start += 1;
      continue;
    }
    if (marker === EOI) return;
    const end = start + 2 + view.getUint16(start + 2);
    if (marker < 0xffc0 || end < start + 4 || end > encoded.length) throw corrupt('A JPEG segment is broken');
    yield { marker, start, body: encoded.subarray(start + 4, end), end };
    if (marker === SOS) return;
    start = end;
  }
}

/** @throws DicomReadError `corrupt-pixel-data` where no frame header precedes the first scan */
export function jpegFrameHeader(encoded: Uint8Array): JpegFrameHeader {
  for (const { marker, body } of jpegSegments(encoded)) {
    if (!isFrameHeader(marker)) continue;
    const [precision = 0, components = 0] = [body[0], body[5]];
    if (body.length < 6 + 3 * components) break;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const places = Array.from({ length: components }, (_, i) => 6 + 3 * i);
    const factors = places.map((at) => view.getUint8(at + 1));
    return {
      marker,
      precision,
      rows: view.getUint16(1),
      columns: view.getUint16(3),
      components,
      identifiers: places.map((at) => view.getUint8(at)),
      sampling: factors.map((factor) => [factor >> 4, factor & 15]),
      quantizationOf: places.map((at) => view.getUint8(at + 2)),
    };
  }
  throw corrupt('The compressed frame lacks its header');
}

function isFrameHeader(marker: number): boolean {
  if (marker === 0xfff7) return true;
  const isTable = marker === 0xffc4 || marker === 0xffc8 || marker === 0xffcc;
  return marker >= 0xffc0 && marker <= 0xffcf && !isTable;
}

/** Whether a stream ends with EOI (JPEG, JPEG-LS) or EOC (JPEG 2000), both FFD9; padding zeros may follow. */
export function endsWithMarker(encoded: Uint8Array): boolean {
  let last = encoded.length - 1;
  while (last > 0 && encoded[last] === 0) last -= 1;
  return last > 0 && encoded[last] === 0xd9 && encoded[last - 1] === 0xff;
}
