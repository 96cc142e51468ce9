/**
 * The structure of a data set (PS3.5 7): elements, sequences, items and fragments. Every declared length is checked against
 * the bytes that are there. Values stay in place; nothing is copied or decoded.
 */
import { vrOf } from './dictionary.ts';
import { type Element, type ElementSet, isSameElement, PlainElement } from './element.ts';
import { DicomReadError } from './error.ts';

/** The encoding in force; items of a UN sequence switch to implicit (PS3.5 6.2.2). */
export interface Encoding {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
}

/** The fields before a value. `inner` is the encoding of its items where it differs from the data set's own. */
interface Header {
  readonly vr: string;
  readonly length: number;
  readonly inner?: Encoding;
}

/** The value of Pixel Data in a file. Without a length it lies in fragments. */
export interface PixelPlace {
  readonly offset: number;
  readonly length?: number;
  readonly littleEndian: boolean;
}

/** Deeper than any IOD nests (SR trees stay below 20), shallow enough for the call stack. */
export const MAX_DEPTH = 32;
/**
 * Limit on elements, items and fragments together. A plain file has some hundreds, an enhanced multi-frame object some
 * 10,000 to 100,000. An entry of 8 bytes costs 400 bytes of memory and half a microsecond; the limit bounds both.
 */
export const MAX_ENTRIES = 500_000;
/**
 * A Segmentation has about 25 entries of 20 bytes a frame besides its pixels. A file with one entry in 10 bytes or more may
 * therefore hold twice as many: some 40,000 frames.
 */
export const MAX_ENTRIES_OF_LARGE = 1_000_000;
export const BYTES_PER_ENTRY = 10;

const entryLimit = (bytes: number): number =>
  Math.max(MAX_ENTRIES, Math.min(MAX_ENTRIES_OF_LARGE, Math.floor(bytes / BYTES_PER_ENTRY)));
const UNDEFINED_LENGTH = 0xffff_ffff;
export const ITEM = 0xfffe_e000;
const ITEM_END = 0xfffe_e00d;
export const SEQUENCE_END = 0xfffe_e0dd;
/** VRs with a 2-byte length in explicit encoding (PS3.5 7.1.2). Every other VR, known or not, has 4 bytes after 2 reserved ones. */
export const SHORT_LENGTH: ReadonlySet<string> = new Set(
  'AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '),
);
const LETTER_A = 65;
/** Every pair of capital letters, at first × 26 + second. All elements share these few strings. */
const VRS: readonly { readonly name: string; readonly short: boolean }[] = Array.from({ length: 26 * 26 }, (_, i) => {
  const name = String.fromCharCode(LETTER_A + Math.floor(i / 26), LETTER_A + (i % 26));
  return { name, short: SHORT_LENGTH.has(name) };
});
const META: Encoding = { explicitVr: true, littleEndian: true };
const IMPLICIT: Encoding = { explicitVr: false, littleEndian: true };

const isPrivate = (tag: number): boolean => ((tag >>> 16) & 1) === 1;
const isPixelData = (tag: number): boolean => tag === 0x7fe0_0010 || tag === 0x7fe0_0008 || tag === 0x7fe0_0009;

export function truncated(needed: number, remaining: number): DicomReadError {
  return new DicomReadError('truncated', `The file declares ${needed} bytes where ${remaining} remain`, {
    facts: { needed, remaining },
  });
}

export function malformed(what: string, offset: number): DicomReadError {
  return new DicomReadError('malformed', `${what} at byte ${offset}`, { facts: { offset } });
}

