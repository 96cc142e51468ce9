/** The committed table of the data dictionary, made from dcmjs's dictionary. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DcmjsDictionaryEntry, dictionary } from 'dcmjs/dictionary';

/** dcmjs's names for VRs that PS3.6 leaves to the data, in PS3.6's words. */
const CHOICES: Readonly<Record<string, string>> = { ox: 'OB or OW', xs: 'US or SS', lt: 'US or OW', up: 'UL' };
const RETIRED = 'RETIRED_';

/**
 * The table's bytes. It has one row per attribute, in the order of tags: `tag,VR,VM,keyword`, or `tag,VR` for retired attributes,
 * which are read and never written. Repeating groups (50xx, 60xx, 7Fxx) are listed under their first group. Private attributes,
 * whose names nobody vouches for, are left out, and so are the few entries for ranges of elements.
 *
 * @throws Error where an entry does not make such a row, or two entries have the same tag
 */
export function dictionaryTable(): string {
  const attributes = Object.values(dictionary).flatMap(rowOf).sort();
  const tags = attributes.map((row) => row.split(',', 1)[0]);
  const twice = tags.find((tag, index) => tag === tags[index + 1]);
  if (twice !== undefined) throw new Error(`${twice} occurs twice`);
  const source = `PS3.6 as in dcmjs ${version()} (MIT)`;
  return `${JSON.stringify({ source, attributes }, undefined, 2)}\n`;
}

function rowOf({ tag, name, vr, vm }: DcmjsDictionaryEntry): readonly string[] {
  const [, group, element] = /^\(([0-9A-F]{4})(?:-[0-9A-F]{4})?,([0-9A-F]{4})\)$/.exec(tag) ?? [];
  if (group === undefined || element === undefined || Number.parseInt(group, 16) % 2 === 1) return [];
  const columns = [group + element, CHOICES[vr] ?? vr, ...(name.startsWith(RETIRED) ? [] : [vm, name])];
  if (columns.some((column) => column === '' || column.includes(','))) throw new Error(`${tag} does not make a row`);
  return [columns.join(',')];
}

function version(): string {
  const file = new URL('../package.json', import.meta.resolve('dcmjs'));
  return (JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as { readonly version: string }).version;
}
