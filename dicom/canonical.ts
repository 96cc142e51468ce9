/**
 * The canonical form of values: the same for every way in which a file may encode them. `compare.ts` compares by it, and digests of
 * data sets are made of it (`digest.ts`).
 */
import { REPLACEMENT, type TextDecoding, textDecoding } from './charset.ts';
import { ASCII_TEXT, DECODED_TEXT, latin1, NUMERIC, splitText } from './dataset.ts';
import type { Element, ElementSet } from './element.ts';
import { DicomReadError } from './error.ts';
import { MAX_DEPTH, StructureReader } from './structure.ts';

const SPECIFIC_CHARACTER_SET = 0x0008_0005;
const DATA_SET_TRAILING_PADDING = 0xfffc_fffc;

/** Group lengths and padding say nothing; texts are compared after decoding, so that their character set may differ. */
export const isEncoding = (tag: number): boolean =>
  tag % 0x1_0000 === 0 || tag === SPECIFIC_CHARACTER_SET || tag === DATA_SET_TRAILING_PADDING;

export const isPrivate = (tag: number): boolean => Math.floor(tag / 0x1_0000) % 2 === 1;

/** A data set with the character set that holds in it; items inherit that of their container (PS3.5 7.5.1). */
export interface Decoded {
  /** 0 for a file's, 1 for its items'. */
  readonly depth: number;
  readonly set: ElementSet;
  /** The values of Specific Character Set, and how to decode under them. */
  readonly charset: string;
  readonly decode: TextDecoding;
}

const DEFAULT: Omit<Decoded, 'set'> = { depth: -1, charset: '', decode: textDecoding([]) };

export function decodedOf(set: ElementSet, outer: Omit<Decoded, 'set'> = DEFAULT): Decoded {
  const depth = outer.depth + 1;
  const own = set.elements.get(SPECIFIC_CHARACTER_SET)?.value;
  if (own === undefined) return { set, depth, charset: outer.charset, decode: outer.decode };
  const terms = splitText('CS', latin1(own));
  return { set, depth, charset: terms.join('\\'), decode: textDecoding(terms) };
}

const ITEM_START = Buffer.from([0xfe, 0xff, 0x00, 0xe0]);

/**
 * The items of a sequence; undefined for other elements. Implicit VR does not say that a private element is a sequence, but its value
 * begins with an item then, or is empty (PS3.5 6.2.2, 7.5). Deeper than any file may nest sequences, a value is no sequence.
 */
export function itemsOf(
  { vr, items, fragments, value }: Element,
  { depth }: Pick<Decoded, 'depth'>,
): readonly ElementSet[] | undefined {
  if (items !== undefined || vr !== 'UN' || fragments !== undefined || depth >= MAX_DEPTH) return items;
  if (value.length === 0) return [];
  if (Buffer.compare(value.subarray(0, ITEM_START.length), ITEM_START) !== 0) return undefined;
  try {
    return new StructureReader(value, 0).sequence();
  } catch (error) {
    if (error instanceof DicomReadError) return undefined;
    throw error;
  }
}

/**
 * The value in canonical form: texts decoded, without the padding of each value; numbers in little endian; an even length. A text that
 * cannot be decoded is its bytes: several wrong texts would decode to the same replacement characters.
 */
export function canonicalValue(vr: string, element: Pick<Element, 'vr' | 'value'>, inSet: Decoded): Uint8Array {
  const { value } = element;
  if (DECODED_TEXT.has(vr)) {
    const text = decodedText(value, inSet.decode);
    return text === undefined ? listed('bytes', vr, latin1(value)) : listed('text', vr, text);
  }
  if (ASCII_TEXT.has(vr)) return listed('text', vr, latin1(value));
  return evenly(inLittleEndian(element.vr, value, inSet.set.littleEndian));
}

const listed = (kind: 'text' | 'bytes', vr: string, text: string): Uint8Array =>
  Buffer.from(`${kind} ${splitText(vr, text).join('\\')}`);

/** Undefined for a text that cannot be decoded, or only with more effort than any real text takes. */
function decodedText(value: Uint8Array, decode: TextDecoding): string | undefined {
  try {
    const text = decode(value);
    return text.includes(REPLACEMENT) ? undefined : text;
  } catch (error) {
    if (error instanceof DicomReadError) return undefined;
    throw error;
  }
}

const evenly = (value: Uint8Array): Uint8Array =>
  value.length % 2 === 0 ? value : Buffer.concat([value, new Uint8Array(1)]);

/** How many bytes each unit of a binary value has that Big Endian turns round. */
const unitOf = (vr: string): number => (vr === 'AT' ? 2 : vr === 'OV' ? 8 : (NUMERIC[vr.slice(0, 2)]?.bytes ?? 1));

/** The value with each unit of its VR in little endian. */
export function inLittleEndian(vr: string, value: Uint8Array, littleEndian: boolean): Uint8Array {
  const size = unitOf(vr);
  if (littleEndian || size === 1 || value.length % size !== 0) return value;
  const swapped = Buffer.from(value);
  if (size === 2) return swapped.swap16();
  return size === 4 ? swapped.swap32() : swapped.swap64();
}
