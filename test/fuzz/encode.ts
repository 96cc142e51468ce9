/** Makes small compressed frames of every codec for the fuzzer's seeds, on each machine anew. */
import charls from '@cornerstonejs/codec-charls/wasmjs';
import openjpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import openjph from '@cornerstonejs/codec-openjph/wasmjs';

/** One frame: samples in little endian, interleaved by pixel. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly samples: Uint8Array;
}

const silent = () => ({ print: (): void => undefined, printErr: (): void => undefined });

/** Encoded frames by Transfer Syntax UID, for the syntaxes that support the picture. */
export async function encodedPictures(picture: Picture): Promise<ReadonlyMap<string, Uint8Array>> {
  const { bitsAllocated, samplesPerPixel } = picture;
  const [ls, j2k, htj2k] = await Promise.all([
    charls(silent()).then(({ JpegLSEncoder }) => heapEncoded(new JpegLSEncoder(), picture)),
    openjpeg(silent()).then(({ J2KEncoder }) => heapEncoded(new J2KEncoder(), picture)),
    openjph(silent()).then((module) => heapEncoded(new (encoderOf(module))(), picture)),
  ]);
  const encoded = new Map([
    ['1.2.840.10008.1.2.5', rle(picture)],
    ['1.2.840.10008.1.2.4.80', ls],
    ['1.2.840.10008.1.2.4.81', ls],
    ['1.2.840.10008.1.2.4.90', j2k],
    ['1.2.840.10008.1.2.4.91', j2k],
    ['1.2.840.10008.1.2.4.201', htj2k],
    ['1.2.840.10008.1.2.4.202', htj2k],
    ['1.2.840.10008.1.2.4.203', htj2k],
  ]);
  if (samplesPerPixel === 1) {
    encoded.set('1.2.840.10008.1.2.4.57', jpegLossless(picture));
    encoded.set('1.2.840.10008.1.2.4.70', jpegLossless(picture));
  }
  if (bitsAllocated === 8) {
    encoded.set('1.2.840.10008.1.2.4.50', jpegBaseline(picture));
    encoded.set('1.2.840.10008.1.2.4.51', jpegBaseline(picture));
  }
  return encoded;
}

/** The decoder's module declares its decoder only (`dicom/codecs/codecs.d.ts`). */
function encoderOf(module: object): new () => Emscripten.HeapEncoder {
  return (module as { readonly HTJ2KEncoder: new () => Emscripten.HeapEncoder }).HTJ2KEncoder;
}

function frameInfo({ columns, rows, bitsStored, samplesPerPixel }: Picture) {
  const color = samplesPerPixel === 3;
  const size = { width: columns, height: rows, bitsPerSample: bitsStored, componentCount: samplesPerPixel };
  return { ...size, isSigned: false, isUsingColorTransform: color };
}

function heapEncoded(encoder: Emscripten.HeapEncoder, picture: Picture): Uint8Array {
  encoder.getDecodedBuffer(frameInfo(picture)).set(picture.samples);
  // A small picture cannot be halved five times, which is the default of both JPEG 2000 encoders.
  encoder.setDecompositions?.(2);
  encoder.encode();
  const encoded = Uint8Array.from(encoder.getEncodedBuffer());
  encoder.delete();
  return encoded;
}

/** PS3.5 G, literal runs only. */
function rle({ samples, bitsAllocated, samplesPerPixel, rows, columns }: Picture): Uint8Array {
  const bytes = bitsAllocated / 8;
  const pixels = rows * columns;
  const header = new Uint32Array(16);
  header[0] = samplesPerPixel * bytes;
  const segments: Uint8Array[] = [];
  let offset = 64;
  for (let segment = 0; segment < samplesPerPixel * bytes; segment += 1) {
    const from = Math.floor(segment / bytes) * bytes + (bytes - 1 - (segment % bytes));
    const plane = Uint8Array.from({ length: pixels }, (_, i) => samples[i * samplesPerPixel * bytes + from] ?? 0);
    const runs: Uint8Array[] = [];
    for (let at = 0; at < pixels; at += 128) {
      const run = plane.subarray(at, at + 128);
      runs.push(Uint8Array.of(run.length - 1), run);
    }
    const packed = Buffer.concat([
      ...runs,
      ...(runs.reduce((sum, run) => sum + run.length, 0) % 2 ? [Uint8Array.of(0)] : []),
    ]);
    header[1 + segment] = offset;
    offset += packed.length;
    segments.push(packed);
  }
  return Buffer.concat([new Uint8Array(header.buffer), ...segments]);
}

