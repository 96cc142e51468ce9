/**
 * How the decoders do on files of the test data that Hilum refuses only because of their missing preamble. The product goes on
 * refusing them; here they are repaired in memory, so that their codestreams are judged, too.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DicomReadErrorCode } from '#dicom/error.ts';
import { type DicomFile, readDicom } from '#dicom/read.ts';
import { readTree, writeTree } from '../../test/fuzz/tree.ts';

/** The refusal that says nothing about the pixels. */
export const REPAIRED: DicomReadErrorCode = 'not-dicom';

const PREFIX = Buffer.from('DICM', 'latin1');
const PREAMBLE_BYTES = 128;

/**
 * @param transferSyntax the manifest's entry, for a file without File Meta Information
 * @throws DicomReadError where the file has other faults, too
 */
export async function readRepaired(folder: string, path: string, transferSyntax: string): Promise<DicomFile> {
  const tree = readTree(withPreamble(await readFile(join(folder, path)), transferSyntax));
  return readDicom(writeTree(tree), { anyUids: true });
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
