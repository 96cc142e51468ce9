/** One value field: checked against its Value Representation and Multiplicity (PS3.5 6.2, 6.4), then encoded. */
import { formatDecimal } from './decimal.ts';
import { lookup } from './dictionary.ts';
import { DicomWriteError } from './error.ts';
import { textProblem } from './text-rules.ts';

/** The repertoires that we write (PS3.3 C.12.1.1.2): the default one, Unicode in UTF-8, or that of text which is carried as bytes. */
export type Charset = 'ISO_IR 6' | 'ISO_IR 192' | 'another';

/** What is being encoded: its keyword (for errors), Value Representation and Value Multiplicity. */
export interface Element {
  readonly keyword: string;
  readonly vr: string;
  readonly vm: string;
}

/** VRs whose text follows Specific Character Set (PS3.5 6.1.2.3); all other text is ASCII. */
const LOCALISED = new Set(['SH', 'LO', 'ST', 'LT', 'PN', 'UC', 'UT']);
/** VRs that hold one value, in which a backslash is an ordinary character. */
const SINGLE_TEXT = new Set(['ST', 'LT', 'UT', 'UR']);
const TEXT = new Set(['AE', 'AS', 'CS', 'DA', 'DT', 'TM', 'UI', ...LOCALISED, ...SINGLE_TEXT]);

interface NumberLayout {
  readonly bytes: number;
  readonly min: number;
  readonly max: number;
  readonly set: (view: DataView, offset: number, value: number) => void;
}
const integer = (bytes: number, signed: boolean, set: NumberLayout['set']): NumberLayout => {
  const range = 2 ** (bytes * 8);
  return { bytes, min: signed ? -range / 2 : 0, max: (signed ? range / 2 : range) - 1, set };
};
const NUMBERS: Readonly<Record<string, NumberLayout>> = {
  US: integer(2, false, (view, offset, value) => view.setUint16(offset, value, true)),
  SS: integer(2, true, (view, offset, value) => view.setInt16(offset, value, true)),
  UL: integer(4, false, (view, offset, value) => view.setUint32(offset, value, true)),
  SL: integer(4, true, (view, offset, value) => view.setInt32(offset, value, true)),
  UV: {
    ...integer(8, false, (view, offset, value) => view.setBigUint64(offset, BigInt(value), true)),
    max: Number.MAX_SAFE_INTEGER,
  },
  SV: {
    bytes: 8,
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    set: (view, offset, value) => view.setBigInt64(offset, BigInt(value), true),
  },
};
const FLOATS: Readonly<Record<string, NumberLayout>> = {
  FL: {
    bytes: 4,
    min: -3.4028234663852886e38,
    max: 3.4028234663852886e38,
    set: (view, offset, value) => view.setFloat32(offset, value, true),
  },
  FD: {
    bytes: 8,
    min: -Number.MAX_VALUE,
    max: Number.MAX_VALUE,
    set: (view, offset, value) => view.setFloat64(offset, value, true),
  },
};
/** Unit size of the VRs whose bytes are written as they are. */
const BYTES: Readonly<Record<string, number>> = { OB: 1, UN: 1, OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 };

/** Throws an error that names the attribute and the rule, and never the value. */
export function refuse(keyword: string, rule: string): never {
  throw new DicomWriteError(`${keyword}: ${rule}`, { facts: { keyword, rule } });
}

/**
 * The value field of an element, padded to even length.
 *
 * Decimal and Integer Strings take numbers, or text that is copied unchanged. Attribute Tags (AT) take keywords.
 *
 * @throws DicomWriteError naming keyword and rule where the value breaks its VR or VM
 */
export function encodeValue(element: Element, values: readonly unknown[], charset: Charset): Uint8Array {
  const { keyword, vr, vm } = element;
  if (values.length === 0) return new Uint8Array(0);
  if (vr in BYTES) return encodeBytes(element, values);
  const multiplicity = multiplicityProblem(vr, vm, values.length);
  if (multiplicity !== undefined) refuse(keyword, multiplicity);
  const layout = NUMBERS[vr] ?? FLOATS[vr];
  if (layout !== undefined) return encodeNumbers(element, values, layout);
  if (vr === 'AT') return encodeTags(keyword, values);
  return encodeText(element, texts(element, values), charset);
}

/**
 * Text from the source, written as it was found although it breaks a rule of its VR (length, syntax, repertoire). The file
 * stays readable: the value field is padded and its length is right. Where the VR allows only the default repertoire, each
 * character is written as the byte that it was read from.
 *
 * @param bytes the value field of the source, where it is carried in place of the text
 */
export function encodeAsFound({ keyword, vr }: Element, values: readonly string[], bytes?: Uint8Array): Uint8Array {
  if (bytes !== undefined && canCarry(vr, bytes)) return padded(bytes, 0x20);
  if (!canCopyAsFound(vr, values)) refuse(keyword, `VR ${vr} cannot be copied as text`);
  return padded(Buffer.from(values.join('\\'), LOCALISED.has(vr) ? 'utf8' : 'latin1'), vr === 'UI' ? 0x00 : 0x20);
}

/** The longest value whose length fits two bytes. Longer text, which other VRs allow, is not worth copying. */
const LONGEST_COPIED = 0xfffe;

/** Whether a value field of the source can be written in place of text of that VR. */
export const canCarry = (vr: string, bytes: Uint8Array | undefined): boolean =>
  bytes !== undefined && LOCALISED.has(vr) && bytes.length <= LONGEST_COPIED;

