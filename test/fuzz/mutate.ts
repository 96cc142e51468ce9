/** Seeded mutations of DICOM files: of their elements, their encapsulation, their codestreams, and of their bytes. */
import type { Random } from '#phantoms/random.ts';
import { mutateFragments } from './mutate-fragments.ts';
import { copyNode, copyTree, type Node, nodeLists, type Tree, UNDEFINED_LENGTH, writeTree } from './tree.ts';
import { anyLength, anyValue, anyVr, changedBytes, repeated } from './values.ts';

/** What a mutation starts from. */
export interface Material {
  readonly bytes: Uint8Array;
  /** Absent if the seed is too damaged for a tree. */
  readonly tree?: Tree;
}

/** Attributes that decide how a file is read, with their VR. */
const DECISIVE: readonly (readonly [tag: number, vr: string])[] = [
  ...([
    [0x0008_0005, 'CS'],
    [0x0008_0008, 'CS'],
    [0x0008_0016, 'UI'],
    [0x0008_0018, 'UI'],
    [0x0008_0060, 'CS'],
  ] as const),
  ...([
    [0x0008_0070, 'LO'],
    [0x0010_0010, 'PN'],
    [0x0010_0020, 'LO'],
    [0x0018_0050, 'DS'],
    [0x0018_0088, 'DS'],
  ] as const),
  ...([
    [0x0018_1120, 'DS'],
    [0x0018_1164, 'DS'],
    [0x0020_000d, 'UI'],
    [0x0020_000e, 'UI'],
    [0x0020_0012, 'IS'],
  ] as const),
  ...([
    [0x0020_0013, 'IS'],
    [0x0020_0032, 'DS'],
    [0x0020_0037, 'DS'],
    [0x0020_0052, 'UI'],
    [0x0028_0002, 'US'],
  ] as const),
  ...([
    [0x0028_0004, 'CS'],
    [0x0028_0006, 'US'],
    [0x0028_0008, 'IS'],
    [0x0028_0010, 'US'],
    [0x0028_0011, 'US'],
  ] as const),
  ...([
    [0x0028_0030, 'DS'],
    [0x0028_0100, 'US'],
    [0x0028_0101, 'US'],
    [0x0028_0102, 'US'],
    [0x0028_0103, 'US'],
  ] as const),
  ...([
    [0x0028_0120, 'US'],
    [0x0028_0121, 'US'],
    [0x0028_1052, 'DS'],
    [0x0028_1053, 'DS'],
    [0x7fe0_0001, 'OV'],
  ] as const),
  ...([
    [0x0008_0020, 'DA'],
    [0x0008_0030, 'TM'],
    [0x0010_0030, 'DA'],
    [0x0010_0040, 'CS'],
    [0x0028_2110, 'CS'],
  ] as const),
];
const SYNTAXES = [
  ...[
    '1.2.840.10008.1.2',
    '1.2.840.10008.1.2.1',
    '1.2.840.10008.1.2.1.99',
    '1.2.840.10008.1.2.2',
    '1.2.840.10008.1.2.5',
  ],
  ...['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70'],
  ...['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81', '1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'],
  ...['1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.203', '1.2.840.10008.1.2.8.1', '1.2.3', 'constructor', ''],
] as const;

/** One to four mutations, mostly one or two: a file with many faults is refused at once and tests little. */
export function mutate(seed: Material, other: Material, random: Random): Uint8Array {
  const rounds = random.pick([1, 1, 1, 2, 2, 3, 4]);
  if (seed.tree === undefined || random.chance(0.12)) return mutateBytes(seed.bytes, other.bytes, rounds, random);
  const tree = copyTree(seed.tree);
  for (let n = 0; n < rounds; n += 1) mutateTree(tree, other.tree, random);
  const bytes = writeTree(tree);
  return random.chance(0.05) ? mutateBytes(bytes, other.bytes, 1, random) : bytes;
}

function mutateBytes(bytes: Uint8Array, other: Uint8Array, rounds: number, random: Random): Uint8Array {
  let changed = bytes;
  for (let n = 0; n < rounds; n += 1) {
    if (random.chance(0.1)) {
      const cut = random.int(0, changed.length);
      changed = Buffer.concat([changed.subarray(0, cut), other.subarray(random.int(0, other.length))]);
    } else changed = changedBytes(random, changed);
  }
  return changed;
}

