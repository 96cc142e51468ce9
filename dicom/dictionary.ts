/**
 * The data dictionary (PS3.6): from keyword to tag, VR and VM, and back. The data is `dictionary-table.json`, which
 * `npm run dictionary` makes from the dictionary of dcmjs.
 */
import table from './dictionary-table.json' with { type: 'json' };

export interface DictionaryEntry {
  readonly keyword: string;
  /** Group and element, eight upper-case hexadecimal digits. Repeating groups (50xx, 60xx) are listed under their first group. */
  readonly tag: string;
  /**
   * The Value Representation. Where the standard leaves a choice, it is in PS3.6's words: `OB or OW`, `US or SS`,
   * `US or OW`. The data decides (PS3.5 A).
   */
  readonly vr: string;
  /** Value Multiplicity as in PS3.6: `1`, `1-3`, `2-2n`, `1-n` … */
  readonly vm: string;
}

// The table is indexed at the first look-up and its rows are parsed on demand: a process needs few of the 5,000, and must start fast.
let byKeyword: ReadonlyMap<string, string> | undefined;
let byTag: ReadonlyMap<number, string> | undefined;
const entries = new Map<string, DictionaryEntry>();

/** Rows of retired attributes (`tag,VR`) have no keyword: such attributes are read, and never written. */
const keywordIn = (row: string): string | undefined => row.split(',')[3];

/** The attribute with that keyword; undefined where PS3.6 does not have it or has retired it. */
export function lookup(keyword: string): DictionaryEntry | undefined {
  const known = entries.get(keyword);
  if (known !== undefined) return known;
  byKeyword ??= new Map(table.attributes.map((row) => [keywordIn(row) ?? '', row]));
  const [tag, vr, vm] = byKeyword.get(keyword)?.split(',') ?? [];
  if (tag === undefined || vr === undefined || vm === undefined) return undefined;
  const entry = { keyword, tag, vr, vm };
  entries.set(keyword, entry);
  return entry;
}

/** The keyword of a tag; undefined where PS3.6 does not have the tag or has retired it. */
export function keywordOf(tag: number): string | undefined {
  const row = rowOf(tag);
  return row && keywordIn(row);
}

/**
 * The VR of a tag where the data set does not state it (Implicit VR): PS3.6's VR, UL for group lengths, LO for private
 * creators, undefined for tags outside the dictionary. Repeating groups (50xx, 60xx) count as their first group.
 */
export function vrOf(tag: number): string | undefined {
  const group = Math.floor(tag / 0x1_0000);
  const element = tag % 0x1_0000;
  if (element === 0) return 'UL';
  if (group % 2 === 1) return element >= 0x10 && element <= 0xff ? 'LO' : undefined;
  const repeating = (group >= 0x5000 && group <= 0x50ff) || (group >= 0x6000 && group <= 0x60ff);
  return rowOf(repeating ? (group & 0xff00) * 0x1_0000 + element : tag)?.split(',')[1];
}

function rowOf(tag: number): string | undefined {
  byTag ??= new Map(table.attributes.map((row) => [Number.parseInt(row, 16), row]));
  return byTag.get(tag);
}
