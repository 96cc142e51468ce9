/** The data dictionary (PS3.6), dcmjs's: from keyword to tag, VR and VM, and back. Its parser and writer are not loaded. */
import { type DcmjsDictionaryEntry, dictionary } from 'dcmjs/dictionary';

export interface DictionaryEntry {
  readonly keyword: string;
  /** Group and element, eight upper-case hexadecimal digits; repeating groups (50xx, 60xx) as their first. */
  readonly tag: string;
  /**
   * The Value Representation; where the standard gives a choice, in PS3.6's words: `OB or OW`, `US or SS`,
   * `US or OW`. The data decides (PS3.5 A).
   */
  readonly vr: string;
  /** Value Multiplicity as in PS3.6: `1`, `1-3`, `2-2n`, `1-n` … */
  readonly vm: string;
}

const CHOICES: Readonly<Record<string, string>> = { ox: 'OB or OW', xs: 'US or SS', lt: 'US or OW', up: 'UL' };
/** Retired attributes have this before their keyword: they are read, and never written. */
const RETIRED = 'RETIRED_';

const entries: readonly DictionaryEntry[] = Object.values(dictionary).flatMap(entryOf);
const byKeyword: ReadonlyMap<string, DictionaryEntry> = new Map(entries.map((entry) => [entry.keyword, entry]));
const byTag: ReadonlyMap<number, DictionaryEntry> = new Map(
  entries.map((entry) => [Number.parseInt(entry.tag, 16), entry]),
);

/** Nothing for private attributes, whose names nobody vouches for, and the few that are given as ranges of elements. */
function entryOf({ tag, name, vr, vm }: DcmjsDictionaryEntry): readonly DictionaryEntry[] {
  const [, group, element] = /^\(([0-9A-F]{4})(?:-[0-9A-F]{4})?,([0-9A-F]{4})\)$/.exec(tag) ?? [];
  if (group === undefined || element === undefined || Number.parseInt(group, 16) % 2 === 1) return [];
  return [{ keyword: name, tag: group + element, vr: CHOICES[vr] ?? vr, vm }];
}

/** The attribute of that keyword, or undefined where PS3.6 has none in use (retired ones are left out). */
export function lookup(keyword: string): DictionaryEntry | undefined {
  return keyword.startsWith(RETIRED) ? undefined : byKeyword.get(keyword);
}

/** The keyword of a tag that PS3.6 has and has not retired. */
export function keywordOf(tag: number): string | undefined {
  const keyword = byTag.get(tag)?.keyword;
  return keyword?.startsWith(RETIRED) === true ? undefined : keyword;
}

/**
 * The VR of a tag where the data set does not say (Implicit VR): PS3.6's, UL for group lengths, LO for private creators,
 * and undefined for what is not in the dictionary. Repeating groups (50xx, 60xx) count as their first.
 */
export function vrOf(tag: number): string | undefined {
  const group = Math.floor(tag / 0x1_0000);
  const element = tag % 0x1_0000;
  if (element === 0) return 'UL';
  if (group % 2 === 1) return element >= 0x10 && element <= 0xff ? 'LO' : undefined;
  const repeating = (group >= 0x5000 && group <= 0x50ff) || (group >= 0x6000 && group <= 0x60ff);
  return byTag.get(repeating ? (group & 0xff00) * 0x1_0000 + element : tag)?.vr;
}
