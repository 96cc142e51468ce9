/**
 * Compares data sets element by element: values and VRs. How a file encodes them makes no difference: its Transfer Syntax, lengths of
 * sequences and items, group lengths, padding, character set.
 */
import { REPLACEMENT, type TextDecoding, textDecoding } from './charset.ts';
import { ASCII_TEXT, DECODED_TEXT, latin1, NUMERIC, splitText } from './dataset.ts';
import type { Element, ElementSet } from './element.ts';

/** A data element at the top level that two data sets do not share. */
export interface Difference {
  /** Group and element, as one number. */
  readonly tag: number;
  readonly kind: 'added' | 'missing' | 'changed';
}

const SPECIFIC_CHARACTER_SET = 0x0008_0005;
const DATA_SET_TRAILING_PADDING = 0xfffc_fffc;

/** Group lengths and padding say nothing; texts are compared after decoding, so that their character set may differ. */
const isEncoding = (tag: number): boolean =>
  tag % 0x1_0000 === 0 || tag === SPECIFIC_CHARACTER_SET || tag === DATA_SET_TRAILING_PADDING;

/** A data set with the character set that holds in it; items inherit that of their container (PS3.5 7.5.1). */
interface Decoded {
  readonly set: ElementSet;
  /** The values of Specific Character Set, and how to decode under them. */
  readonly charset: string;
  readonly decode: TextDecoding;
}

type Charset = Pick<Decoded, 'charset' | 'decode'>;
const DEFAULT: Charset = { charset: '', decode: textDecoding([]) };

function decodedOf(set: ElementSet, outer: Charset = DEFAULT): Decoded {
  const own = set.elements.get(SPECIFIC_CHARACTER_SET)?.value;
  if (own === undefined) return { set, charset: outer.charset, decode: outer.decode };
  const terms = splitText('CS', latin1(own));
  return { set, charset: terms.join('\\'), decode: textDecoding(terms) };
}

/** The elements in which `found` differs from `expected`, by tag; `added` are those that only `found` has. */
export function differencesOf(expected: ElementSet, found: ElementSet): readonly Difference[] {
  return differences(decodedOf(expected), decodedOf(found));
}

function differences(expected: Decoded, found: Decoded): readonly Difference[] {
  const tags = new Set([...expected.set.elements.keys(), ...found.set.elements.keys()]);
  return [...tags]
    .filter((tag) => !isEncoding(tag))
    .sort((a, b) => a - b)
    .flatMap((tag): readonly Difference[] => {
      const [a, b] = [expected.set.elements.get(tag), found.set.elements.get(tag)];
      if (a === undefined) return [{ tag, kind: 'added' }];
      if (b === undefined) return [{ tag, kind: 'missing' }];
      return isSame(a, expected, b, found) ? [] : [{ tag, kind: 'changed' }];
    });
}

function isSame(a: Element, inA: Decoded, b: Element, inB: Decoded): boolean {
  if (a.fragments !== undefined || b.fragments !== undefined) return haveSameFragments(a, b);
  if (a.items !== undefined || b.items !== undefined) return haveSameItems(a, inA, b, inB);
  const vr = commonVr(a.vr, b.vr);
  return vr !== undefined && haveSameValue(vr, { a: a.value, inA, b: b.value, inB });
}

/** The Basic Offset Table, which is the first, may be there or not (PS3.5 A.4). */
function haveSameFragments(a: Element, b: Element): boolean {
  const [ofA, ofB] = [a.fragments?.slice(1), b.fragments?.slice(1)];
  if (ofA === undefined || ofB === undefined || ofA.length !== ofB.length) return false;
  return ofA.every((fragment, index) => Buffer.compare(fragment, ofB[index] ?? new Uint8Array()) === 0);
}

function haveSameItems(a: Element, inA: Decoded, b: Element, inB: Decoded): boolean {
  if (a.value.length > 0 || b.value.length > 0) return false;
  const [ofA, ofB] = [a.items ?? [], b.items ?? []];
  if (ofA.length !== ofB.length) return false;
  return ofA.every((item, index) => {
    const other = ofB[index];
    return other !== undefined && differences(decodedOf(item, inA), decodedOf(other, inB)).length === 0;
  });
}

/** Where the standard leaves a choice of VR, Implicit VR does not say which was taken, and a writer may say UN (PS3.5 6.2.2). */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'OB or OW': ['OB', 'OW'],
  'US or SS': ['US', 'SS'],
  'US or OW': ['US', 'OW'],
};

function commonVr(a: string, b: string): string | undefined {
  if (a === b || b === 'UN' || CHOICES[b]?.includes(a)) return a;
  return a === 'UN' || CHOICES[a]?.includes(b) ? b : undefined;
}

interface Values {
  readonly a: Uint8Array;
  readonly inA: Decoded;
  readonly b: Uint8Array;
  readonly inB: Decoded;
}

function haveSameValue(vr: string, { a, inA, b, inB }: Values): boolean {
  const isInSameOrder = inA.set.littleEndian === inB.set.littleEndian;
  if (isInSameOrder && inA.charset === inB.charset && Buffer.compare(a, b) === 0) return true;
  if (DECODED_TEXT.has(vr)) return haveSameText(vr, { a, inA, b, inB });
  if (ASCII_TEXT.has(vr)) return isSameList(splitText(vr, latin1(a)), splitText(vr, latin1(b)));
  const size = sizeOf(vr);
  return Buffer.compare(inLittleEndian(a, inA, size), inLittleEndian(b, inB, size)) === 0;
}

/** A text that cannot be decoded is compared by its bytes: several wrong texts would decode to the same replacement characters. */
function haveSameText(vr: string, { a, inA, b, inB }: Values): boolean {
  const [textA, textB] = [inA.decode(a), inB.decode(b)];
  if (textA.includes(REPLACEMENT) || textB.includes(REPLACEMENT))
    return isSameList(splitText(vr, latin1(a)), splitText(vr, latin1(b)));
  return isSameList(splitText(vr, textA), splitText(vr, textB));
}

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

const sizeOf = (vr: string): number => (vr === 'AT' ? 2 : vr === 'OV' ? 8 : (NUMERIC[vr.slice(0, 2)]?.bytes ?? 1));

/** The value with each unit of `size` bytes in little endian. */
function inLittleEndian(value: Uint8Array, { set }: Decoded, size: number): Uint8Array {
  if (set.littleEndian || size === 1 || value.length % size !== 0) return value;
  const swapped = Buffer.from(value);
  if (size === 2) return swapped.swap16();
  return size === 4 ? swapped.swap32() : swapped.swap64();
}
