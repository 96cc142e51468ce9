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
