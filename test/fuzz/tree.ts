/** DICOM files as trees that can be changed freely and written with all faults of a mutation. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { datasetOf } from '#dicom/dataset.ts';
import type { Element, ElementSet } from '#dicom/element.ts';
import { type Encoding, StructureReader } from '#dicom/structure.ts';
import { transferSyntax } from '#dicom/transfer-syntax.ts';

export interface Node {
  tag: number;
  /** Two characters, whatever they are. */
  vr: string;
  /** Replaced by mutations, never changed in place: seeds share it with their copies. */
  value: Uint8Array;
  items?: Item[];
  /** The Basic Offset Table, then the fragments. */
  fragments?: Uint8Array[];
  /** Written in place of the real length; 0xFFFFFFFF is the undefined one. */
  declaredLength?: number;
}

export interface Item {
  nodes: Node[];
  declaredLength?: number;
}

export interface Tree {
  TransferSyntaxUID: string;
  encoding: Encoding;
  deflated: boolean;
  nodes: Node[];
}

export const UNDEFINED_LENGTH = 0xffff_ffff;
const SHORT = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
/** The sizes of values whose bytes big endian swaps. */
const WIDTH: Readonly<Record<string, number>> = {
  ...{ US: 2, SS: 2, OW: 2, AT: 2, UL: 4, SL: 4, FL: 4, OF: 4, OL: 4, FD: 8, OD: 8, UV: 8, SV: 8 },
};

/** @throws DicomReadError where the seed itself cannot be read */
export function readTree(bytes: Uint8Array): Tree {
  const reader = new StructureReader(bytes, 132);
  const TransferSyntaxUID = datasetOf(reader.meta()).text('TransferSyntaxUID') ?? '';
  const { explicitVr, littleEndian, deflated } = transferSyntax(TransferSyntaxUID);
  const body = deflated ? inflateRawSync(bytes.subarray(reader.offset)) : bytes;
  const encoding = { explicitVr, littleEndian };
  const set = new StructureReader(body, deflated ? 0 : reader.offset).file(encoding, {});
  return { TransferSyntaxUID, encoding, deflated, nodes: nodesOf(set) };
}

function nodesOf({ elements }: ElementSet): Node[] {
  return [...elements].map(([tag, { vr, value, items, fragments }]: [number, Element]) => ({
    tag,
    // Where the dictionary leaves a choice (`US or SS`), the first.
    vr: vr.slice(0, 2),
    value,
    ...(items && { items: items.map((item) => ({ nodes: nodesOf(item) })) }),
    ...(fragments && { fragments: [...fragments] }),
  }));
}

/** A copy whose nodes may be changed; values and fragments are shared. */
export function copyTree(tree: Tree): Tree {
  return { ...tree, nodes: tree.nodes.map(copyNode) };
}

export function copyNode(node: Node): Node {
  return {
    ...node,
    ...(node.items && { items: node.items.map((item) => ({ ...item, nodes: item.nodes.map(copyNode) })) }),
    ...(node.fragments && { fragments: [...node.fragments] }),
  };
}

/** The same data set in another encoding. Numbers are swapped if the byte order changes. */
export function reencode(tree: Tree, TransferSyntaxUID: string): Tree {
  const { explicitVr, littleEndian, deflated } = transferSyntax(TransferSyntaxUID);
  const turned = (node: Node): Node => ({
    ...node,
    value: littleEndian === tree.encoding.littleEndian ? node.value : swapped(node.value, WIDTH[node.vr] ?? 1),
    ...(node.items && { items: node.items.map((item) => ({ ...item, nodes: item.nodes.map(turned) })) }),
  });
  return { TransferSyntaxUID, encoding: { explicitVr, littleEndian }, deflated, nodes: tree.nodes.map(turned) };
}

function swapped(value: Uint8Array, width: number): Uint8Array {
  if (width === 1) return value;
  const words = Uint8Array.from(value.subarray(0, value.length - (value.length % width)));
  for (let start = 0; start < words.length; start += width) words.subarray(start, start + width).reverse();
  return words;
}

/** All node lists of a tree: the data set's own, and those of its items at any depth. */
export function nodeLists(nodes: Node[]): Node[][] {
  return [nodes, ...nodes.flatMap((node) => (node.items ?? []).flatMap((item) => nodeLists(item.nodes)))];
}

export function writeTree(tree: Tree): Uint8Array {
  const uid = Buffer.from(tree.TransferSyntaxUID, 'latin1');
  const value = uid.length % 2 === 0 ? uid : Buffer.concat([uid, Uint8Array.of(0)]);
  const meta: Uint8Array[] = [];
  const explicit = { explicitVr: true, littleEndian: true };
  writeNode(meta, { tag: 0x0002_0010, vr: 'UI', value }, explicit);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.reduce((sum, run) => sum + run.length, 0));
  const group: Uint8Array[] = [];
  writeNode(group, { tag: 0x0002_0000, vr: 'UL', value: length }, explicit);
  const runs: Uint8Array[] = [];
  for (const node of tree.nodes) writeNode(runs, node, tree.encoding);
  const body = tree.deflated ? [deflateRawSync(Buffer.concat(runs))] : runs;
  return Buffer.concat([new Uint8Array(128), Buffer.from('DICM'), ...group, ...meta, ...body]);
}

function writeNode(runs: Uint8Array[], node: Node, encoding: Encoding): void {
  const inner: Uint8Array[] = [];
  const { littleEndian } = encoding;
  for (const fragment of node.fragments ?? [])
    inner.push(tagAndLength(0xfffe_e000, fragment.length, littleEndian), fragment);
  for (const item of node.items ?? []) writeItem(inner, item, encoding);
  const length = node.value.length + inner.reduce((sum, run) => sum + run.length, 0);
  const declared = node.declaredLength ?? (node.fragments ? UNDEFINED_LENGTH : length);
  runs.push(header(node, declared, encoding), node.value, ...inner);
  if (declared === UNDEFINED_LENGTH) runs.push(tagAndLength(0xfffe_e0dd, 0, littleEndian));
}

function writeItem(runs: Uint8Array[], { nodes, declaredLength }: Item, encoding: Encoding): void {
  const inner: Uint8Array[] = [];
  for (const node of nodes) writeNode(inner, node, encoding);
  const length = declaredLength ?? inner.reduce((sum, run) => sum + run.length, 0);
  runs.push(tagAndLength(0xfffe_e000, length, encoding.littleEndian), ...inner);
  if (length === UNDEFINED_LENGTH) runs.push(tagAndLength(0xfffe_e00d, 0, encoding.littleEndian));
}

function tagAndLength(tag: number, length: number, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, Math.floor(tag / 0x1_0000), littleEndian);
  view.setUint16(2, tag % 0x1_0000, littleEndian);
  view.setUint32(4, length, littleEndian);
  return new Uint8Array(view.buffer);
}

function header({ tag, vr }: Node, length: number, { explicitVr, littleEndian }: Encoding): Uint8Array {
  if (!explicitVr) return tagAndLength(tag, length, littleEndian);
  const short = SHORT.has(vr);
  const bytes = new Uint8Array(short ? 8 : 12);
  bytes.set(tagAndLength(tag, 0, littleEndian).subarray(0, 4));
  bytes.set(Buffer.from(vr.padEnd(2), 'latin1').subarray(0, 2), 4);
  const view = new DataView(bytes.buffer);
  if (short) view.setUint16(6, length % 0x1_0000, littleEndian);
  else view.setUint32(8, length, littleEndian);
  return bytes;
}
