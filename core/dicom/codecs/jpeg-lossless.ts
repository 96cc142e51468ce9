/**
 * JPEG lossless, process 14 with any predictor (ITU-T T.81 H), 2 to 16 bits, one or three components, our own: the npm
 * decoder at hand fills up a truncated frame with whatever, where a picture with a wrong half must not be evaluated.
 */
import type { Codec, DecodeFrame, FrameLayout } from './codec.ts';
import { corrupt } from './corrupt.ts';
import { EntropyReader, type HuffmanTable, huffmanTable } from './jpeg-entropy.ts';

export const jpegLossless: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70'],
  decodesToRgb: [],
  load: async () => decodeJpegLossless,
};

const SOI = 0xffd8;
const EOI = 0xffd9;
const SOF3 = 0xffc3;
const DHT = 0xffc4;
const SOS = 0xffda;
const DRI = 0xffdd;

/** The frame header (T.81 B.2.2). */
interface Frame {
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: readonly number[];
}

/** One scan: which components it holds, in which of the frame's places, and how they were predicted (T.81 B.2.3, H.1). */
interface Scan {
  readonly places: readonly number[];
  readonly tables: readonly HuffmanTable[];
  readonly predictor: number;
  readonly pointTransform: number;
  readonly restartInterval: number;
}

const decodeJpegLossless: DecodeFrame = (encoded, layout) => {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encoded.length < 4 || view.getUint16(0) !== SOI) throw corrupt('The frame does not start as JPEG');
  const tables = new Map<number, HuffmanTable>();
  const decoded = new Set<number>();
  let frame: Frame | undefined;
  let samples: Uint16Array | undefined;
  let restartInterval = 0;
  let offset = 2;
  while (offset + 4 <= encoded.length) {
    const marker = view.getUint16(offset);
    if (marker === 0xffff) {
      offset += 1;
      continue;
    }
    if (marker === EOI) break;
    const end = offset + 2 + view.getUint16(offset + 2);
    if (marker < 0xffc0 || end > encoded.length) throw corrupt('A JPEG segment is broken');
    const segment = new DataView(encoded.buffer, encoded.byteOffset + offset + 4, end - offset - 4);
    offset = end;
    if (marker === DHT) readTables(segment, tables);
    else if (marker === DRI) restartInterval = field(segment, 0, 2);
    else if (marker === SOF3) {
      frame = readFrame(segment, layout);
      samples = new Uint16Array(frame.rows * frame.columns * frame.components.length);
    } else if (marker === SOS) {
      if (frame === undefined || samples === undefined) throw corrupt('A JPEG scan stands before its frame header');
      const scan = readScan(segment, frame, { tables, restartInterval });
      offset = decodeScan(new EntropyReader(encoded, end), scan, frame, samples);
      for (const place of scan.places) decoded.add(place);
      if (decoded.size === frame.components.length) return samplesAs(samples, layout.bitsAllocated);
    } else if (marker >= 0xffc0 && marker <= 0xffcf) throw corrupt('The JPEG frame is not of the lossless process');
  }
  throw corrupt('The JPEG frame ends before its picture does');
};

function field(segment: DataView, offset: number, bytes: 1 | 2): number {
  if (offset + bytes > segment.byteLength) throw corrupt('A JPEG segment is too short');
  return bytes === 1 ? segment.getUint8(offset) : segment.getUint16(offset);
}

function readFrame(segment: DataView, layout: FrameLayout): Frame {
  const precision = field(segment, 0, 1);
  const [rows, columns, count] = [field(segment, 1, 2), field(segment, 3, 2), field(segment, 5, 1)];
  const components = Array.from({ length: count }, (_, i) => field(segment, 6 + 3 * i, 1));
  const sampling = components.map((_, i) => field(segment, 7 + 3 * i, 1));
  if (rows !== layout.rows || columns !== layout.columns || count !== layout.samplesPerPixel) {
    throw corrupt(`The compressed frame is ${rows} × ${columns} × ${count}, unlike the header's`);
  }
  if (
    precision < 2 ||
    precision > layout.bitsAllocated ||
    precision > 16 ||
    sampling.some((factor) => factor !== 0x11)
  ) {
    throw corrupt(`The compressed frame has ${precision} bits or subsampled components`);
  }
  return { precision, rows, columns, components };
}

