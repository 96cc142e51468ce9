/** Reads the header of a file that is too large for memory. */
import { open, readFile } from 'node:fs/promises';
import { indexInstance, indexOf } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { checkPixelPlace } from '#dicom/large.ts';
import { type DicomStart, readDicomStart } from '#dicom/read.ts';
import type { StoredFile } from '#pipeline/ports.ts';

/** Holds the functional groups of 2,000 frames, say. Where it is too little, four times as much is read, and so on. */
const START_BYTES = 2 * 1024 * 1024;
/** More than the functional groups of 20,000 frames take. */
const MOST_START_BYTES = 16 * START_BYTES;

/**
 * The header index of a file, as `indexInstance` gives it. Memory holds the beginning only, except of files that cannot be read so:
 * deflated ones, those with a longer header, and single frames, whose pixels the index has a digest of.
 *
 * @throws DicomReadError
 */
export async function indexLarge({ path, sizeBytes, sha256 }: StoredFile): Promise<InstanceIndex> {
  const handle = await open(path);
  try {
    const readAt: ReadAt = async (offset, length) => {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const file = await startOf(readAt, sizeBytes);
    if (file === undefined || (file.dataset.number('NumberOfFrames') ?? 1) <= 1)
      return indexInstance(await readFile(path));
    await checkPixelPlace(file.pixels, sizeBytes, readAt);
    return indexOf(file, { sha256, sizeBytes });
  } finally {
    await handle.close();
  }
}

type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

async function startOf(readAt: ReadAt, sizeBytes: number): Promise<DicomStart | undefined> {
  for (let bytes = START_BYTES; bytes <= MOST_START_BYTES; bytes *= 4) {
    const start = readDicomStart(await readAt(0, Math.min(bytes, sizeBytes)), sizeBytes);
    if (start !== undefined || bytes >= sizeBytes) return start;
  }
  return undefined;
}
