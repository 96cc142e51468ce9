/** Our DICOM writer: Part 10 files in Explicit VR Little Endian. The same attributes give the same bytes. */
import { type DictionaryEntry, lookup } from './dictionary.ts';
import {
  type Charset,
  canCarry,
  canCopyAsFound,
  type Element,
  encodeAsFound,
  encodeValue,
  isAscii,
  refuse,
  valueProblem,
} from './value.ts';

/**
 * Text from a source that breaks a rule of its VR (too long, not a date …), to be written as it was found. Results share
 * the source's patient and study attributes to the character; otherwise the PACS would not file them together.
 */
export interface AsFound {
  readonly asFound: readonly string[];
  /**
   * The value field as it lies in the source, where it cannot be decoded. It is written in place of the text, in the source's
   * character set, which the data set names then in Specific Character Set.
   */
  readonly bytes?: Uint8Array;
}

/** `''` and `[]` are present and empty (Type 2); `undefined` is absent. Items of a sequence are Attributes. */
export type AttributeValue =
  | string
  | number
  | Uint8Array
  | AsFound
  | readonly string[]
  | readonly number[]
  | readonly Attributes[];

/** A data set by DICOM keyword (PS3.6). The order of keys has no meaning. */
export interface Attributes {
  readonly [keyword: string]: AttributeValue | undefined;
}

const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Identifies Hilum in File Meta Information. It derives from a UUID of ours (PS3.5 B.2) and never changes. */
export const IMPLEMENTATION_CLASS_UID = '2.25.142710912530386047915391187364508829407';
export const IMPLEMENTATION_VERSION_NAME = 'HILUM_1';

/** VRs with a 32-bit length field (PS3.5 7.1.2). */
const LONG_LENGTH = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const LONGEST_SHORT = 0xfffe;
const LONGEST = 0xfffffffe;
const ITEM = 0xe000fffe;

/** Byte runs in order. They are joined once at the end, so pixels are copied once. */
interface Bytes {
  readonly runs: Uint8Array[];
  length: number;
}

/** What the encoding of a value depends on besides the value. */
interface Context {
  readonly charset: Charset;
  readonly signed: boolean;
  readonly bitsAllocated: number;
}

/**
 * A Part 10 file of these attributes. File Meta Information (PS3.10 7.1) is made from SOP Class and SOP Instance UID.
 *
 * The writer chooses Specific Character Set: none where all text is ASCII, else `ISO_IR 192` (UTF-8). Where text is carried as
 * bytes, their character set holds, which is given; other text is then written in ASCII as well as it goes.
 *
 * @throws DicomWriteError naming the keyword and the rule, never the value, where an attribute is not in the data
 * dictionary or its value breaks its VR, VM, length, range or repertoire
 */
export function encodeDicom(attributes: Attributes): Uint8Array {
  const SOPClassUID = uidOf(attributes, 'SOPClassUID');
  const SOPInstanceUID = uidOf(attributes, 'SOPInstanceUID');
  const { SpecificCharacterSet: given } = attributes;
  const isCarried = carriesBytes(attributes);
  if (given !== undefined && !isCarried) refuse('SpecificCharacterSet', 'the writer chooses it');
  const chosen = allAscii(attributes) ? 'ISO_IR 6' : 'ISO_IR 192';
  const charset = isCarried ? (given === 'ISO_IR 192' ? given : 'another') : chosen;
  const whole = charset === 'ISO_IR 192' ? { ...attributes, SpecificCharacterSet: charset } : attributes;
  const dataset = encodeDataset(whole, contextIn(attributes, { charset, signed: false, bitsAllocated: 8 }));
  const meta = encodeMeta({
    FileMetaInformationVersion: new Uint8Array([0, 1]),
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
    ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
    ImplementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  return Buffer.concat([new Uint8Array(128), Buffer.from('DICM', 'latin1'), ...meta.runs, ...dataset.runs]);
}

/**
 * A source's attributes as they may be copied, at any depth. Text that breaks its VR is marked to be written as found.
 * Values that cannot be written at all are left out, and so is Specific Character Set, unless text is carried as bytes.
 */
export function asFoundWhereBroken(attributes: Attributes): Attributes {
  const isCarried = carriesBytes(attributes);
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([keyword, value]): readonly (readonly [string, AttributeValue])[] => {
      const entry = lookup(keyword);
      if (entry === undefined || value === undefined) return [];
      if (keyword === 'SpecificCharacterSet' && !isCarried) return [];
      if (isAsFound(value) && canCarry(entry.vr, value.bytes)) return [[keyword, value]];
      if (isSequence(value)) return entry.vr === 'SQ' ? [[keyword, value.map(asFoundWhereBroken)]] : [];
      const values = valuesOf(value);
      if (entry.vr === 'SQ') return values.length === 0 ? [[keyword, value]] : [];
      if (valueProblem(entry, values) === undefined) return [[keyword, value]];
      const texts = values.filter((one) => typeof one === 'string');
      const copied = texts.length === values.length && canCopyAsFound(entry.vr, texts);
      return copied ? [[keyword, { asFound: texts }]] : [];
    }),
  );
}

/** Keywords of the attributes that are written as found, at any depth; each keyword once. */
export function keywordsAsFound(attributes: Attributes): readonly string[] {
  const found = Object.entries(attributes).flatMap(([keyword, value]) => {
    if (value === undefined) return [];
    if (isSequence(value)) return value.flatMap(keywordsAsFound);
    return isAsFound(value) ? [keyword] : [];
  });
  return [...new Set(found)].sort();
}