/** Whether text of that VR can be written as it was found: in the default repertoire a character must be one byte. */
export function canCopyAsFound(vr: string, values: readonly string[]): boolean {
  if (Buffer.byteLength(values.join('\\')) > LONGEST_COPIED) return false;
  if (LOCALISED.has(vr)) return true;
  return (TEXT.has(vr) || vr === 'DS' || vr === 'IS') && !values.some((value) => /[^\0-\xff]/u.test(value));
}

/** How the `values` of an element break its VR or VM; undefined where they do not. */
export function valueProblem(element: Element, values: readonly unknown[]): string | undefined {
  try {
    encodeValue(element, values, 'ISO_IR 192');
    return undefined;
  } catch (error) {
    if (error instanceof DicomWriteError) return error.message;
    throw error;
  }
}

function texts(element: Element, values: readonly unknown[]): readonly string[] {
  const { keyword, vr } = element;
  return values.map((value) => {
    if (vr === 'DS' || vr === 'IS') return numberText(element, value);
    if (!TEXT.has(vr)) refuse(keyword, `VR ${vr} is not one we write`);
    if (typeof value !== 'string') refuse(keyword, `VR ${vr} takes text`);
    const problem = textProblem(vr, value);
    if (problem !== undefined) refuse(keyword, problem);
    return value;
  });
}

function numberText({ keyword, vr }: Element, value: unknown): string {
  if (typeof value === 'string') {
    const problem = textProblem(vr, value);
    if (problem !== undefined) refuse(keyword, problem);
    return value;
  }
  if (typeof value !== 'number') refuse(keyword, `VR ${vr} takes numbers`);
  if (vr === 'DS') return Number.isFinite(value) ? formatDecimal(value) : refuse(keyword, 'the number is not finite');
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 31)
    refuse(keyword, 'VR IS takes 32-bit integers');
  return String(value === 0 ? 0 : value);
}

function encodeText({ keyword, vr }: Element, values: readonly string[], charset: Charset): Uint8Array {
  const given = values.join('\\');
  const text = LOCALISED.has(vr) && charset === 'another' ? inAscii(given) : given;
  const utf8 = LOCALISED.has(vr) && charset === 'ISO_IR 192';
  if (!utf8 && !isAscii(text)) refuse(keyword, `VR ${vr} takes characters of the default repertoire only`);
  const bytes = Buffer.from(text, 'utf8');
  if (!text.isWellFormed()) refuse(keyword, 'the text is not well-formed Unicode');
  return padded(bytes, vr === 'UI' ? 0x00 : 0x20);
}

/**
 * True where every character belongs to the default repertoire (ISO 646) or its controls. ESC does not: outside UTF-8, what
 * follows it would be read as a code extension (PS3.5 6.1.2.5).
 */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e || code === 0x1b) return false;
  }
  return true;
}

/** The text in the default repertoire: letters without their accents, and a question mark for what has no likeness there. */
function inAscii(text: string): string {
  const plain = text
    .replaceAll(/[‐-―−]/gu, '-')
    .replaceAll(/[‘’]/gu, "'")
    .replaceAll(/[“”]/gu, '"')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '');
  return Array.from(plain, (character) => (isAscii(character) ? character : '?')).join('');
}

function padded(bytes: Uint8Array, pad: number): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  even[bytes.length] = pad;
  return even;
}

function encodeBytes({ keyword, vr }: Element, values: readonly unknown[]): Uint8Array {
  const [bytes] = values;
  if (values.length !== 1 || !(bytes instanceof Uint8Array)) refuse(keyword, `VR ${vr} takes bytes`);
  const unit = BYTES[vr] ?? 1;
  if (bytes.length % unit !== 0) refuse(keyword, `VR ${vr} takes a multiple of ${unit} bytes`);
  return padded(bytes, 0x00);
}

function encodeNumbers({ keyword, vr }: Element, values: readonly unknown[], layout: NumberLayout): Uint8Array {
  const bytes = new Uint8Array(values.length * layout.bytes);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    if (typeof value !== 'number') refuse(keyword, `VR ${vr} takes numbers`);
    if (vr in NUMBERS && !Number.isInteger(value)) refuse(keyword, `VR ${vr} takes integers`);
    if (!(value >= layout.min && value <= layout.max)) refuse(keyword, `the number is outside the range of VR ${vr}`);
    layout.set(view, index * layout.bytes, value);
  });
  return bytes;
}

function encodeTags(keyword: string, values: readonly unknown[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    const entry = typeof value === 'string' ? lookup(value) : undefined;
    if (entry === undefined) refuse(keyword, 'VR AT takes keywords of the data dictionary');
    view.setUint16(index * 4, Number.parseInt(entry.tag.slice(0, 4), 16), true);
    view.setUint16(index * 4 + 2, Number.parseInt(entry.tag.slice(4), 16), true);
  });
  return bytes;
}

/** How `count` values break a VM such as `1`, `2-4`, `1-n` or `3-3n` (PS3.5 6.4); undefined where they do not. */
function multiplicityProblem(vr: string, vm: string, count: number): string | undefined {
  const allowed = SINGLE_TEXT.has(vr) ? '1' : vm;
  const [low = '1', high = low] = allowed.split('-');
  const least = Number.parseInt(low, 10);
  const step = high === 'n' ? 1 : Number.parseInt(high, 10);
  const fits = high.endsWith('n') ? count % step === 0 : count <= step;
  return count >= least && fits ? undefined : `${count} values where VM is ${allowed}`;
}
