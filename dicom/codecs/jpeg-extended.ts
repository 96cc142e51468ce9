/**
 * JPEG extended, sequential DCT with Huffman coding (ITU-T T.81 processes 2 and 4). libjpeg-turbo decodes 8 bits. A decoder
 * of our own decodes 12 bits: the available packages are built for 8 bits only, or bring a whole DICOM toolkit along.
 */
import type { Codec, DecodeFrame } from './codec.ts';
import { corrupt, unsupported } from './corrupt.ts';
import { jpegBaseline } from './jpeg-baseline.ts';
import { inverseDct, ZIG_ZAG } from './jpeg-dct.ts';
import type { EntropyReader, HuffmanTable } from './jpeg-entropy.ts';
import { checkedFrameHeader, jpegScans, type Scan } from './jpeg-scans.ts';
import { type JpegFrameHeader, jpegFrameHeader } from './markers.ts';

export const jpegExtended: Codec = {
  transferSyntaxes: ['1.2.840.10008.1.2.4.51'],
  decodesToRgb: jpegBaseline.decodesToRgb,
  load: async () => {
    const decode8 = await jpegBaseline.load();
    return (encoded, layout) =>
      jpegFrameHeader(encoded).precision === 8 ? decode8(encoded, layout) : decode12(encoded, layout);
  },
};

const SOF1 = 0xffc1;
const BLOCK = 8;
const MAX_SAMPLE = 4095;
const MIDDLE = 2048;

/** One component of a scan: where its samples lie, and its tables. */
interface Component {
  readonly place: number;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  /** Divisors in zig-zag order. */
  readonly quantization: Uint16Array;
}

/** 12 bits, one or three components of the same size: no modality writes subsampled ones. */
const decode12: DecodeFrame = (encoded, layout) => {
  const header = checkedFrameHeader(encoded, layout);
  const { marker, precision, rows, columns, components, sampling } = header;
  if (marker !== SOF1 || precision !== 12) throw corrupt('The JPEG frame is not of the extended process');
  if (components > 1 && sampling.some(([horizontal, vertical]) => horizontal !== 1 || vertical !== 1)) {
    throw unsupported('Subsampled components of 12 bits are not supported');
  }
  if (components > 1 && layout.photometric !== 'RGB') {
    throw unsupported('Luminance and chrominance of 12 bits are not supported');
  }
  if (layout.bitsAllocated !== 16) throw corrupt('The compressed samples do not fit the Bits Allocated of the header');
  // Every block of 64 samples takes at least two codes.
  if (rows * columns * components > encoded.length * 8 * 32)
    throw corrupt('The JPEG frame is too short for its picture');
  const samples = new Uint16Array(rows * columns * components);
  const decoded = new Set<number>();
  for (const scan of jpegScans(encoded, header)) {
    const members = componentsOf(scan, header);
    decodeScan(scan, members, header, samples);
    for (const { place } of members) decoded.add(place);
    if (decoded.size === components) return new Uint8Array(samples.buffer);
  }
  throw corrupt('The JPEG frame ends before its picture does');
};

function componentsOf(scan: Scan, { quantizationOf }: JpegFrameHeader): readonly Component[] {
  const [ss, se, approximation] = scan.parameters;
  if (ss !== 0 || se !== 63 || approximation !== 0) throw corrupt('A JPEG scan is not sequential');
  return scan.components.map(({ place, selector }) => {
    const dc = scan.huffman.get(selector >> 4);
    const ac = scan.huffman.get(0x10 | (selector & 15));
    const quantization = scan.quantization.get(quantizationOf[place] ?? -1);
    if (dc === undefined || ac === undefined || quantization === undefined) {
      throw corrupt('A JPEG scan names a table that is not there');
    }
    return { place, dc, ac, quantization };
  });
}

/** Decodes one scan, a block of each component in turn, into its places of `samples` (interleaved). */
function decodeScan(
  { reader, restartInterval }: Scan,
  components: readonly Component[],
  { rows, columns, components: stride }: JpegFrameHeader,
  samples: Uint16Array,
): void {
  const dcBefore = components.map(() => 0);
  const coefficients = new Float64Array(BLOCK * BLOCK);
  const block = new Float64Array(BLOCK * BLOCK);
  let untilRestart = restartInterval;
  for (let top = 0; top < rows; top += BLOCK) {
    for (let left = 0; left < columns; left += BLOCK) {
      if (restartInterval > 0 && untilRestart === 0) {
        reader.restart();
        untilRestart = restartInterval;
        dcBefore.fill(0);
      }
      untilRestart -= 1;
      for (let i = 0; i < components.length; i += 1) {
        const component = components[i];
        if (component === undefined) continue;
        dcBefore[i] = readBlock(reader, component, dcBefore[i] ?? 0, coefficients);
        inverseDct(coefficients, block);
        store(top, left, component.place);
      }
    }
  }

  /** Writes the part of the block that lies in the picture, rounded and clamped. */
  function store(top: number, left: number, place: number): void {
    const height = Math.min(BLOCK, rows - top);
    const width = Math.min(BLOCK, columns - left);
    for (let row = 0; row < height; row += 1) {
      let at = ((top + row) * columns + left) * stride + place;
      for (let column = 0; column < width; column += 1) {
        const value = (block[row * BLOCK + column] ?? 0) + MIDDLE + 0.5;
        samples[at] = value < 0 ? 0 : value > MAX_SAMPLE ? MAX_SAMPLE : value;
        at += stride;
      }
    }
  }
}

/** One block's coefficients, dequantised, row-major (T.81 F.2.2). Returns the DC value, from which the next block's is predicted. */
function readBlock(reader: EntropyReader, component: Component, dcBefore: number, coefficients: Float64Array): number {
  const { dc, ac, quantization } = component;
  coefficients.fill(0);
  const size = reader.symbol(dc);
  if (size > 15) throw corrupt('The compressed frame holds a difference of too many bits');
  const dcValue = dcBefore + reader.extended(size);
  coefficients[0] = dcValue * (quantization[0] ?? 0);
  let k = 1;
  while (k < BLOCK * BLOCK) {
    const code = reader.symbol(ac);
    const bits = code & 15;
    if (bits === 0 && code >> 4 < 15) break;
    k += code >> 4;
    if (bits > 0) {
      if (k >= BLOCK * BLOCK) throw corrupt('A block of the compressed frame has too many coefficients');
      coefficients[ZIG_ZAG[k] ?? 0] = reader.extended(bits) * (quantization[k] ?? 0);
    }
    k += 1;
  }
  return dcValue;
}
