/**
 * The structure of a data set (PS3.5 7): elements, sequences, items and fragments, with every declared length checked
 * against the bytes that are there. Values stay where they are; nothing is copied or decoded.
 */
import { DicomReadError } from '../errors.ts';
import { vrOf } from './dictionary.ts';

/** The encoding in force; items of a UN sequence switch to implicit (PS3.5 6.2.2). */
export interface Encoding {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
}

/** One data element: its value as a view on the file, its items where it is a sequence, its fragments where encapsulated. */
export interface Element {
  readonly vr: string;
  readonly value: Uint8Array;
  readonly items?: readonly ElementSet[];
  /** Encapsulated pixel data: the Basic Offset Table first, then the fragments (PS3.5 A.4). */
  readonly fragments?: readonly Uint8Array[];
}

export interface ElementSet {
  readonly elements: ReadonlyMap<number, Element>;
  readonly littleEndian: boolean;
}

/** Deeper than any IOD nests (SR trees stay below 20), shallow enough for the call stack. */
const MAX_DEPTH = 32;
/** A file has some hundreds; enhanced multi-frame objects some 100,000. Bounds the memory that 8-byte elements can claim. */
const MAX_ELEMENTS = 2_000_000;
const UNDEFINED_LENGTH = 0xffff_ffff;
const ITEM = 0xfffe_e000;
const ITEM_END = 0xfffe_e00d;
const SEQUENCE_END = 0xfffe_e0dd;
/** VRs with a 2-byte length in explicit encoding (PS3.5 7.1.2); every other, known or not, has 4 bytes after 2 reserved. */
const SHORT_LENGTH = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));

const isPixelData = (tag: number): boolean => tag === 0x7fe0_0010 || tag === 0x7fe0_0008 || tag === 0x7fe0_0009;

function truncated(needed: number, remaining: number): DicomReadError {
  return new DicomReadError('truncated', `The file declares ${needed} bytes where ${remaining} remain`, {
    facts: { needed, remaining },
  });
}

function malformed(what: string, offset: number): DicomReadError {
  return new DicomReadError('malformed', `${what} at byte ${offset}`, { facts: { offset } });
}

/** Reads element headers one after the other; `offset` is always within `bytes`. */
export class StructureReader {
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #elements = 0;

  constructor(bytes: Uint8Array, offset: number) {
    // A Buffer's slice() would be a view, which whoever slices a value does not expect.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  get done(): boolean {
    return this.offset >= this.#bytes.length;
  }

  /** The tag at the cursor, without moving. */
  peekTag(littleEndian: boolean): number {
    this.#need(4);
    const group = this.#view.getUint16(this.offset, littleEndian);
    return group * 0x1_0000 + this.#view.getUint16(this.offset + 2, littleEndian);
  }

  /**
   * A file's data set, up to and including the pixel data, or up to them. What follows (signatures, padding) is not read.
   *
   * @throws DicomReadError `truncated`, `malformed` or `limit-exceeded`
   */
  file(encoding: Encoding, options: { readonly stopBeforePixels?: boolean }): ElementSet {
    const elements = new Map<number, Element>();
    while (!this.done) {
      const tag = this.peekTag(encoding.littleEndian);
      if (isPixelData(tag) && options.stopBeforePixels === true) break;
      elements.set(tag, this.element(encoding));
      if (isPixelData(tag)) break;
    }
    return { elements, littleEndian: encoding.littleEndian };
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
    const elements = new Map<number, Element>();
    while (end === undefined || this.offset < end) {
      const tag = this.peekTag(encoding.littleEndian);
      if (tag === ITEM_END && end === undefined) {
        this.offset += 4;
        this.#uint32(encoding.littleEndian);
        break;
      }
      elements.set(tag, this.element(encoding, depth));
    }
    if (end !== undefined && this.offset !== end) throw malformed('An item ends inside an element', end);
    return { elements, littleEndian: encoding.littleEndian };
  }

  /** The element at the cursor, which moves behind it. */
  element(encoding: Encoding, depth = 0): Element {
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) {
      throw new DicomReadError('limit-exceeded', `The file holds more than ${MAX_ELEMENTS} elements`, {
        facts: { limit: MAX_ELEMENTS },
      });
    }
    const start = this.offset;
    const tag = this.peekTag(encoding.littleEndian);
    this.offset += 4;
    if (tag >= ITEM && tag <= 0xfffe_ffff) throw malformed('An item delimiter stands where an element is due', start);
    const { vr, length } = this.#header(tag, encoding, start);
    if (length !== UNDEFINED_LENGTH) {
      if (vr === 'SQ') return { vr, value: NOTHING, items: this.#items(encoding, this.#endAfter(length), depth) };
      return { vr, value: this.#take(length) };
    }
    if (isPixelData(tag)) return { vr, value: NOTHING, fragments: this.#fragments(encoding.littleEndian) };
    if (vr === 'SQ') return { vr, value: NOTHING, items: this.#items(encoding, undefined, depth) };
    if (vr === 'UN') {
      const implicit = { explicitVr: false, littleEndian: true };
      return { vr: 'SQ', value: NOTHING, items: this.#items(implicit, undefined, depth) };
    }
    throw malformed('An undefined length stands where none may', start);
  }

  #header(tag: number, encoding: Encoding, start: number): { readonly vr: string; readonly length: number } {
    if (!encoding.explicitVr) {
      const length = this.#uint32(encoding.littleEndian);
      return { vr: vrOf(tag) ?? (length === UNDEFINED_LENGTH ? 'SQ' : 'UN'), length };
    }
    this.#need(4);
    const vr = String.fromCharCode(this.#view.getUint8(this.offset), this.#view.getUint8(this.offset + 1));
    if (!/^[A-Z]{2}$/.test(vr)) throw malformed('A Value Representation is not two letters', start);
    this.offset += 2;
    if (SHORT_LENGTH.has(vr)) {
      const length = this.#view.getUint16(this.offset, encoding.littleEndian);
      this.offset += 2;
      return { vr, length };
    }
    this.offset += 2;
    return { vr, length: this.#uint32(encoding.littleEndian) };
  }

  #items(encoding: Encoding, end: number | undefined, depth: number): readonly ElementSet[] {
    const items: ElementSet[] = [];
    while (end === undefined || this.offset < end) {
      const start = this.offset;
      const tag = this.peekTag(encoding.littleEndian);
      this.offset += 4;
      const length = this.#uint32(encoding.littleEndian);
      if (tag === SEQUENCE_END && end === undefined) return items;
      if (tag !== ITEM) throw malformed('A sequence holds something else than items', start);
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
      const tag = this.peekTag(littleEndian);
      this.offset += 4;
      const length = this.#uint32(littleEndian);
      if (tag === SEQUENCE_END) return fragments;
      if (tag !== ITEM) throw malformed('Encapsulated pixel data hold something else than fragments', start);
      fragments.push(this.#take(length));
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#endAfter(length);
    const value = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    return value;
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