/** The context of a data set's values. An item inherits what it does not state itself. */
function contextIn({ PixelRepresentation, BitsAllocated }: Attributes, outer: Context): Context {
  return {
    charset: outer.charset,
    signed: PixelRepresentation === undefined ? outer.signed : PixelRepresentation === 1,
    bitsAllocated: typeof BitsAllocated === 'number' ? BitsAllocated : outer.bitsAllocated,
  };
}

function uidOf(attributes: Attributes, keyword: string): string {
  const value = attributes[keyword];
  return typeof value === 'string' && value !== '' ? value : refuse(keyword, 'a file needs it');
}

function encodeMeta(attributes: Attributes): Bytes {
  const context: Context = { charset: 'ISO_IR 6', signed: false, bitsAllocated: 8 };
  const rest = encodeDataset(attributes, context);
  const group = encodeDataset({ FileMetaInformationGroupLength: rest.length }, context);
  return { runs: [...group.runs, ...rest.runs], length: group.length + rest.length };
}

function encodeDataset(attributes: Attributes, context: Context): Bytes {
  const bytes: Bytes = { runs: [], length: 0 };
  const present = Object.entries(attributes)
    .filter((pair): pair is [string, AttributeValue] => pair[1] !== undefined)
    .map(([keyword, value]) => ({ entry: entryOf(keyword), value }))
    .sort((a, b) => (a.entry.tag < b.entry.tag ? -1 : 1));
  for (const { entry, value } of present) encodeElement(bytes, entry, value, context);
  return bytes;
}

function entryOf(keyword: string): DictionaryEntry {
  return lookup(keyword) ?? refuse(keyword, 'not in the data dictionary');
}

function encodeElement(bytes: Bytes, entry: DictionaryEntry, value: AttributeValue, context: Context): void {
  const element: Element = { keyword: entry.keyword, vr: chooseVr(entry, value, context), vm: entry.vm };
  const field =
    element.vr === 'SQ' ? encodeSequence(element.keyword, value, context) : encodeField(element, value, context);
  const long = LONG_LENGTH.has(element.vr);
  if (field.length > (long ? LONGEST : LONGEST_SHORT)) refuse(element.keyword, `too long for VR ${element.vr}`);
  const header = new Uint8Array(long ? 12 : 8);
  const view = new DataView(header.buffer);
  view.setUint16(0, Number.parseInt(entry.tag.slice(0, 4), 16), true);
  view.setUint16(2, Number.parseInt(entry.tag.slice(4), 16), true);
  header.set(Buffer.from(element.vr, 'latin1'), 4);
  if (long) view.setUint32(8, field.length, true);
  else view.setUint16(6, field.length, true);
  append(bytes, [header]);
  append(bytes, field.runs);
}

/** Where PS3.6 leaves a choice of VR, the pixels decide (PS3.5 A.2). */
function chooseVr({ vr }: DictionaryEntry, value: AttributeValue, context: Context): string {
  if (vr === 'OB or OW') return context.bitsAllocated > 8 ? 'OW' : 'OB';
  if (vr === 'US or SS') return context.signed ? 'SS' : 'US';
  if (vr === 'US or OW') return value instanceof Uint8Array ? 'OW' : 'US';
  return vr;
}

function encodeField(element: Element, value: AttributeValue, context: Context): Bytes {
  if (isSequence(value)) refuse(element.keyword, `VR ${element.vr} takes no items`);
  const field = isAsFound(value)
    ? encodeAsFound(element, value.asFound, value.bytes)
    : encodeValue(element, valuesOf(value), context.charset);
  return { runs: [field], length: field.length };
}

function encodeSequence(keyword: string, value: AttributeValue, context: Context): Bytes {
  const bytes: Bytes = { runs: [], length: 0 };
  if (value === '' || (Array.isArray(value) && value.length === 0)) return bytes;
  if (!isSequence(value)) refuse(keyword, 'VR SQ takes a list of items');
  for (const attributes of value) {
    const item = encodeDataset(attributes, contextIn(attributes, context));
    if (item.length > LONGEST) refuse(keyword, 'an item is too long');
    const header = new Uint8Array(8);
    new DataView(header.buffer).setUint32(0, ITEM, true);
    new DataView(header.buffer).setUint32(4, item.length, true);
    append(bytes, [header]);
    append(bytes, item.runs);
  }
  return bytes;
}

function append(bytes: Bytes, runs: readonly Uint8Array[]): void {
  for (const run of runs) {
    bytes.runs.push(run);
    bytes.length += run.length;
  }
}

/** A value as a list: an empty one has no values, and bytes count as one value. */
function valuesOf(value: Exclude<AttributeValue, readonly Attributes[]>): readonly unknown[] {
  if (value === '') return [];
  if (isAsFound(value)) return value.asFound;
  return Array.isArray(value) ? value : [value];
}

const isAsFound = (value: AttributeValue): value is AsFound => typeof value === 'object' && 'asFound' in value;

const isSequence = (value: AttributeValue): value is readonly Attributes[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'object' && item !== null);

/** Whether text is carried as bytes, at any depth. */
function carriesBytes(attributes: Attributes): boolean {
  return Object.entries(attributes).some(([keyword, value]) => {
    if (value === undefined) return false;
    if (isSequence(value)) return value.some(carriesBytes);
    return isAsFound(value) && canCarry(lookup(keyword)?.vr ?? '', value.bytes);
  });
}

function allAscii(attributes: Attributes): boolean {
  return Object.values(attributes).every((value) => {
    if (value === undefined || value instanceof Uint8Array) return true;
    if (isSequence(value)) return value.every(allAscii);
    return valuesOf(value).every((one) => typeof one !== 'string' || isAscii(one));
  });
}
