/**
 * Appends two bytes to the Pixel Data of a SEG on its way to OHIF, as a workaround for an error of OHIF 3.13.2. OHIF reads a
 * SEG as a whole. If frames begin inside a byte, its reader (dcmjs's AsyncDicomReader, `readUncompressedBitFrame`) takes the
 * bits of each byte from the highest to the lowest. PS3.5 8.1.1 orders them the other way, so masks appear scrambled, without
 * an error. The reader does so only if Pixel Data has exactly the length of its frames. With any other length, OHIF requests
 * single frames, which it shows correctly. The padding byte of an odd length (PS3.5 7.1.1) has the same effect, so half of
 * all such SEGs are shown correctly anyway.
 */
import { SHORT_LENGTH } from '#dicom/structure.ts';
import type { Step, Walk } from './byte-steps.ts';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

const TAG = {
  TransferSyntaxUID: 0x0002_0010,
  SOPClassUID: 0x0008_0016,
  SamplesPerPixel: 0x0028_0002,
  NumberOfFrames: 0x0028_0008,
  Rows: 0x0028_0010,
  Columns: 0x0028_0011,
  BitsAllocated: 0x0028_0100,
  PixelData: 0x7fe0_0010,
} as const;
const READ: ReadonlySet<number> = new Set(Object.values(TAG));
/** The length of a UID, the longest value that is read here. */
const MAX_VALUE_BYTES = 64;

const DELIMITERS = 0xfffe;
const ITEM = 0xfffe_e000;
const UNDEFINED_LENGTH = 0xffff_ffff;
/** The deepest nesting of sequences and items of undefined length; a SEG has 6 levels. */
const MAX_LEVELS = 64;

const PADDING = Buffer.alloc(2);

/**
 * Reads a Part 10 file up to its Pixel Data without keeping it, and pads the Pixel Data if OHIF would misread them. Other
 * objects, and files that break PS3.10, pass unchanged.
 *
 * @param onKind called once, before anything is changed: true if the object is a SEG, which may become longer
 */
export function* padMask(onKind: (isSegmentation: boolean) => void): Walk {
  const values = new Map<number, Buffer>();
  const isSegmentation = yield* readClass(values);
  onKind(isSegmentation);
  if (!isSegmentation) return;
  const pixels = yield* readTo(TAG.PixelData, values);
  if (pixels?.field === undefined || !isMisread(values, pixels.length)) return;
  pixels.field.writeUInt32LE(pixels.length + PADDING.length);
  yield { pass: pixels.length };
  yield { insert: PADDING };
}

function* readClass(values: Map<number, Buffer>): Generator<Step, boolean, Buffer> {
  const preamble = yield { look: 132 };
  if (preamble.toString('latin1', 128) !== 'DICM') return false;
  yield* readTo(TAG.SOPClassUID, values);
  return text(values, TAG.SOPClassUID) === SEGMENTATION_STORAGE;
}

/** An element's length, and the field that holds it if the field has four bytes. */
interface Length {
  readonly length: number;
  readonly field?: Buffer;
}

/**
 * Reads elements up to the first top-level element whose tag is `last` or greater, and keeps the values of the tags in
 * `READ`. The value of Pixel Data is not read. Sequences of defined length are skipped, those of undefined length are read.
 *
 * @returns the length of `last`; undefined if the element is missing
 */
function* readTo(last: number, values: Map<number, Buffer>): Generator<Step, Length | undefined, Buffer> {
  /** One entry per open sequence or item of undefined length: whether it is in Implicit VR. */
  const open: boolean[] = [];
  while (open.length <= MAX_LEVELS) {
    const header = yield { look: 8 };
    const group = header.readUInt16LE(0);
    const tag = group * 0x1_0000 + header.readUInt16LE(2);
    if (group === DELIMITERS) {
      const length = header.readUInt32LE(4);
      if (open.length === 0) return undefined;
      if (tag !== ITEM) open.pop();
      else if (length === UNDEFINED_LENGTH) open.push(open.at(-1) ?? false);
      else yield { pass: length };
      continue;
    }
    const isImplicit = open.at(-1) ?? isImplicitVr(group, values);
    if (isImplicit === undefined) return undefined;
    const found = yield* readLength(header, isImplicit);
    if (found === undefined) return undefined;
    const { length } = found;
    const isTop = open.length === 0;
    if (isTop && tag === TAG.PixelData) return tag === last && length !== UNDEFINED_LENGTH ? found : undefined;
    // A sequence of VR UN is in Implicit VR (PS3.5 6.2.2).
    if (length === UNDEFINED_LENGTH) open.push(isImplicit || header.toString('latin1', 4, 6) === 'UN');
    else if (isTop && READ.has(tag) && length <= MAX_VALUE_BYTES) values.set(tag, Buffer.from(yield { look: length }));
    else yield { pass: length };
    if (isTop && tag >= last) return tag === last ? found : undefined;
  }
  return undefined;
}

/** Undefined for Transfer Syntaxes with compressed Pixel Data, and for those that OHIF does not read. */
function isImplicitVr(group: number, values: ReadonlyMap<number, Buffer>): boolean | undefined {
  if (group === 0x0002) return false;
  const syntax = text(values, TAG.TransferSyntaxUID);
  if (syntax === IMPLICIT_VR_LITTLE_ENDIAN) return true;
  return syntax === EXPLICIT_VR_LITTLE_ENDIAN ? false : undefined;
}

/** Reads the length field (PS3.5 7.1.2 and 7.1.3); undefined if a required VR is missing. */
function* readLength(header: Buffer, isImplicit: boolean): Generator<Step, Length | undefined, Buffer> {
  if (isImplicit) return { length: header.readUInt32LE(4), field: header.subarray(4) };
  const vr = header.toString('latin1', 4, 6);
  if (!/^[A-Z]{2}$/.test(vr)) return undefined;
  if (SHORT_LENGTH.has(vr)) return { length: header.readUInt16LE(6) };
  const field = yield { look: 4 };
  return { length: field.readUInt32LE(0), field };
}

/** Whether OHIF would misread the Pixel Data. The conditions are in OHIF's order. */
function isMisread(values: ReadonlyMap<number, Buffer>, length: number): boolean {
  const frames = Number.parseInt(text(values, TAG.NumberOfFrames), 10);
  const [rows, columns] = [number(values, TAG.Rows) ?? 0, number(values, TAG.Columns) ?? 0];
  const samples = number(values, TAG.SamplesPerPixel);
  const bits = rows * columns * (samples ?? 1);
  if (number(values, TAG.BitsAllocated) !== 1 || !(frames > 1)) return false;
  // Without Samples per Pixel, OHIF computes NaN and takes frames to begin inside bytes.
  if (bits % 8 === 0 && samples !== undefined) return false;
  return Math.ceil((bits * frames) / 8) === length && length + PADDING.length < UNDEFINED_LENGTH;
}

function text(values: ReadonlyMap<number, Buffer>, tag: number): string {
  return (values.get(tag)?.toString('latin1') ?? '').replace(/[\0 ]+$/, '');
}

function number(values: ReadonlyMap<number, Buffer>, tag: number): number | undefined {
  const value = values.get(tag);
  return value?.length === 2 ? value.readUInt16LE(0) : undefined;
}
