/** A data set as the rest of Hilum sees it: values by keyword (PS3.6), decoded when they are asked for. */
import { DicomReadError } from '../errors.ts';
import { type TextDecoding, textDecoding } from './charset.ts';
import { keywordOf, lookup } from './dictionary.ts';
import type { Element, ElementSet } from './structure.ts';
import type { Attributes, AttributeValue } from './write.ts';

/** Keywords that PS3.6 does not have throw a RangeError: they are our mistake, not the file's. */
export interface Dataset {
  /** The attribute is there and not empty. */
  has(keyword: string): boolean;
  /** The first value without padding, or undefined where absent or empty. */
  text(keyword: string): string | undefined;
  /** All values; empty ones between others are kept as ''. */
  texts(keyword: string): readonly string[];
  /** The first value where it is a finite number. */
  number(keyword: string): number | undefined;
  /** All values, or none where one of them is no finite number. OW is read as 16-bit words. */
  numbers(keyword: string): readonly number[];
  /** The items of a sequence. */
  items(keyword: string): readonly Dataset[];
  /** The undecoded value, a view on the file. */
  bytes(keyword: string): Uint8Array | undefined;
  /** The Value Representation as the file or the dictionary gives it; OW where PS3.6 leaves OB or OW open. */
  vr(keyword: string): string | undefined;
  /** The fragments of encapsulated pixel data, the Basic Offset Table first (PS3.5 A.4). */
  fragments(keyword: string): readonly Uint8Array[] | undefined;
  /** Those of these attributes that are there, as they are, for writing: '' where empty, sequences whole without private parts. */
  attributes(keywords: readonly string[]): Attributes;
}

const SINGLE_TEXT = new Set(['LT', 'ST', 'UT', 'UR']);
const DECODED_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const ASCII_TEXT = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR']);
const LATIN1 = textDecoding([]);

type Reading = {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
};
const unsignedShort: Reading = { bytes: 2, read: (view, offset, le) => view.getUint16(offset, le) };
const NUMERIC: Readonly<Record<string, Reading>> = {
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

/** A data set over the elements of a file or an item; items inherit character set and signedness from what holds them. */
export function datasetOf(
  set: ElementSet,
  parent?: { readonly decode: TextDecoding; readonly signed: boolean },
): Dataset {
  const find = (keyword: string): Element | undefined => {
    const entry = lookup(keyword);
    if (entry === undefined) throw new RangeError(`PS3.6 has no attribute ${keyword}`);
    return set.elements.get(Number.parseInt(entry.tag, 16));
  };
  const charset = set.elements.get(0x0008_0005);
  const decode =
    charset === undefined ? (parent?.decode ?? LATIN1) : textDecoding(splitText('CS', LATIN1(charset.value)));
  const representation = set.elements.get(0x0028_0103);
  const signed =
    representation === undefined ? (parent?.signed ?? false) : representation.value[set.littleEndian ? 0 : 1] === 1;

  const resolve = (vr: string): string => {
    if (vr === 'US or SS') return signed ? 'SS' : 'US';
    return vr === 'US or OW' || vr === 'OB or OW' ? 'OW' : vr;
  };
  const textsOf = (element: Element): readonly string[] => {
    if (element.value.length === 0) return [];
    if (DECODED_TEXT.has(element.vr)) return splitText(element.vr, decode(element.value));
    if (ASCII_TEXT.has(element.vr)) return splitText(element.vr, LATIN1(element.value));
    return numbersOf(element).map(String);
  };
  const numbersOf = (element: Element): readonly number[] => {
    const vr = resolve(element.vr);
    const reading = NUMERIC[vr];
    if (reading !== undefined) return readNumbers(reading, element.value, set.littleEndian);
    if (!ASCII_TEXT.has(vr)) return [];
    const values = splitText(vr, LATIN1(element.value)).map((text) => (text === '' ? Number.NaN : Number(text)));
    return values.every(Number.isFinite) ? values : [];
  };
  const itemsOf = (element: Element): readonly Dataset[] =>
    (element.items ?? []).map((item) => datasetOf(item, { decode, signed }));
  const writableOf = (element: Element): AttributeValue => {
    const vr = resolve(element.vr);
    if (element.items !== undefined) {
      return element.items.map((item) => datasetOf(item, { decode, signed }).attributes(keywordsOf(item)));
    }
    if (element.value.length === 0) return '';
    if (DECODED_TEXT.has(vr) || ASCII_TEXT.has(vr)) return only(textsOf(element));
    if (NUMERIC[vr] === undefined || vr.startsWith('O')) return element.value;
    return only(numbersOf(element));
  };

  const texts = (keyword: string): readonly string[] => {
    const element = find(keyword);
    return element === undefined ? [] : textsOf(element);
  };
  const numbers = (keyword: string): readonly number[] => {
    const element = find(keyword);
    return element === undefined ? [] : numbersOf(element);
  };
  return {
    has: (keyword) => {
      const element = find(keyword);
      return (
        element !== undefined && (element.value.length > 0 || (element.items ?? element.fragments ?? []).length > 0)
      );
    },
    texts,
    text: (keyword) => texts(keyword)[0] || undefined,
    numbers,
    number: (keyword) => numbers(keyword)[0],
    items: (keyword) => {
      const element = find(keyword);
      return element === undefined ? [] : itemsOf(element);
    },
    bytes: (keyword) => {
      const element = find(keyword);
      return element?.items === undefined && element?.fragments === undefined ? element?.value : undefined;
    },
    vr: (keyword) => {
      const element = find(keyword);
      return element === undefined ? undefined : resolve(element.vr);
    },
    fragments: (keyword) => find(keyword)?.fragments,
    attributes: (keywords) => {
      const present = keywords.flatMap((keyword) => {
        const element = find(keyword);
        return element === undefined ? [] : [[keyword, writableOf(element)] as const];
      });
      return Object.fromEntries(present);
    },
  };
}

/** The public attributes of an item; character sets are not copied, for the values are strings by then. */
function keywordsOf(item: ElementSet): readonly string[] {
  return [...item.elements.keys()]
    .map(keywordOf)
    .filter((keyword) => keyword !== undefined)
    .filter((keyword) => keyword !== 'SpecificCharacterSet');
}

function only<T>(values: readonly T[]): T | readonly T[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

/** Values between backslashes, without padding: leading spaces are significant in long texts only (PS3.5 6.2). */
function splitText(vr: string, text: string): readonly string[] {
  const unpadded = text.replace(/[\0 ]+$/, '');
  if (unpadded === '') return [];
  return SINGLE_TEXT.has(vr) ? [unpadded] : unpadded.split('\\').map((value) => value.replace(/^ +|[\0 ]+$/g, ''));
}

/** @throws DicomReadError `malformed` where the value is no whole number of numbers */
function readNumbers({ bytes, read }: Reading, value: Uint8Array, littleEndian: boolean): readonly number[] {
  if (value.length % bytes !== 0) {
    throw new DicomReadError('malformed', `A value of ${value.length} bytes cannot hold numbers of ${bytes} bytes`, {
      facts: { length: value.length, size: bytes },
    });
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / bytes }, (_, i) => read(view, i * bytes, littleEndian));
}
