/** The scans of a JPEG frame with the tables in force for each (ITU-T T.81 B.2). */
import type { FrameLayout } from './codec.ts';
import { corrupt } from './corrupt.ts';
import { EntropyReader, field, type HuffmanTable, type HuffmanTables, readHuffmanTables } from './jpeg-entropy.ts';
import { type JpegFrameHeader, jpegFrameHeader, jpegSegments } from './markers.ts';

/** One scan. `reader` must read its entropy-coded data to the end. */
export interface Scan {
  /** Each component's place in the frame, and the selector of its tables (Td × 16 + Ta). */
  readonly components: readonly { readonly place: number; readonly selector: number }[];
  /** Ss, Se and Ah × 16 + Al: spectral selection and approximation, or predictor and point transform. */
  readonly parameters: readonly [ss: number, se: number, approximation: number];
  readonly huffman: ReadonlyMap<number, HuffmanTable>;
  /** 64 divisors in zig-zag order, by destination. */
  readonly quantization: ReadonlyMap<number, Uint16Array>;
  /** MCUs between restart markers; 0 for none. */
  readonly restartInterval: number;
  readonly reader: EntropyReader;
}

const DHT = 0xffc4;
const DRI = 0xffdd;
const DQT = 0xffdb;
const SOS = 0xffda;

/**
 * The frame header, checked against the DICOM header.
 *
 * @throws DicomReadError `corrupt-pixel-data`
 */
export function checkedFrameHeader(encoded: Uint8Array, layout: FrameLayout): JpegFrameHeader {
  const header = jpegFrameHeader(encoded);
  const { rows, columns, components, precision } = header;
  if (rows !== layout.rows || columns !== layout.columns || components !== layout.samplesPerPixel) {
    throw corrupt(`The compressed frame is ${rows} × ${columns} × ${components}, unlike the header's`);
  }
  if (precision < 2 || precision > layout.bitsAllocated || precision > 16) {
    throw corrupt(`The compressed frame has ${precision} bits, the header says ${layout.bitsAllocated}`);
  }
  return header;
}

/**
 * The scans in order. Each must be read to its end before the next is asked for.
 *
 * @throws DicomReadError `corrupt-pixel-data`
 */
export function* jpegScans(encoded: Uint8Array, { identifiers }: JpegFrameHeader): Generator<Scan> {
  const huffman: HuffmanTables = new Map();
  const quantization = new Map<number, Uint16Array>();
  let restartInterval = 0;
  let from: number | undefined;
  for (;;) {
    let reader: EntropyReader | undefined;
    for (const { marker, body, end } of jpegSegments(encoded, from)) {
      if (marker === DHT) readHuffmanTables(body, huffman);
      else if (marker === DQT) readQuantizationTables(body, quantization);
      else if (marker === DRI) restartInterval = field(body, 0, 2);
      else if (marker === SOS) {
        reader = new EntropyReader(encoded, end);
        yield { ...scanHeader(body, identifiers), huffman, quantization, restartInterval, reader };
      }
    }
    if (reader === undefined) return;
    from = reader.end();
  }
}

function scanHeader(body: Uint8Array, identifiers: readonly number[]): Pick<Scan, 'components' | 'parameters'> {
  const count = field(body, 0, 1);
  const components = Array.from({ length: count }, (_, i) => ({
    place: identifiers.indexOf(field(body, 1 + 2 * i, 1)),
    selector: field(body, 2 + 2 * i, 1),
  }));
  const places = new Set(components.map(({ place }) => place));
  if (count === 0 || places.size !== count || places.has(-1))
    throw corrupt('A JPEG scan names components that the frame does not have');
  const [ss, se, approximation] = [0, 1, 2].map((i) => field(body, 1 + 2 * count + i, 1));
  return { components, parameters: [ss ?? 0, se ?? 0, approximation ?? 0] };
}

function readQuantizationTables(body: Uint8Array, tables: Map<number, Uint16Array>): void {
  let offset = 0;
  while (offset < body.length) {
    const head = field(body, offset, 1);
    const bytes = head >> 4 === 0 ? 1 : 2;
    const start = offset + 1;
    tables.set(
      head & 15,
      Uint16Array.from({ length: 64 }, (_, i) => field(body, start + i * bytes, bytes)),
    );
    offset = start + 64 * bytes;
  }
}
