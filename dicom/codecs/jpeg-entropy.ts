/** Huffman-coded data of JPEG (ITU-T T.81 B.2.4.2, C, F.2.2, H.2). */
import { corrupt } from './corrupt.ts';

const LONGEST_CODE = 16;
/** For each possible next 16 bits: code length × 256 + value; 0 where no code starts like that. */
export type HuffmanTable = Uint16Array;
/**
 * A Huffman table of lossless differences, with most differences precomputed. For each possible next 16 bits, `whole` holds
 * (length of code and difference) × 65536 + the difference's low 16 bits; 0 where 16 bits do not hold both.
 */
export interface DifferenceTable {
  readonly codes: HuffmanTable;
  readonly whole: Int32Array;
}
/** By class and destination in one byte, as in DHT: 0–3 for DC and lossless differences, 0x10–0x13 for AC coefficients. */
export type HuffmanTables = Map<number, HuffmanTable>;

/** A number from a segment's parameters, after checking that the segment is long enough. */
export function field(segment: Uint8Array, offset: number, bytes: 1 | 2): number {
  if (offset + bytes > segment.length) throw corrupt('A JPEG segment is too short');
  const high = segment[offset] ?? 0;
  return bytes === 1 ? high : high * 256 + (segment[offset + 1] ?? 0);
}

/** Adds the tables of a DHT segment. A table replaces an earlier one for the same destination. */
export function readHuffmanTables(segment: Uint8Array, tables: HuffmanTables): void {
  let offset = 0;
  while (offset < segment.length) {
    const destination = field(segment, offset, 1);
    const counts = Array.from({ length: 16 }, (_, i) => field(segment, offset + 1 + i, 1));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const values = Array.from({ length: total }, (_, i) => field(segment, offset + 17 + i, 1));
    tables.set(destination, huffmanTable(counts, values));
    offset += 17 + total;
  }
}

/**
 * @param counts numbers of codes of 1 to 16 bits
 * @param values the codes' values, in order
 * @throws DicomReadError `corrupt-pixel-data` where there are more codes than 16 bits can hold
 */
function huffmanTable(counts: readonly number[], values: readonly number[]): HuffmanTable {
  const table = new Uint16Array(1 << LONGEST_CODE);
  let from = 0;
  let used = 0;
  counts.forEach((count, i) => {
    const length = i + 1;
    const span = 1 << (LONGEST_CODE - length);
    for (let n = 0; n < count; n += 1) {
      if (from + span > table.length) throw corrupt('A Huffman table is broken');
      table.fill(length * 256 + (values[used] ?? 0), from, from + span);
      from += span;
      used += 1;
    }
  });
  return table;
}

/** Precomputes the difference of each code, where code and difference together have at most 16 bits. */
export function differenceTable(codes: HuffmanTable): DifferenceTable {
  const whole = new Int32Array(codes.length);
  codes.forEach((entry, ahead) => {
    const size = entry & 0xff;
    const length = (entry >> 8) + size;
    if (entry === 0 || length > LONGEST_CODE) return;
    whole[ahead] = (length << 16) | (extend(ahead >>> (LONGEST_CODE - length), size) & 0xffff);
  });
  return { codes, whole };
}

/** The number that the last `size` bits stand for; the lower half of the range is negative (T.81 F.2.2.1). */
function extend(bits: number, size: number): number {
  if (size === 0) return 0;
  const value = bits & ((1 << size) - 1);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** Reads bits up to the next marker. Reading beyond it is an error: the stream is shorter than its picture. */
export class EntropyReader {
  readonly #bytes: Uint8Array;
  #offset: number;
  /** The bits read but not used, right-aligned. */
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  /** One Huffman code's value. */
  symbol(table: HuffmanTable): number {
    const entry = table[this.#ahead()] ?? 0;
    if (entry === 0) throw corrupt('The compressed frame holds an unknown code');
    this.#skip(entry >> 8);
    return entry & 0xff;
  }

  /** A number of up to 15 bits. */
  extended(size: number): number {
    if (this.#count < size) this.#fill();
    this.#skip(size);
    return extend(this.#bits >>> this.#count, size);
  }

  /**
   * Reads lossless differences until `row` is full; the tables take turns. Each difference is its number of bits as a Huffman
   * code, then those bits (T.81 H.1.2.2).
   */
  differences(tables: readonly DifferenceTable[], row: Int32Array): void {
    for (let i = 0; i < row.length; i += 1) {
      i = this.#differencesAtOneLook(tables, row, i);
      const table = tables[i % tables.length];
      if (i < row.length && table !== undefined) row[i] = this.#difference(table);
    }
  }

  /**
   * Does the same from index `first` on while one look-up is enough, and returns the index where it was not. This is the
   * innermost loop of the process, so the reader's state is held in local variables.
   */
  #differencesAtOneLook(tables: readonly DifferenceTable[], row: Int32Array, first: number): number {
    const bytes = this.#bytes;
    let offset = this.#offset;
    let bits = this.#bits;
    let count = this.#count;
    let turn = first % tables.length;
    let whole = tables[turn]?.whole;
    let i = first;
    for (; i < row.length; i += 1) {
      while (count <= LONGEST_CODE) {
        const byte = bytes[offset];
        if (byte === undefined || (byte === 0xff && bytes[offset + 1] !== 0)) break;
        offset += byte === 0xff ? 2 : 1;
        bits = (bits << 8) | byte;
        count += 8;
      }
      if (count < LONGEST_CODE) break;
      const found = whole?.[(bits >>> (count - LONGEST_CODE)) & 0xffff] ?? 0;
      if (found === 0) break;
      count -= found >> 16;
      row[i] = (found << 16) >> 16;
      if (tables.length > 1) {
        turn = (turn + 1) % tables.length;
        whole = tables[turn]?.whole;
      }
    }
    this.#offset = offset;
    this.#bits = bits;
    this.#count = count;
    return i;
  }

  #difference({ codes }: DifferenceTable): number {
    const size = this.symbol(codes);
    if (size > 16) throw corrupt('The compressed frame holds a difference of too many bits');
    return size === 16 ? 32_768 : this.extended(size);
  }

  /** Skips the restart marker that must stand here (T.81 F.2.2.5). */
  restart(): void {
    const at = this.end();
    const marker = this.#bytes[at + 1] ?? 0;
    if (this.#bytes[at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw corrupt('A JPEG restart marker is missing');
    this.#offset = at + 2;
  }

  /** Where the entropy-coded segment ends: at the next marker. Bits left over are padding. */
  end(): number {
    this.#bits = 0;
    this.#count = 0;
    return this.#offset;
  }

  /** The next 16 bits, filled up with zeros at the end. */
  #ahead(): number {
    if (this.#count < LONGEST_CODE) this.#fill();
    return this.#count >= LONGEST_CODE
      ? (this.#bits >>> (this.#count - LONGEST_CODE)) & 0xffff
      : (this.#bits << (LONGEST_CODE - this.#count)) & 0xffff;
  }

  /** Takes whole bytes while they fit 32 bits; a stuffed zero follows each FF (T.81 B.1.1.5). */
  #fill(): void {
    while (this.#count <= 16) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined || (byte === 0xff && this.#bytes[this.#offset + 1] !== 0)) return;
      this.#offset += byte === 0xff ? 2 : 1;
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }

  #skip(length: number): void {
    if (length > this.#count) throw corrupt('The compressed frame ends before its picture does');
    this.#count -= length;
  }
}
