/** A data set as the rest of Hilum sees it: values by keyword (PS3.6), decoded on access. */
import { isExactly, type TextDecoding, textDecoding } from './charset.ts';
import { keywordOf, lookup } from './dictionary.ts';
import type { Element, ElementSet } from './element.ts';
import { DicomReadError } from './error.ts';
import type { Attributes, AttributeValue } from './write.ts';

/** A keyword that PS3.6 does not have throws a RangeError: the mistake is ours, not the file's. */
export interface Dataset {
  /** Whether the attribute is present and not empty. */
  has(keyword: string): boolean;
  /** The first value without padding, or undefined where absent or empty. */
  text(keyword: string): string | undefined;
  /** All values; empty ones between others are kept as ''. */
  texts(keyword: string): readonly string[];
  /** The first value where it is a finite number. */
  number(keyword: string): number | undefined;
  /** All values; none where one of them is not a finite number. OW is read as 16-bit words. */
  numbers(keyword: string): readonly number[];
  /** The items of a sequence. */
  items(keyword: string): readonly Dataset[];
  /** The undecoded value, a view on the file. */
  bytes(keyword: string): Uint8Array | undefined;
  /** The Value Representation as the file or the dictionary gives it; OW where PS3.6 leaves OB or OW open. */
  vr(keyword: string): string | undefined;
  /** The fragments of encapsulated pixel data, the Basic Offset Table first (PS3.5 A.4). */
  fragments(keyword: string): readonly Uint8Array[] | undefined;
  /**
   * The given attributes that are present, ready to be written: '' where empty; sequences without their private attributes. Where
   * a text of theirs cannot be decoded, all texts beyond ASCII are carried as bytes, with Specific Character Set.
   */
  attributes(keywords: readonly string[]): Attributes;
}