function readTables(segment: DataView, tables: Map<number, HuffmanTable>): void {
  let offset = 0;
  while (offset < segment.byteLength) {
    const destination = field(segment, offset, 1);
    const counts = Array.from({ length: 16 }, (_, i) => field(segment, offset + 1 + i, 1));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const values = Array.from({ length: total }, (_, i) => field(segment, offset + 17 + i, 1));
    tables.set(destination, huffmanTable(counts, values));
    offset += 17 + total;
  }
}

function readScan(
  segment: DataView,
  { components, precision }: Frame,
  { tables, restartInterval }: { readonly tables: ReadonlyMap<number, HuffmanTable>; readonly restartInterval: number },
): Scan {
  const count = field(segment, 0, 1);
  const members = Array.from({ length: count }, (_, i) => {
    const place = components.indexOf(field(segment, 1 + 2 * i, 1));
    const table = tables.get(field(segment, 2 + 2 * i, 1) >> 4);
    if (place < 0 || table === undefined) throw corrupt('A JPEG scan names what is not there');
    return { place, table };
  });
  const predictor = field(segment, 1 + 2 * count, 1);
  const pointTransform = field(segment, 3 + 2 * count, 1) & 15;
  if (count === 0 || predictor < 1 || predictor > 7 || pointTransform >= precision) {
    throw corrupt('A JPEG scan is not of the lossless process');
  }
  const places = members.map(({ place }) => place);
  return { places, tables: members.map(({ table }) => table), predictor, pointTransform, restartInterval };
}

/** Decodes one scan into its places of `samples` (interleaved) and returns where it ends. */
function decodeScan(reader: EntropyReader, scan: Scan, frame: Frame, samples: Uint16Array): number {
  const { rows, columns, precision } = frame;
  const { places, tables, predictor, pointTransform, restartInterval } = scan;
  const stride = frame.components.length;
  const rowStride = columns * stride;
  const initial = 1 << (precision - pointTransform - 1);
  let untilRestart = restartInterval;
  let firstRow = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (restartInterval > 0 && untilRestart === 0) {
        if (column !== 0) throw corrupt('A JPEG restart stands inside a row');
        reader.restart();
        untilRestart = restartInterval;
        firstRow = row;
      }
      untilRestart -= 1;
      for (let i = 0; i < places.length; i += 1) {
        const at = row * rowStride + column * stride + (places[i] ?? 0);
        const table = tables[i];
        if (table === undefined) continue;
        let prediction: number;
        if (row === firstRow) prediction = column === 0 ? initial : (samples[at - stride] ?? 0);
        else if (column === 0) prediction = samples[at - rowStride] ?? 0;
        else {
          const above = at - rowStride;
          prediction = predict(predictor, samples[at - stride] ?? 0, samples[above] ?? 0, samples[above - stride] ?? 0);
        }
        samples[at] = prediction + reader.difference(table);
      }
    }
  }
  if (pointTransform > 0) scaleUp(samples, places, stride, pointTransform);
  return reader.end();
}

/** T.81 table H.1, from the samples to the left, above, and above to the left. */
function predict(predictor: number, left: number, above: number, diagonal: number): number {
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return diagonal;
    case 4:
      return left + above - diagonal;
    case 5:
      return left + ((above - diagonal) >> 1);
    case 6:
      return above + ((left - diagonal) >> 1);
    default:
      return (left + above) >> 1;
  }
}

function scaleUp(samples: Uint16Array, places: readonly number[], stride: number, bits: number): void {
  for (const place of places) {
    for (let i = place; i < samples.length; i += stride) samples[i] = (samples[i] ?? 0) << bits;
  }
}

function samplesAs(samples: Uint16Array, bitsAllocated: number): Uint8Array {
  if (bitsAllocated === 8) return Uint8Array.from(samples);
  if (bitsAllocated !== 16) throw corrupt('The compressed frame does not have the width that the header says');
  return new Uint8Array(samples.buffer);
}
