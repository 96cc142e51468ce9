/** Changes to DICOM files that a correct writer would refuse: values of any form, in any Value Representation. */
import { lookup } from '#dicom/dictionary.ts';
import { resultUid } from '#dicom/uid.ts';
import { copyTree, type Node, readTree, type Tree, writeTree } from '../fuzz/tree.ts';

/** A file that can be changed. */
export type File = Tree;

/** A value as it is to stand in the file: bytes under a Value Representation, right or wrong. */
interface Raw {
  readonly vr: string;
  readonly bytes: Uint8Array;
}
type Value = string | number | readonly (string | number)[] | Raw | readonly Changes[];
/** By keyword; `undefined` removes the attribute. */
export interface Changes {
  readonly [keyword: string]: Value | undefined;
}

/** A text under a Value Representation, one character a byte, not padded. */
export const raw = (vr: string, text: string): Raw => ({ vr, bytes: Buffer.from(text, 'latin1') });

const NUMBERS: Readonly<Record<string, (values: readonly number[]) => Uint8Array>> = {
  US: (values) => new Uint8Array(Uint16Array.from(values).buffer),
  SS: (values) => new Uint8Array(Int16Array.from(values).buffer),
  UL: (values) => new Uint8Array(Uint32Array.from(values).buffer),
  FD: (values) => new Uint8Array(Float64Array.from(values).buffer),
};

export const fileOf = (bytes: Uint8Array): File => readTree(bytes);
export const bytesOf = (file: File): Uint8Array => writeTree(file);

/** A copy with these attributes. */
export function changed(file: File, changes: Changes): File {
  const copy = copyTree(file);
  copy.nodes = changedNodes(copy.nodes, changes);
  return copy;
}

function changedNodes(nodes: readonly Node[], changes: Changes): Node[] {
  const added = Object.entries(changes).map(([keyword, value]) => ({ tag: tagOf(keyword), keyword, value }));
  const kept = nodes.filter(({ tag }) => !added.some((one) => one.tag === tag));
  const written = added.flatMap(({ tag, keyword, value }) =>
    value === undefined ? [] : [nodeOf(tag, keyword, value)],
  );
  return [...kept, ...written].sort((a, b) => a.tag - b.tag);
}

function tagOf(keyword: string): number {
  const entry = lookup(keyword);
  if (entry === undefined) throw new RangeError(`PS3.6 has no attribute ${keyword}`);
  return Number.parseInt(entry.tag, 16);
}

function nodeOf(tag: number, keyword: string, value: Value): Node {
  const vr = (lookup(keyword)?.vr ?? 'UN').slice(0, 2);
  if (isRaw(value)) return { tag, vr: value.vr, value: value.bytes };
  if (isItems(value)) {
    return { tag, vr, value: new Uint8Array(), items: value.map((item) => ({ nodes: changedNodes([], item) })) };
  }
  const values = typeof value === 'object' ? value : [value];
  const numbers = NUMBERS[vr];
  const bytes = numbers === undefined ? padded(vr, values.join('\\')) : numbers(values.map(Number));
  return { tag, vr, value: bytes };
}

function padded(vr: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Uint8Array.of(vr === 'UI' ? 0 : 0x20)]);
}

const isRaw = (value: Value): value is Raw => typeof value === 'object' && 'bytes' in value;
const isItems = (value: Value): value is readonly Changes[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'object');

/** The file as another instance, if wanted of another series of the study. */
export function renamed(file: File, name: string, series?: string): File {
  return changed(file, {
    SOPInstanceUID: resultUid('field', textOf(file, 'SOPInstanceUID'), name),
    ...(series !== undefined && { SeriesInstanceUID: resultUid('field', textOf(file, 'StudyInstanceUID'), series) }),
  });
}

/** The text of an attribute, '' where it is absent. */
function textOf(file: File, keyword: string): string {
  const node = file.nodes.find(({ tag }) => tag === tagOf(keyword));
  return node === undefined
    ? ''
    : Buffer.from(node.value)
        .toString('latin1')
        .replace(/[ \0]+$/, '');
}

/** The numbers of a decimal string. */
export const numbersOf = (file: File, keyword: string): readonly number[] =>
  textOf(file, keyword).split('\\').map(Number);

/** A picture of stored values, row by row. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly values: Uint16Array;
}

/** The stored values of a file with native 16-bit pixels. */
export function pictureOf(file: File): Picture {
  const [rows = 0, columns = 0] = ['Rows', 'Columns'].map((keyword) => wordOf(file, keyword));
  const bytes = file.nodes.find(({ tag }) => tag === tagOf('PixelData'))?.value ?? new Uint8Array();
  return { rows, columns, values: new Uint16Array(bytes.slice(0, 2 * rows * columns).buffer) };
}

function wordOf(file: File, keyword: string): number {
  const bytes = file.nodes.find(({ tag }) => tag === tagOf(keyword))?.value ?? Uint8Array.of(0, 0);
  return (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0);
}

/** The file with another picture of 16 bits allocated. */
export function repainted(file: File, { rows, columns, values }: Picture): File {
  const PixelData = { vr: 'OW', bytes: new Uint8Array(values.slice().buffer) };
  return changed(file, { Rows: rows, Columns: columns, PixelData });
}

/** The same file with each stored value replaced. */
export function mapped(file: File, replace: (value: number, at: number) => number): File {
  const picture = pictureOf(file);
  return repainted(file, { ...picture, values: picture.values.map(replace) });
}

/** A picture of another size, made from positions (row, column) of this one. */
export function drawn(
  { columns, values }: Picture,
  size: Pick<Picture, 'rows' | 'columns'>,
  from: (row: number, column: number) => readonly [row: number, column: number],
): Picture {
  const made = new Uint16Array(size.rows * size.columns);
  for (let row = 0; row < size.rows; row += 1) {
    for (let column = 0; column < size.columns; column += 1) {
      const [fromRow, fromColumn] = from(row, column);
      made[row * size.columns + column] = values[fromRow * columns + fromColumn] ?? 0;
    }
  }
  return { ...size, values: made };
}

export const upsideDown = (picture: Picture): Picture =>
  drawn(picture, picture, (row, column) => [picture.rows - 1 - row, column]);
export const mirrored = (picture: Picture): Picture =>
  drawn(picture, picture, (row, column) => [row, picture.columns - 1 - column]);
