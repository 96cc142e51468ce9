/** Reads the header of a file that is still arriving. */
import { type DicomFile, readDicom, readDicomStart } from '#dicom/read.ts';

/** Holds most headers. Where it is too little, four times as much is read, and so on. */
const START_BYTES = 64 * 1024;

/**
 * What is before the pixel data. The rest of the file is not waited for, except where only the whole can be read.
 *
 * @throws DicomReadError if it cannot be read
 */
export async function headerOf(file: AsyncIterable<Uint8Array>): Promise<DicomFile> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let next = START_BYTES;
  for await (const piece of file) {
    pieces.push(piece);
    size += piece.length;
    if (size < next) continue;
    // How long the file will be is not known yet: it has at least these.
    const start = readDicomStart(Buffer.concat(pieces, size), size);
    if (start !== undefined) return start;
    next = size * 4;
  }
  return readDicom(Buffer.concat(pieces, size), { stopBeforePixels: true });
}