const SINGLE_TEXT = new Set(['LT', 'ST', 'UT', 'UR']);
/** VRs whose text follows Specific Character Set (PS3.5 6.1.2.3), and those of the default repertoire. */
export const DECODED_TEXT: ReadonlySet<string> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
export const ASCII_TEXT: ReadonlySet<string> = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR']);
/** Text of the default repertoire: one character per byte. A byte that does not belong there is written back unchanged. */
export const latin1: TextDecoding = (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

type Reading = {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
};
const unsignedShort: Reading = { bytes: 2, read: (view, offset, le) => view.getUint16(offset, le) };
/** How many bytes a number of each VR has, and how it is read. */
export const NUMERIC: Readonly<Record<string, Reading>> = {
  // A tag as one number, group and element.
  AT: { bytes: 4, read: (view, offset, le) => view.getUint16(offset, le) * 0x1_0000 + view.getUint16(offset + 2, le) },
  US: unsignedShort,
  OW: unsignedShort,
  SS: { bytes: 2, read: (view, offset, le) => view.getInt16(offset, le) },
  UL: { bytes: 4, read: (view, offset, le) => view.getUint32(offset, le) },
  OL: { bytes: 4, read: (view, offset, le) => view.getUint32(offset, le) },
  SL: { bytes: 4, read: (view, offset, le) => view.getInt32(offset, le) },
  FL: { bytes: 4, read: (view, offset, le) => view.getFloat32(offset, le) },
  OF: { bytes: 4, read: (view, offset, le) => view.getFloat32(offset, le) },
  FD: { bytes: 8, read: (view, offset, le) => view.getFloat64(offset, le) },
  OD: { bytes: 8, read: (view, offset, le) => view.getFloat64(offset, le) },
  UV: { bytes: 8, read: (view, offset, le) => Number(view.getBigUint64(offset, le)) },
  SV: { bytes: 8, read: (view, offset, le) => Number(view.getBigInt64(offset, le)) },
};

/** What items inherit from the data set that contains them. */
interface Inherited {
  /** The values of Specific Character Set, and how to decode under them. */
  readonly charset: readonly string[];
  readonly decode: TextDecoding;
  readonly signed: boolean;
}

const DEFAULT: Inherited = { charset: [], decode: textDecoding([]), signed: false };

/**
 * A data set over the elements of a file or an item. Items inherit character set and signedness from their container.
 *
 * @throws DicomReadError `limit-exceeded`, here or on access, where a value is longer than any that is needed
 */
export function datasetOf(set: ElementSet, parent: Inherited = DEFAULT): Dataset {
  return new ElementDataset(set, parent);
}

class ElementDataset implements Dataset {
  readonly #set: ElementSet;
  readonly #inherited: Inherited;

  constructor(set: ElementSet, parent: Inherited) {
    this.#set = set;
    const charset = set.elements.get(0x0008_0005)?.value;
    const representation = set.elements.get(0x0028_0103)?.value;
    this.#inherited =
      charset === undefined && representation === undefined
        ? parent
        : {
            ...(charset === undefined ? parent : charsetOf(charset)),
            signed: representation === undefined ? parent.signed : representation[set.littleEndian ? 0 : 1] === 1,
          };
  }

  has(keyword: string): boolean {
    const element = this.#find(keyword);
    if (element === undefined) return false;
    return element.value.length > 0 || (element.items ?? element.fragments ?? []).length > 0;
  }

  text(keyword: string): string | undefined {
    return this.texts(keyword)[0] || undefined;
  }

  texts(keyword: string): readonly string[] {
    const element = this.#find(keyword);
    return element === undefined ? [] : this.#textsOf(element);
  }

  number(keyword: string): number | undefined {
    return this.numbers(keyword)[0];
  }

  numbers(keyword: string): readonly number[] {
    const element = this.#find(keyword);
    return element === undefined ? [] : this.#numbersOf(element);
  }

  items(keyword: string): readonly Dataset[] {
    return (this.#find(keyword)?.items ?? []).map((item) => new ElementDataset(item, this.#inherited));
  }

  bytes(keyword: string): Uint8Array | undefined {
    const element = this.#find(keyword);
    return element?.items === undefined && element?.fragments === undefined ? element?.value : undefined;
  }

  vr(keyword: string): string | undefined {
    const element = this.#find(keyword);
    return element === undefined ? undefined : this.#resolve(element.vr);
  }

  fragments(keyword: string): readonly Uint8Array[] | undefined {
    return this.#find(keyword)?.fragments;
  }

  attributes(keywords: readonly string[]): Attributes {
    const elements = keywords.flatMap((keyword) => this.#find(keyword) ?? []);
    if (elements.every((element) => this.#isExact(element))) return this.#attributesOf(keywords, false);
    return this.#attributesOf(['SpecificCharacterSet', ...keywords], true);
  }

  #find(keyword: string): Element | undefined {
    const entry = lookup(keyword);
    if (entry === undefined) throw new RangeError(`PS3.6 has no attribute ${keyword}`);
    return this.#set.elements.get(Number.parseInt(entry.tag, 16));
  }

  #resolve(vr: string): string {
    if (vr === 'US or SS') return this.#inherited.signed ? 'SS' : 'US';
    return vr === 'US or OW' || vr === 'OB or OW' ? 'OW' : vr;
  }

  #textsOf(element: Element): readonly string[] {
    const { vr, value } = element;
    if (value.length === 0) return [];
    if (DECODED_TEXT.has(vr)) return splitText(vr, this.#inherited.decode(limited(value)));
    if (ASCII_TEXT.has(vr)) return splitText(vr, latin1(limited(value)));
    return this.#numbersOf(element).map(String);
  }

  #numbersOf({ vr, value }: Element): readonly number[] {
    const reading = NUMERIC[this.#resolve(vr)];
    if (reading !== undefined) return readNumbers(reading, limited(value), this.#set.littleEndian);
    if (!ASCII_TEXT.has(vr)) return [];
    const values = splitText(vr, latin1(limited(value))).map(decimalOf);
    return values.every(Number.isFinite) ? values : [];
  }

  #attributesOf(keywords: readonly string[], asBytes: boolean): Attributes {
    const present = keywords.flatMap((keyword) => {
      const element = this.#find(keyword);
      return element === undefined ? [] : [[keyword, this.#writableOf(element, asBytes)] as const];
    });
    return Object.fromEntries(present);
  }

  /** Whether all texts of the element, or of its items, are exactly what was decoded. */
  #isExact({ items, vr, value }: Element): boolean {
    const { charset, decode } = this.#inherited;
    if (items === undefined) return !DECODED_TEXT.has(vr) || isExactly(charset, decode(limited(value)), value);
    return items.every((item) => {
      const inner = new ElementDataset(item, this.#inherited);
      return [...item.elements.values()].every((element) => inner.#isExact(element));
    });
  }

  #writableOf(element: Element, asBytes: boolean): AttributeValue {
    const { items, value } = element;
    if (items !== undefined) {
      return items.map((item) => {
        const keywords = keywordsOf(item).filter((keyword) => asBytes || keyword !== 'SpecificCharacterSet');
        return new ElementDataset(item, this.#inherited).#attributesOf(keywords, asBytes);
      });
    }
    const vr = this.#resolve(element.vr);
    if (value.length === 0) return '';
    if (asBytes && DECODED_TEXT.has(vr) && !isAscii(value)) return { asFound: this.#textsOf(element), bytes: value };
    if (DECODED_TEXT.has(vr) || ASCII_TEXT.has(vr)) return only(this.#textsOf(element));
    if (NUMERIC[vr] === undefined || vr === 'AT' || vr.startsWith('O')) return value;
    return only(this.#numbersOf(element));
  }
}

/**
 * The longest value that is decoded. The longest one that is needed, a look-up table of 65,536 words, has 128 KiB. A value
 * of gigabytes would become an array of numbers or texts many times its size.
 */
const MAX_VALUE_BYTES = 2 ** 20;

function limited(value: Uint8Array): Uint8Array {
  if (value.length <= MAX_VALUE_BYTES) return value;
  throw new DicomReadError('limit-exceeded', `A value has ${value.length} bytes`, {
    facts: { length: value.length, limit: MAX_VALUE_BYTES },
  });
}

function charsetOf(value: Uint8Array): Pick<Inherited, 'charset' | 'decode'> {
  const charset = splitText('CS', latin1(limited(value)));
  return { charset, decode: textDecoding(charset) };
}

const isAscii = (value: Uint8Array): boolean => value.every((byte) => byte < 0x80 && byte !== 0x1b);

/** The public attributes of an item. */
const keywordsOf = (item: ElementSet): readonly string[] =>
  [...item.elements.keys()].map(keywordOf).filter((keyword) => keyword !== undefined);

function only<T>(values: readonly T[]): T | readonly T[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

/** Splits a text at backslashes and removes padding. Leading spaces are significant in long texts only (PS3.5 6.2). */
export function splitText(vr: string, text: string): readonly string[] {
  const unpadded = text.slice(0, endOf(text));
  if (unpadded === '') return [];
  if (SINGLE_TEXT.has(vr)) return [unpadded];
  return unpadded.split('\\').map((value) => value.slice(startOf(value), endOf(value)));
}

/** Where the padding of spaces or zeros begins. A loop: a regular expression takes quadratic time over long runs of spaces. */
function endOf(text: string): number {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0)) end -= 1;
  return end;
}

function startOf(text: string): number {
  let start = 0;
  while (text.charCodeAt(start) === 0x20) start += 1;
  return start;
}

/** DS and IS allow 16 and 12 characters (PS3.5 6.2), but some writers store every digit of a double. */
const LONGEST_NUMBER = 64;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)?$/;

/** The number in a text written as DS or IS; NaN for other forms that JavaScript would accept. */
function decimalOf(text: string): number {
  return text.length <= LONGEST_NUMBER && DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/** @throws DicomReadError `malformed` where the value's length is not a multiple of a number's size */
function readNumbers({ bytes, read }: Reading, value: Uint8Array, littleEndian: boolean): readonly number[] {
  if (value.length % bytes !== 0) {
    throw new DicomReadError('malformed', `A value of ${value.length} bytes cannot hold numbers of ${bytes} bytes`, {
      facts: { length: value.length, size: bytes },
    });
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / bytes }, (_, i) => read(view, i * bytes, littleEndian));
}
