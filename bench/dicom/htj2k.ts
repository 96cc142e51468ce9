/** Makes HTJ2K files for the bench with OpenJPH's encoder, since neither pydicom nor DCMTK can write them. */
import createCodec from '@cornerstonejs/codec-openjph/wasmjs';
import { readDicom } from '#dicom/read.ts';

/** The encoder in OpenJPH's WebAssembly build, from which Hilum uses the decoder. */
interface Encoder {
  getDecodedBuffer(frame: {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned: boolean;
    readonly isUsingColorTransform: boolean;
  }): Uint8Array;
  /** @param quantization the step of an irreversible stream, relative to the sample range; ignored for a reversible one */
  setQuality(reversible: boolean, quantization: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
}

const silent = { print: (): void => undefined, printErr: (): void => undefined };
const { HTJ2KEncoder } = (await createCodec(silent)) as unknown as { readonly HTJ2KEncoder: new () => Encoder };

const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * Converts a single-frame file to HTJ2K.
 *
 * @param file Part 10, Explicit VR Little Endian, unsigned 16-bit greyscale, with Pixel Data as its last element
 * @param quantization the step of a lossy stream; lossless by default
 */
export function toHtj2k(file: Uint8Array, TransferSyntaxUID: string, quantization?: number): Uint8Array {
  const { dataset } = readDicom(file);
  const pixels = dataset.bytes('PixelData') ?? new Uint8Array(0);
  const encoder = new HTJ2KEncoder();
  const frame = {
    width: dataset.number('Columns') ?? 0,
    height: dataset.number('Rows') ?? 0,
    bitsPerSample: dataset.number('BitsStored') ?? 16,
    componentCount: 1,
    isSigned: false,
    isUsingColorTransform: false,
  };
  encoder.getDecodedBuffer(frame).set(pixels);
  encoder.setQuality(quantization === undefined, quantization ?? 0);
  encoder.encode();
  const stream = Buffer.from(encoder.getEncodedBuffer());
  encoder.delete();
  const head = file.subarray(0, file.length - pixels.length - 12);
  return Buffer.concat([withSyntax(head, TransferSyntaxUID), encapsulated(stream)]);
}

/** Replaces the Transfer Syntax UID (0002,0010) and adjusts the group length (0002,0000). */
function withSyntax(head: Uint8Array, TransferSyntaxUID: string): Uint8Array {
  const bytes = Buffer.from(head);
  const at = bytes.indexOf(Buffer.from([0x02, 0x00, 0x10, 0x00, 0x55, 0x49]));
  const length = bytes.readUInt16LE(at + 6);
  const value = Buffer.from(
    TransferSyntaxUID.length % 2 === 0 ? TransferSyntaxUID : `${TransferSyntaxUID}\0`,
    'latin1',
  );
  const element = Buffer.concat([bytes.subarray(at, at + 8), value]);
  element.writeUInt16LE(value.length, 6);
  bytes.writeUInt32LE(bytes.readUInt32LE(140) + value.length - length, 140);
  return Buffer.concat([bytes.subarray(0, at), element, bytes.subarray(at + 8 + length)]);
}

/** Encapsulated Pixel Data (7FE0,0010) with one fragment (PS3.5 A.4). */
function encapsulated(stream: Uint8Array): Uint8Array {
  const header = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, ...new Array<number>(20).fill(0)]);
  header.writeUInt32LE(UNDEFINED_LENGTH, 8);
  header.writeUInt32LE(ITEM, 12); // an empty Basic Offset Table
  header.writeUInt32LE(ITEM, 20);
  header.writeUInt32LE(stream.length + (stream.length % 2), 24);
  const end = Buffer.alloc(8 + (stream.length % 2));
  end.writeUInt32LE(SEQUENCE_END, stream.length % 2);
  return Buffer.concat([header, stream, end]);
}
