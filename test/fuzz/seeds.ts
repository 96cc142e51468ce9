/** The fuzzer's seeds: small synthetic files in every Transfer Syntax, Hilum's own objects, and real files if available. */
import { isKnown } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { decodePixels } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { spinePhantomToEnhancedCt, spinePhantomToLegacyConvertedCt } from '#phantoms/enhanced-ct.ts';
import { realFile, realFiles } from '../fixtures/real-data.ts';
import { cases } from '../fixtures/results.ts';
import { encodedPictures, type Picture } from './encode.ts';
import type { Material } from './mutate.ts';
import { copyTree, readTree, reencode, type Tree, writeTree } from './tree.ts';

/** An unchanged file in the same study as the mutated one. */
export interface Companion {
  readonly bytes: Uint8Array;
  readonly index: InstanceIndex;
}

export interface Seed extends Material {
  readonly name: string;
  readonly companions: readonly Companion[];
  /** How often it is taken, beside the others. */
  readonly weight: number;
}

const SIDE = 24;
const CT = { columns: SIDE, rows: SIDE, slices: 3, spacingMm: [0.7, 0.7, 2] as const };
const NATIVE = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'];
/** Larger real files make slow cases, and smaller ones have the same features. */
const LARGEST_REAL_FILE = 300_000;

/** @param withRealFiles whether there is a folder of real data */
export async function makeSeeds(withRealFiles: boolean): Promise<readonly Seed[]> {
  const own = [...(await volumes()), ...(await radiographs()), ...enhanced(), ...results()];
  const real = withRealFiles ? realFiles().flatMap(({ path }) => realSeed(path)) : [];
  const seeds = [...own, ...real];
  for (const seed of own) await check(seed);
  return seeds;
}

/** Checks that a synthetic seed is accepted: a refused seed would test nothing. */
async function check({ name, bytes }: Seed): Promise<void> {
  try {
    await decodePixels(readDicom(bytes), inProcessDecoder);
  } catch (error) {
    if (isKnown(error) && error.code === 'no-pixel-data') return;
    throw new Error(`The seed ${name} cannot be read`, { cause: error });
  }
}

function seed(name: string, trees: readonly Tree[], weight = 6): Seed {
  const [tree, ...others] = trees;
  if (tree === undefined) throw new Error('A seed has a file');
  return { name, tree, bytes: writeTree(tree), companions: others.map((other) => companion(writeTree(other))), weight };
}

const companion = (bytes: Uint8Array): Companion => ({ bytes, index: indexInstance(bytes) });

/** Three slices of CT, natively in four syntaxes and compressed in all others. */
async function volumes(): Promise<readonly Seed[]> {
  const voxels = Int16Array.from({ length: SIDE * SIDE * CT.slices }, (_, i) => (i % SIDE) * 20 + (i % 7) - 200);
  const slices = spinePhantomToDicom({ ...CT, voxels }, { seed: 1 }).map(readTree);
  const native = NATIVE.map((syntax) =>
    seed(
      `ct ${syntax}`,
      slices.map((slice) => reencode(slice, syntax)),
    ),
  );
  const streams = await Promise.all(slices.map((slice) => encodedPictures(pictureOf(slice))));
  const syntaxes = [...(streams[0]?.keys() ?? [])];
  const compressed = syntaxes.map((syntax) =>
    seed(
      `ct ${syntax}`,
      slices.map((slice, i) => withFragments(slice, syntax, [streams[i]?.get(syntax) ?? new Uint8Array(0)])),
    ),
  );
  return [seed('ct', slices, 12), ...native, ...compressed];
}

function pictureOf(tree: Tree): Picture {
  const samples = tree.nodes.find(({ tag }) => tag === 0x7fe0_0010)?.value ?? new Uint8Array(0);
  return { rows: SIDE, columns: SIDE, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 16, samples };
}

function withFragments(tree: Tree, TransferSyntaxUID: string, frames: readonly Uint8Array[]): Tree {
  const copy = copyTree(tree);
  const even = frames.map((frame) => (frame.length % 2 === 0 ? frame : Buffer.concat([frame, Uint8Array.of(0)])));
  const offsets = Buffer.alloc(4 * frames.length);
  even.forEach((_, i) => {
    offsets.writeUInt32LE(
      even.slice(0, i).reduce((sum, frame) => sum + 8 + frame.length, 0),
      4 * i,
    );
  });
  const fragments = [frames.length > 1 ? offsets : new Uint8Array(0), ...even];
  const rest = copy.nodes.filter(({ tag }) => tag !== 0x7fe0_0010);
  const pixels = { tag: 0x7fe0_0010, vr: 'OB', value: new Uint8Array(0), fragments };
  return { ...copy, TransferSyntaxUID, nodes: [...rest, pixels] };
}

