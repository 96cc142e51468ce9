/** The data dictionary (PS3.6), as dcmjs brings it: from keyword to tag, VR and VM. */
import dcmjs from 'dcmjs';

export interface DictionaryEntry {
  readonly keyword: string;
  /** Group and element, eight upper-case hexadecimal digits. */
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

/** The attribute of that keyword, or undefined where PS3.6 has none in use (retired ones are left out). */
export function lookup(keyword: string): DictionaryEntry | undefined {
  const { nameMap } = dcmjs.data.DicomMetaDictionary;
  const entry = Object.hasOwn(nameMap, keyword) ? nameMap[keyword] : undefined;
  if (entry === undefined || keyword.startsWith('RETIRED_')) return undefined;
  const tag = entry.tag.slice(1, 5) + entry.tag.slice(6, 10);
  return { keyword, tag, vr: CHOICES[entry.vr] ?? entry.vr, vm: entry.vm };
}

/** The dictionary by tag, made on first use. */
let byTag: ReadonlyMap<number, { readonly keyword: string; readonly vr: string }> | undefined;

function entryOf(tag: number): { readonly keyword: string; readonly vr: string } | undefined {
  byTag ??= new Map(
    Object.entries(dcmjs.data.DicomMetaDictionary.nameMap).flatMap(([keyword, entry]) => {
      if (entry === undefined) return [];
      const hexadecimal = entry.tag.slice(1, 5) + entry.tag.slice(6, 10);
      return [[Number.parseInt(hexadecimal, 16), { keyword, vr: CHOICES[entry.vr] ?? entry.vr }] as const];
    }),
  );
  return byTag.get(tag);
}

/** The keyword of a tag that PS3.6 has and has not retired. */
export function keywordOf(tag: number): string | undefined {
  const keyword = entryOf(tag)?.keyword;
  return keyword === undefined || lookup(keyword) === undefined ? undefined : keyword;
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
  return entryOf(repeating ? (group & 0xff00) * 0x1_0000 + element : tag)?.vr;
}
