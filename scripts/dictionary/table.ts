/** The data dictionary's table as it is committed, made of dcmjs's dictionary. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DcmjsDictionaryEntry, dictionary } from 'dcmjs/dictionary';

/** dcmjs's names for what PS3.6 leaves to the data, in PS3.6's words. */
const CHOICES: Readonly<Record<string, string>> = { ox: 'OB or OW', xs: 'US or SS', lt: 'US or OW', up: 'UL' };
const RETIRED = 'RETIRED_';

/**
 * The table's bytes: a row an attribute, in the order of tags, `tag,VR,VM,keyword`, and `tag,VR` for retired ones, which are
 * read and never written. Repeating groups (50xx, 60xx, 7Fxx) are there as their first. Private attributes, whose names nobody
 * vouches for, and the few that are given as ranges of elements are left out.
 *
 * @throws Error where an entry cannot be written so, or two have the same tag
 */
export function dictionaryTable(): string {
  const attributes = Object.values(dictionary).flatMap(rowOf).sort();
  const tags = attributes.map((row) => row.split(',', 1)[0]);
  const twice = tags.find((tag, index) => tag === tags[index + 1]);
  if (twice !== undefined) throw new Error(`${twice} comes twice`);
  const source = `PS3.6 as in dcmjs ${version()} (MIT)`;
  return `${JSON.stringify({ source, attributes }, undefined, 2)}\n`;
}

function rowOf({ tag, name, vr, vm }: DcmjsDictionaryEntry): readonly string[] {
  const [, group, element] = /^\(([0-9A-F]{4})(?:-[0-9A-F]{4})?,([0-9A-F]{4})\)$/.exec(tag) ?? [];
  if (group === undefined || element === undefined || Number.parseInt(group, 16) % 2 === 1) return [];
  const columns = [group + element, CHOICES[vr] ?? vr, ...(name.startsWith(RETIRED) ? [] : [vm, name])];
  if (columns.some((column) => column === '' || column.includes(','))) throw new Error(`${tag} makes no row`);
  return [columns.join(',')];
}

function version(): string {
  const file = new URL('../package.json', import.meta.resolve('dcmjs'));
  return (JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as { readonly version: string }).version;
}