/** Bits as the entropy-coded segment has them: a stuffed zero follows each FF, ones fill the last byte (T.81 B.1.1.5). */
function entropyCoded(codes: readonly (readonly [value: number, bits: number])[]): readonly number[] {
  const bits = codes.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, i) => (value >> (count - 1 - i)) & 1),
  );
  while (bits.length % 8 !== 0) bits.push(1);
  const bytes = Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((sum, bit) => sum * 2 + bit, 0),
  );
  return bytes.flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte]));
}

/** A difference as T.81 F.1.2.1 codes it: its number of bits by a code of `codeBits`, then the bits. */
function difference(value: number, codeBits: number): readonly (readonly [value: number, bits: number])[] {
  const size = value === 0 ? 0 : 32 - Math.clz32(Math.abs(value));
  return [
    [size, codeBits],
    [value < 0 ? value + (1 << size) - 1 : value, size],
  ];
}

const word = (value: number): readonly number[] => [value >> 8, value & 0xff];
const segment = (marker: number, body: readonly number[]): readonly number[] => [
  0xff,
  marker,
  ...word(body.length + 2),
  ...body,
];
/** A table (T.81 B.2.4.2): how many codes there are of each length, and their values. */
function huffman(id: number, counts: Readonly<Record<number, number>>, values: readonly number[]): readonly number[] {
  return segment(0xc4, [id, ...Array.from({ length: 16 }, (_, i) => counts[i + 1] ?? 0), ...values]);
}

/** ITU-T T.81 H, predictor 1, one component, one table in which every code has five bits. */
function jpegLossless({ samples, bitsAllocated, bitsStored, rows, columns }: Picture): Uint8Array {
  const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
  const at = (i: number): number => (bitsAllocated === 8 ? view.getUint8(i) : view.getUint16(i * 2, true));
  const codes = Array.from({ length: rows * columns }, (_, i) => {
    const before = i === 0 ? 1 << (bitsStored - 1) : i % columns === 0 ? at(i - columns) : at(i - 1);
    return difference(at(i) - before, 5);
  }).flat();
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xc3, [bitsStored, ...word(rows), ...word(columns), 1, 1, 0x11, 0]),
    ...huffman(
      0x00,
      { 5: 17 },
      Array.from({ length: 17 }, (_, i) => i),
    ),
    ...segment(0xda, [1, 1, 0x00, 1, 0, 0]),
    ...[...entropyCoded(codes), 0xff, 0xd9],
  ]);
}

/** ITU-T T.81 F, baseline: of each block of 8 × 8 its mean and one coefficient of 1, so that the tables stay small. */
function jpegBaseline({ samples, samplesPerPixel, rows, columns }: Picture): Uint8Array {
  const means = Array.from({ length: samplesPerPixel }, () => 0);
  const codes: (readonly [value: number, bits: number])[] = [];
  for (let block = 0; block < (rows / 8) * (columns / 8); block += 1) {
    const corner = Math.floor(block / (columns / 8)) * 8 * columns + (block % (columns / 8)) * 8;
    for (let component = 0; component < samplesPerPixel; component += 1) {
      const mean = (samples[corner * samplesPerPixel + component] ?? 0) - 128;
      // Then the coefficient: no zeros before it, one bit, which is set; and the end of the block.
      codes.push(...difference(mean - (means[component] ?? 0), 4), [0b10, 2], [1, 1], [0, 1]);
      means[component] = mean;
    }
  }
  const components = Array.from({ length: samplesPerPixel }, (_, i) => i + 1);
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, [0, 8, ...Array.from({ length: 63 }, () => 4)]),
    ...segment(0xc0, [
      8,
      ...word(rows),
      ...word(columns),
      samplesPerPixel,
      ...components.flatMap((id) => [id, 0x11, 0]),
    ]),
    ...huffman(
      0x00,
      { 4: 12 },
      Array.from({ length: 12 }, (_, i) => i),
    ),
    ...huffman(0x10, { 1: 1, 2: 1 }, [0x00, 0x01]),
    ...segment(0xda, [samplesPerPixel, ...components.flatMap((id) => [id, 0x00]), 0, 63, 0]),
    ...[...entropyCoded(codes), 0xff, 0xd9],
  ]);
}
