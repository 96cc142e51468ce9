/**
 * JPEG lossless, process 14 with any predictor (ITU-T T.81 H), 2 to 16 bits, one or three components. The decoder is our
 * own: the available npm decoder fills up a truncated frame with arbitrary samples, and such a picture must not be evaluated.
 */
import type { Codec, DecodeFrame } from './codec.ts';
import { corrupt } from './corrupt.ts';
import { type DifferenceTable, differenceTable, type EntropyReader } from './jpeg-entropy.ts';
import { checkedFrameHeader, jpegScans, type Scan } from './jpeg-scans.ts';
import type { JpegFrameHeader } from './markers.ts';

export const jpegLossless: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70'],
  decodesToRgb: [],
  load: async () => decodeJpegLossless,
};

const SOF3 = 0xffc3;

/** How one scan's components were predicted (T.81 H.1), and their places in the frame. */
interface Prediction {
  readonly places: readonly number[];
  readonly tables: readonly DifferenceTable[];
  readonly predictor: number;
  readonly pointTransform: number;
  readonly restartInterval: number;
}

const decodeJpegLossless: DecodeFrame = (encoded, layout) => {
  const header = checkedFrameHeader(encoded, layout);
  const { marker, rows, columns, components } = header;
  if (marker !== SOF3 || header.sampling.some(([horizontal, vertical]) => horizontal !== 1 || vertical !== 1)) {
    throw corrupt('The JPEG frame is not of the lossless process, or subsampled');
  }
  // Every sample takes at least one bit.
  if (rows * columns * components > encoded.length * 8) throw corrupt('The JPEG frame is too short for its picture');
  const samples = new Uint16Array(rows * columns * components);
  const decoded = new Set<number>();
  for (const scan of jpegScans(encoded, header)) {
    // Each component may come once: making its tables costs more than reading a short scan.
    if (scan.components.some(({ place }) => decoded.has(place))) throw corrupt('A JPEG scan repeats a component');
    const prediction = predictionOf(scan, header);
    decodeScan(scan.reader, prediction, header, samples);
    for (const place of prediction.places) decoded.add(place);
    if (decoded.size === components) return samplesAs(samples, layout.bitsAllocated);
  }
  throw corrupt('The JPEG frame ends before its picture does');
};

function predictionOf(
  { components, parameters, huffman, restartInterval }: Scan,
  { precision }: JpegFrameHeader,
): Prediction {
  const [predictor, , approximation] = parameters;
  const pointTransform = approximation & 15;
  if (predictor < 1 || predictor > 7 || pointTransform >= precision) {
    throw corrupt('A JPEG scan is not of the lossless process');
  }
  const tables = components.flatMap(({ selector }) => huffman.get(selector >> 4) ?? []);
  if (tables.length !== components.length) throw corrupt('A JPEG scan names a table that is not there');
  return {
    places: components.map(({ place }) => place),
    tables: tables.map(differenceTable),
    predictor,
    pointTransform,
    restartInterval,
  };
}

/** Decodes one scan into its places of `samples` (interleaved), a row of differences at a time. */
function decodeScan(
  reader: EntropyReader,
  { places, tables, predictor, pointTransform, restartInterval }: Prediction,
  { rows, columns, precision, components: stride }: JpegFrameHeader,
  samples: Uint16Array,
): void {
  const rowStride = columns * stride;
  const differences = new Int32Array(columns * places.length);
  let untilRestart = restartInterval;
  let firstRow = 0;
  for (let row = 0; row < rows; row += 1) {
    if (restartInterval > 0) {
      if (untilRestart === 0) {
        reader.restart();
        untilRestart = restartInterval;
        firstRow = row;
      }
      if (untilRestart < columns) throw corrupt('A JPEG restart stands inside a row');
      untilRestart -= columns;
    }
    reader.differences(tables, differences);
    for (let i = 0; i < places.length; i += 1) addRow(row, i);
  }
  if (pointTransform > 0) scaleUp(samples, places, stride, pointTransform);

  /** Predicts a row of the i-th place and adds its differences. The first row and first sample are predicted otherwise (T.81 H.1.2.1). */
  function addRow(row: number, i: number): void {
    let at = row * rowStride + (places[i] ?? 0);
    const first = row === firstRow ? 1 << (precision - pointTransform - 1) : (samples[at - rowStride] ?? 0);
    const fromLeft = row === firstRow || predictor === 1;
    let left = (first + (differences[i] ?? 0)) & 0xffff;
    samples[at] = left;
    for (let n = i + places.length; n < differences.length; n += places.length) {
      at += stride;
      const above = at - rowStride;
      const predicted = fromLeft ? left : predict(predictor, left, samples[above] ?? 0, samples[above - stride] ?? 0);
      left = (predicted + (differences[n] ?? 0)) & 0xffff;
      samples[at] = left;
    }
  }
}

/** T.81 table H.1 without predictor 1. Predicts from the samples to the left, above, and above left. */
function predict(predictor: number, left: number, above: number, diagonal: number): number {
  switch (predictor) {
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
  if (bitsAllocated !== 16) throw corrupt('The compressed samples do not fit the Bits Allocated of the header');
  return new Uint8Array(samples.buffer);
}
