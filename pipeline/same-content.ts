/** Compares an object read back from an archive with the stored one. */

/** Preamble and `DICM` (PS3.10 7.1), then the group length element (0002,0000), Explicit VR Little Endian, 12 bytes. */
const GROUP_LENGTH_AT = 132;
const GROUP_LENGTH_SIZE = 12;

/**
 * Whether two Part 10 files hold the same data set, byte for byte. The preamble and the File Meta Information are not
 * compared: they name the program that wrote the file, and an archive may write its own.
 */
export function sameContent(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(datasetOf(a), datasetOf(b)) === 0;
}

function datasetOf(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const hasGroupLength =
    file.byteLength >= GROUP_LENGTH_AT + GROUP_LENGTH_SIZE && view.getUint32(GROUP_LENGTH_AT, true) === 0x0000_0002;
  if (!hasGroupLength) return file;
  return file.subarray(GROUP_LENGTH_AT + GROUP_LENGTH_SIZE + view.getUint32(GROUP_LENGTH_AT + 8, true));
}