function mutateTree(tree: Tree, other: Tree | undefined, random: Random): void {
  const lists = nodeLists(tree.nodes);
  const list = random.chance(0.6) ? tree.nodes : (lists[random.int(0, lists.length - 1)] ?? tree.nodes);
  const pixels = tree.nodes.find(({ tag }) => tag === 0x7fe0_0010);
  if (pixels?.fragments !== undefined && random.chance(0.45)) {
    mutateFragments(pixels.fragments, other, random);
    return;
  }
  if (random.chance(0.4)) {
    setDecisive(list, random);
    return;
  }
  const at = random.int(0, Math.max(0, list.length - 1));
  const node = list[at];
  if (node === undefined || random.chance(0.06)) mutateEncoding(tree, random);
  else mutateNode(list, at, node, other, random);
}

/** Gives a decisive attribute another value of its VR, and inserts the attribute if it is missing. */
function setDecisive(list: Node[], random: Random): void {
  const [tag, vr] = DECISIVE[random.int(0, DECISIVE.length - 1)] ?? [0x0028_0010, 'US'];
  const found = list.find((node) => node.tag === tag);
  if (found !== undefined) found.value = anyValue(random, vr, found.value);
  else {
    const after = list.findIndex((node) => node.tag > tag);
    const node = { tag, vr, value: anyValue(random, vr, new Uint8Array(0)) };
    list.splice(after < 0 ? list.length : after, 0, node);
  }
}

function mutateEncoding(tree: Tree, random: Random): void {
  switch (random.int(0, 4)) {
    case 0:
      tree.encoding = { ...tree.encoding, explicitVr: !tree.encoding.explicitVr };
      break;
    case 1:
      tree.encoding = { ...tree.encoding, littleEndian: !tree.encoding.littleEndian };
      break;
    case 2:
      tree.deflated = !tree.deflated;
      break;
    default:
      tree.TransferSyntaxUID = random.pick(SYNTAXES);
  }
}

function mutateNode(list: Node[], at: number, node: Node, other: Tree | undefined, random: Random): void {
  switch (random.int(0, 12)) {
    case 0:
      node.declaredLength = anyLength(random, node.value.length);
      break;
    case 1:
      node.vr = anyVr(random);
      break;
    case 2:
      node.tag = random.chance(0.5) ? random.int(0, 0xffff_ffff) : (list[random.int(0, list.length - 1)]?.tag ?? 0);
      break;
    case 3:
      list.splice(at, 1);
      break;
    case 4:
      list.splice(random.int(0, list.length), 0, { ...copyNode(node), value: anyValue(random, node.vr, node.value) });
      break;
    case 5:
      list.splice(random.int(0, list.length - 1), 0, ...list.splice(at, random.int(1, 3)));
      break;
    case 6:
      list[at] = wrapped(node, random);
      break;
    case 7:
      mutateItems(node, random);
      break;
    case 8:
      splice(list, at, other, random);
      break;
    case 9:
      node.value = changedBytes(random, node.value);
      break;
    case 10:
      node.value = repeated(random, random.chance(0.5) ? node.value : anyValue(random, node.vr, node.value));
      break;
    default:
      node.value = anyValue(random, node.vr, node.value);
  }
}

/** The node inside sequences, of defined length or not. */
function wrapped(node: Node, random: Random): Node {
  let inner = node;
  for (let depth = random.chance(0.8) ? random.int(1, 4) : random.int(30, 40); depth > 0; depth -= 1) {
    inner = {
      tag: random.pick([node.tag, 0x0008_1140, 0x5200_9230, 0x0009_1001]),
      vr: random.chance(0.9) ? 'SQ' : 'UN',
      value: new Uint8Array(0),
      items: [{ nodes: [inner], ...(random.chance(0.3) && { declaredLength: UNDEFINED_LENGTH }) }],
      ...(random.chance(0.3) && { declaredLength: UNDEFINED_LENGTH }),
    };
  }
  return inner;
}

function mutateItems(node: Node, random: Random): void {
  node.items ??= [];
  const { items } = node;
  const item = items[random.int(0, Math.max(0, items.length - 1))];
  if (item === undefined || random.chance(0.2)) items.push({ nodes: [] });
  else if (random.chance(0.3)) items.splice(items.indexOf(item), 1);
  else if (random.chance(0.4)) items.push({ ...item, nodes: item.nodes.map(copyNode) });
  else item.declaredLength = anyLength(random, 64);
}

/** Nodes of another file, in place of the node or beside it. */
function splice(list: Node[], at: number, other: Tree | undefined, random: Random): void {
  if (other === undefined) return;
  const lists = nodeLists(other.nodes);
  const from = lists[random.int(0, lists.length - 1)] ?? [];
  const start = random.int(0, from.length);
  list.splice(at, random.int(0, 1), ...from.slice(start, start + random.int(1, 4)).map(copyNode));
}
