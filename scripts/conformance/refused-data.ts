/**
 * How the decoders do on files of the test data that Hilum refuses only because of their UIDs or their missing preamble. The
 * product goes on refusing them; here they are repaired in memory, so that their codestreams are judged, too.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DicomReadErrorCode } from '#dicom/error.ts';
import { type DicomFile, readDicom } from '#dicom/read.ts';
import { type Node, readTree, writeTree } from '../../test/fuzz/tree.ts';

/** Refusals that say nothing about the pixels. */
export const REPAIRED: ReadonlySet<string> = new Set<DicomReadErrorCode>(['missing-uid', 'invalid-uid', 'not-dicom']);

/** SOP Class (Secondary Capture), SOP Instance, Study Instance and Series Instance UID, in the order of their tags. */
const UIDS: readonly (readonly [tag: number, uid: string])[] = [
  [0x0008_0016, '1.2.840.10008.5.1.4.1.1.7'],
  [0x0008_0018, '2.25.11'],
  [0x0020_000d, '2.25.12'],
  [0x0020_000e, '2.25.13'],
];
const PREFIX = Buffer.from('DICM', 'latin1');
const PREAMBLE_BYTES = 128;

/**
 * @param transferSyntax the manifest's entry, for a file without File Meta Information
 * @throws DicomReadError where the file has other faults, too
 */
export async function readRepaired(folder: string, path: string, transferSyntax: string): Promise<DicomFile> {
  const tree = readTree(withPreamble(await readFile(join(folder, path)), transferSyntax));
  for (const [tag, uid] of UIDS) tree.nodes = withUid(tree.nodes, tag, uid);
  return readDicom(writeTree(tree));
}

function withPreamble(bytes: Buffer, transferSyntax: string): Uint8Array {
  if (bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + PREFIX.length).equals(PREFIX)) return bytes;
  const preamble = new Uint8Array(PREAMBLE_BYTES);
  const hasMeta = bytes.readUInt16LE(0) === 0x0002;
  if (hasMeta) return Buffer.concat([preamble, PREFIX, bytes]);
  const empty = { explicitVr: true, littleEndian: true };
  return Buffer.concat([
    writeTree({ TransferSyntaxUID: transferSyntax, encoding: empty, deflated: false, nodes: [] }),
    bytes,
  ]);
}

function withUid(nodes: readonly Node[], tag: number, uid: string): Node[] {
  const value = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1');
  return [...nodes.filter((node) => node.tag !== tag), { tag, vr: 'UI', value }].toSorted((a, b) => a.tag - b.tag);
}