/** A radiograph of 8 bits, one of 12 bits with look-up tables, a colour picture, a bitmap: native, and where it can be, compressed. */
async function radiographs(): Promise<readonly Seed[]> {
  const grey = pictureBytes(1, 8);
  const color = pictureBytes(3, 8);
  const twelve = { ...pictureBytes(1, 16), bitsStored: 12 };
  const made = [
    { name: 'dx 8 bit', picture: grey, attributes: { ...DX, ...pixelModule(grey) } },
    { name: 'colour', picture: color, attributes: { ...SC, ...pixelModule(color) } },
    { name: 'dx 12 bit', picture: twelve, attributes: { ...DX, ...pixelModule(twelve), ...LOOK_UP } },
  ];
  const seeds: Seed[] = [];
  for (const { name, picture, attributes } of made) {
    const tree = readTree(encodeDicom({ ...identityOf(name), ...attributes, PixelData: picture.samples }));
    seeds.push(seed(name, [tree]), ...NATIVE.map((syntax) => seed(`${name} ${syntax}`, [reencode(tree, syntax)])));
    for (const [syntax, frame] of await encodedPictures(picture)) {
      seeds.push(seed(`${name} ${syntax}`, [withFragments(tree, syntax, [frame])]));
      const frames = tree.nodes.toSpliced(-1, 0, { tag: 0x0028_0008, vr: 'IS', value: Buffer.from('3 ') });
      const sorted = frames.toSorted((a, b) => a.tag - b.tag);
      seeds.push(
        seed(`${name} ${syntax} × 3`, [withFragments({ ...tree, nodes: sorted }, syntax, [frame, frame, frame])], 2),
      );
    }
  }
  const bits = new Uint8Array((SIDE * SIDE) / 8).fill(0x5a);
  const bitmap = { ...pixelModule(grey), BitsAllocated: 1, BitsStored: 1, HighBit: 0, PixelData: bits };
  return [...seeds, seed('bitmap', [readTree(encodeDicom({ ...identityOf('bitmap'), ...SC, ...bitmap }))])];
}

const DX: Attributes = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
  Modality: 'DX',
  ImageType: ['ORIGINAL', 'PRIMARY', ''],
  ImagerPixelSpacing: [0.1, 0.1],
  PixelPaddingValue: 0,
};
const SC: Attributes = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', Modality: 'OT', PlanarConfiguration: 0 };
const LOOK_UP: Attributes = {
  ModalityLUTSequence: [
    { LUTDescriptor: [16, 0, 16], ModalityLUTType: 'US', LUTData: new Uint8Array(32).map((_, i) => i) },
  ],
};

function identityOf(name: string): Attributes {
  const number = String([...name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 1_000_000);
  return {
    SOPInstanceUID: `1.2.3.${number}.1`,
    StudyInstanceUID: `1.2.3.${number}`,
    SeriesInstanceUID: `1.2.3.${number}.2`,
    PatientName: 'Fuzz^Läufer=山田',
    PatientID: 'FUZZ',
    StudyDate: '20260105',
    StudyTime: '083000',
    StudyDescription: 'Ωmega',
  };
}

function pictureBytes(samplesPerPixel: 1 | 3, bitsAllocated: 8 | 16): Picture {
  const count = SIDE * SIDE * samplesPerPixel;
  const samples = Buffer.alloc((count * bitsAllocated) / 8);
  for (let i = 0; i < count; i += 1) {
    if (bitsAllocated === 8) samples.writeUInt8((i * 7) % 200, i);
    else samples.writeUInt16LE((i * 13) % 4096, i * 2);
  }
  return { rows: SIDE, columns: SIDE, samplesPerPixel, bitsAllocated, bitsStored: bitsAllocated, samples };
}

function pixelModule({ samplesPerPixel, bitsAllocated, bitsStored }: Picture): Attributes {
  return {
    SamplesPerPixel: samplesPerPixel,
    PhotometricInterpretation: samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME1',
    Rows: SIDE,
    Columns: SIDE,
    BitsAllocated: bitsAllocated,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: 0,
  };
}

function enhanced(): readonly Seed[] {
  const voxels = Int16Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 900);
  const phantom = { ...CT, columns: 8, rows: 8, voxels };
  return [
    seed('enhanced ct', [readTree(spinePhantomToEnhancedCt(phantom, { seed: 2 }))], 30),
    seed('legacy converted ct', [readTree(spinePhantomToLegacyConvertedCt(phantom, { seed: 2 }))], 20),
  ];
}

/** Hilum's own objects, which must never become input and must do no harm as input. */
function results(): readonly Seed[] {
  return cases().flatMap(({ name, source, result }) =>
    result
      .toDicom(source)
      .map(({ kind, attributes }) => seed(`${name} ${kind}`, [readTree(encodeDicom(attributes))], 3)),
  );
}

function realSeed(path: string): readonly Seed[] {
  const bytes = realFile(path);
  if (bytes.length > LARGEST_REAL_FILE || /^(mr-t1-head|ct-spine-ref-dicom|ct-abdomen-20)\//.test(path)) return [];
  return [{ name: path, bytes, ...treeOf(bytes), companions: [], weight: bytes.length < 60_000 ? 2 : 0.1 }];
}

function treeOf(bytes: Uint8Array): { readonly tree: Tree } | undefined {
  try {
    return { tree: readTree(bytes) };
  } catch {
    return undefined;
  }
}
