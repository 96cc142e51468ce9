/** Digests of data sets that stay the same however a file encodes them: Transfer Syntax, VRs, lengths, padding, character set. */
import { createHash } from 'node:crypto';
import {
  canonicalValue,
  type Decoded,
  decodedOf,
  inLittleEndian,
  isEncoding,
  isPrivate,
  itemsOf,
} from './canonical.ts';
import { ASCII_TEXT, DECODED_TEXT } from './dataset.ts';
import { vrOf } from './dictionary.ts';
import type { Element, ElementSet } from './element.ts';
import { isPixelData } from './structure.ts';

/** The pixel data of a data set, as stored: in little endian, without the Basic Offset Table. */
export interface PixelDigest {
  /** Pixel Data, Float or Double Float Pixel Data. */
  readonly tag: number;
  /** The lengths of the fragments of encapsulated pixel data. */
  readonly fragments?: readonly number[];
  /** SHA-256 (hex) over the value, or over the fragments. */
  readonly sha256: string;
}

/** Digests pixel data that come in parts: native ones are padded to an even length, as every value is (PS3.5 7.1.1). */
export function pixelHash(): {
  add(part: Uint8Array): void;
  end(tag: number, fragments?: readonly number[]): PixelDigest;
} {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add(part) {
      hash.update(part);
      bytes += part.length;
    },
    end(tag, fragments) {
      if (bytes % 2 === 1) hash.update(new Uint8Array(1));
      return { tag, ...(fragments && { fragments }), sha256: hash.digest('hex') };
    },
  };
}

/** The digest of the pixel data; undefined where a data set has none. */
export function pixelDigestOf({ elements, littleEndian }: ElementSet): PixelDigest | undefined {
  const [tag, element] = [...elements].findLast(([each]) => isPixelData(each)) ?? [];
  if (tag === undefined || element === undefined) return undefined;
  const { vr, value, fragments } = element;
  const hash = pixelHash();
  const parts = fragments?.slice(1);
  for (const part of parts ?? [inLittleEndian(vr, value, littleEndian)]) hash.add(part);
  return hash.end(
    tag,
    parts?.map(({ length }) => length),
  );
}

/**
 * SHA-256 (hex) over the elements in the order of their tags, and the pixel data.
 *
 * VRs are left out: the dictionary says which values are texts. Private values, which Implicit VR gives no VR, count as bytes; their
 * items are found all the same.
 *
 * @param isOmitted the elements that do not count, here and in items
 */
export function dataSetDigest(
  set: ElementSet,
  pixels: PixelDigest | undefined,
  isOmitted: (tag: number) => boolean,
): string {
  const sink = hashing();
  writeSet(decodedOf(set), (tag) => isEncoding(tag) || isOmitted(tag), sink, isPixelData);
  if (pixels !== undefined) {
    sink.numbers(pixels.tag, pixels.fragments?.length ?? -1, ...(pixels.fragments ?? []));
    sink.bytes(Buffer.from(pixels.sha256));
  }
  return sink.end();
}

/** What stands before a value: which form follows. */
const FORM = { value: 1, items: 2, fragments: 3 } as const;

function writeSet(
  inSet: Decoded,
  isOmitted: (tag: number) => boolean,
  sink: Sink,
  isElsewhere = (_: number): boolean => false,
): void {
  const tags = [...inSet.set.elements.keys()]
    .filter((tag) => !isOmitted(tag) && !isElsewhere(tag))
    .sort((a, b) => a - b);
  sink.numbers(tags.length);
  for (const tag of tags) {
    const element = inSet.set.elements.get(tag);
    if (element === undefined) continue;
    const items = itemsOf(element, inSet);
    if (items !== undefined && items.length > 0) {
      sink.numbers(tag, FORM.items, items.length);
      for (const item of items) writeSet(decodedOf(item, inSet), isOmitted, sink);
    } else if (element.fragments !== undefined) {
      sink.numbers(tag, FORM.fragments, element.fragments.length - 1);
      for (const fragment of element.fragments.slice(1)) writeBytes(fragment, sink);
    } else {
      sink.numbers(tag, FORM.value);
      writeBytes(canonicalValue(vrFor(tag, element), element, inSet), sink);
    }
  }
}

function writeBytes(value: Uint8Array, sink: Sink): void {
  sink.numbers(value.length);
  sink.bytes(value);
}

/** The VR by which a value is brought into canonical form: the dictionary's for texts; UN for private ones. */
function vrFor(tag: number, { vr }: Element): string {
  if (isPrivate(tag)) return 'UN';
  const known = vrOf(tag);
  return known !== undefined && (DECODED_TEXT.has(known) || ASCII_TEXT.has(known)) ? known : binary(known ?? vr);
}

const binary = (vr: string): string => (DECODED_TEXT.has(vr) || ASCII_TEXT.has(vr) ? 'UN' : vr);

interface Sink {
  numbers(...values: readonly number[]): void;
  bytes(value: Uint8Array): void;
  end(): string;
}

const BUFFER_BYTES = 16 * 1024;

/** A hash of many small values: each call of a hash costs more than a value of some bytes does. */
function hashing(): Sink {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let filled = 0;
  const flush = (): void => {
    hash.update(buffer.subarray(0, filled));
    filled = 0;
  };
  const room = (bytes: number): void => {
    if (filled + bytes > BUFFER_BYTES) flush();
  };
  return {
    numbers(...values) {
      for (const value of values) {
        room(8);
        filled = buffer.writeDoubleLE(value, filled);
      }
    },
    bytes(value) {
      room(value.length);
      if (value.length > BUFFER_BYTES) hash.update(value);
      else {
        buffer.set(value, filled);
        filled += value.length;
      }
    },
    end() {
      flush();
      return hash.digest('hex');
    },
  };
}