/** Reads element headers one after the other; `offset` is always within `bytes`. */
export class StructureReader {
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limit: number;
  #entries = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.#limit = entryLimit(bytes.length);
    // A Buffer's slice() would be a view, but code that slices a value expects a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  get #done(): boolean {
    return this.offset >= this.#bytes.length;
  }

  /** The tag at the cursor, without moving. */
  #peekTag(littleEndian: boolean): number {
    this.#need(4);
    const group = this.#view.getUint16(this.offset, littleEndian);
    return group * 0x1_0000 + this.#view.getUint16(this.offset + 2, littleEndian);
  }

  /** The File Meta Information (PS3.10 7.1). Its group length is often wrong, so it ends where group 0002 ends. */
  meta(): ElementSet {
    const elements = new Map<number, Element>();
    while (!this.#done) {
      const tag = this.#peekTag(true);
      if (tag >= 0x0003_0000) break;
      this.#add(elements, tag, this.#element(META, 0));
    }
    return { elements, littleEndian: true };
  }

  /**
   * A file's data set, up to and including the pixel data, or up to it. Anything behind it (signatures, padding) is not read.
   *
   * @throws DicomReadError `truncated`, `malformed` or `limit-exceeded`
   */
  file(encoding: Encoding, options: { readonly stopBeforePixels?: boolean }): ElementSet {
    const elements = new Map<number, Element>();
    while (!this.#done) {
      const tag = this.#peekTag(encoding.littleEndian);
      if (isPixelData(tag) && options.stopBeforePixels === true) break;
      this.#add(elements, tag, this.#element(encoding, 0));
      if (isPixelData(tag)) break;
    }
    return { elements, littleEndian: encoding.littleEndian };
  }

  /**
   * Where the value of the pixel data at the cursor lies; undefined where no pixel data begin there.
   *
   * @throws DicomReadError `truncated` or `malformed`
   */
  pixels(encoding: Encoding): PixelPlace | undefined {
    if (this.#done) return undefined;
    const start = this.offset;
    const tag = this.#peekTag(encoding.littleEndian);
    if (!isPixelData(tag)) return undefined;
    this.offset += 4;
    const { length } = this.#header(tag, encoding, start);
    const place = { offset: this.offset, littleEndian: encoding.littleEndian };
    return length === UNDEFINED_LENGTH ? place : { ...place, length };
  }

  /**
   * An item's data set, up to `end`, or up to the item's delimiter where its length is undefined.
   */
  #item(encoding: Encoding, end: number | undefined, depth: number): ElementSet {
    if (depth > MAX_DEPTH) {
      throw new DicomReadError('limit-exceeded', `Sequences are nested deeper than ${MAX_DEPTH} levels`, {
        facts: { limit: MAX_DEPTH },
      });
    }
    const { littleEndian } = encoding;
    if (this.offset === end) return littleEndian ? EMPTY_ITEM : { ...EMPTY_ITEM, littleEndian };
    const elements = new Map<number, Element>();
    while (end === undefined || this.offset < end) {
      const tag = this.#peekTag(littleEndian);
      if (tag === ITEM_END && end === undefined) {
        this.offset += 4;
        this.#uint32(littleEndian);
        break;
      }
      this.#add(elements, tag, this.#element(encoding, depth));
    }
    if (end !== undefined && this.offset !== end) throw malformed('An item ends inside an element', end);
    return { elements, littleEndian };
  }

  /**
   * PS3.5 7.1: an attribute occurs once. Where it occurs twice with different values, readers disagree on which one counts, so
   * the file is refused. Of private attributes (odd groups), on which nothing here depends, the first is kept.
   */
  #add(elements: Map<number, Element>, tag: number, element: Element): void {
    const known = elements.get(tag);
    if (known === undefined) elements.set(tag, element);
    else if (!isPrivate(tag) && !isSameElement(known, element))
      throw malformed('An attribute occurs twice', this.offset);
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries > this.#limit) {
      throw new DicomReadError(
        'limit-exceeded',
        `The file holds more than ${this.#limit} elements, items and fragments`,
        {
          facts: { limit: this.#limit },
        },
      );
    }
  }

  /** Reads the element at the cursor and moves the cursor behind it. */
  #element(encoding: Encoding, depth: number): Element {
    this.#count();
    const start = this.offset;
    const tag = this.#peekTag(encoding.littleEndian);
    this.offset += 4;
    if (tag >= ITEM && tag <= 0xfffe_ffff) throw malformed('An item delimiter stands in place of an element', start);
    const { vr, length, inner = encoding } = this.#header(tag, encoding, start);
    if (length !== UNDEFINED_LENGTH) {
      const end = this.#endAfter(length);
      if (vr === 'SQ') return { vr, value: NOTHING, items: this.#items(inner, end, depth) };
      const value = this.offset;
      this.offset = end;
      return new PlainElement(vr, this.#bytes, value, end);
    }
    if (isPixelData(tag)) return { vr, value: NOTHING, fragments: this.#fragments(encoding.littleEndian) };
    if (vr === 'SQ') return { vr, value: NOTHING, items: this.#items(inner, undefined, depth) };
    if (vr === 'UN') return { vr: 'SQ', value: NOTHING, items: this.#items(IMPLICIT, undefined, depth) };
    throw malformed('An undefined length is not allowed', start);
  }

  #header(tag: number, encoding: Encoding, start: number): Header {
    if (!encoding.explicitVr) {
      const length = this.#uint32(encoding.littleEndian);
      return { vr: vrOf(tag) ?? (length === UNDEFINED_LENGTH ? 'SQ' : 'UN'), length };
    }
    this.#need(4);
    const first = this.#view.getUint8(this.offset) - LETTER_A;
    const second = this.#view.getUint8(this.offset + 1) - LETTER_A;
    const vr = first >= 0 && first < 26 && second >= 0 && second < 26 ? VRS[first * 26 + second] : undefined;
    if (vr === undefined) throw malformed('A Value Representation is not two letters', start);
    this.offset += 4;
    if (vr.short) return { vr: vr.name, length: this.#view.getUint16(this.offset - 2, encoding.littleEndian) };
    const length = this.#uint32(encoding.littleEndian);
    if (vr.name !== 'UN' || length === UNDEFINED_LENGTH || !encoding.littleEndian) return { vr: vr.name, length };
    // A writer that did not know the attribute copied it from Implicit VR Little Endian; we may know it (PS3.5 6.2.2).
    return { vr: vrOf(tag) ?? 'UN', length, inner: IMPLICIT };
  }

  #items(encoding: Encoding, end: number | undefined, depth: number): readonly ElementSet[] {
    const items: ElementSet[] = [];
    while (end === undefined || this.offset < end) {
      const start = this.offset;
      const tag = this.#peekTag(encoding.littleEndian);
      this.offset += 4;
      const length = this.#uint32(encoding.littleEndian);
      if (tag === SEQUENCE_END && end === undefined) return items;
      if (tag !== ITEM) throw malformed('A sequence holds something other than items', start);
      this.#count();
      const itemEnd = length === UNDEFINED_LENGTH ? undefined : this.#endAfter(length);
      items.push(this.#item(encoding, itemEnd, depth + 1));
    }
    if (this.offset !== end) throw malformed('A sequence ends inside an item', end);
    return items;
  }

  #fragments(littleEndian: boolean): readonly Uint8Array[] {
    const fragments: Uint8Array[] = [];
    for (;;) {
      const start = this.offset;
      const tag = this.#peekTag(littleEndian);
      this.offset += 4;
      const length = this.#uint32(littleEndian);
      if (tag === SEQUENCE_END) return fragments;
      if (tag !== ITEM) throw malformed('Encapsulated pixel data holds something other than fragments', start);
      this.#count();
      const end = this.#endAfter(length);
      fragments.push(this.#bytes.subarray(this.offset, end));
      this.offset = end;
    }
  }

  #endAfter(length: number): number {
    this.#need(length);
    return this.offset + length;
  }

  #uint32(littleEndian: boolean): number {
    this.#need(4);
    this.offset += 4;
    return this.#view.getUint32(this.offset - 4, littleEndian);
  }

  #need(length: number): void {
    const remaining = this.#bytes.length - this.offset;
    if (length > remaining) throw truncated(length, remaining);
  }
}

const NOTHING = new Uint8Array(0);
const EMPTY_ITEM: ElementSet = { elements: new Map(), littleEndian: true };
