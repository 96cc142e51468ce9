/** Makes the committed table of the data dictionary from dcmjs's dictionary. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DcmjsDictionaryEntry, dictionary } from 'dcmjs/dictionary';

/** dcmjs's names for VRs that depend on the data, in PS3.6's words. */
const CHOICES: Readonly<Record<string, string>> = { ox: 'OB or OW', xs: 'US or SS', lt: 'US or OW', up: 'UL' };
const RETIRED = 'RETIRED_';

/**
 * The table's bytes: one row per attribute, sorted by tag: `tag,VR,VM,keyword`, or `tag,VR` for retired attributes, which are
 * read but never written. A repeating group (50xx, 60xx, 7Fxx) is listed as its first group. Private attributes are left out
 * because their names are not standardised, and so are the few ranges of elements.
 *
 * @throws Error if an entry does not fit this form, or if two have the same tag
 */
export function dictionaryTable(): string {
  const attributes = Object.values(dictionary).flatMap(rowOf).sort();
  const tags = attributes.map((row) => row.split(',', 1)[0]);
  const twice = tags.find((tag, index) => tag === tags[index + 1]);
  if (twice !== undefined) throw new Error(`The tag ${twice} occurs twice`);
  const source = `PS3.6 as in dcmjs ${version()} (MIT)`;
  return `${JSON.stringify({ source, attributes }, undefined, 2)}\n`;
}

function rowOf({ tag, name, vr, vm }: DcmjsDictionaryEntry): readonly string[] {
  const [, group, element] = /^\(([0-9A-F]{4})(?:-[0-9A-F]{4})?,([0-9A-F]{4})\)$/.exec(tag) ?? [];
  if (group === undefined || element === undefined || Number.parseInt(group, 16) % 2 === 1) return [];
  const columns = [group + element, CHOICES[vr] ?? vr, ...(name.startsWith(RETIRED) ? [] : [vm, name])];
  if (columns.some((column) => column === '' || column.includes(',')))
    throw new Error(`The entry of ${tag} cannot be written as a row`);
  return [columns.join(',')];
}

function version(): string {
  const file = new URL('../package.json', import.meta.resolve('dcmjs'));
  return (JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as { readonly version: string }).version;
}
