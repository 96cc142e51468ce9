/** Reads the pixel data of files that are too large for memory. */
import { inLittleEndian } from './canonical.ts';
import { type PixelDigest, pixelHash } from './digest.ts';
import { DicomReadError } from './error.ts';
import { ITEM, MAX_ENTRIES_OF_LARGE, malformed, type PixelPlace, SEQUENCE_END, truncated } from './structure.ts';

/** Tag and length, 4 bytes each. */
const ITEM_HEADER = 8;

/** A multiple of the size of every number, so that none is cut. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Checks that the file has all of its pixel data, as `readDicom` does: the declared bytes, or fragments up to their end (PS3.5 A.4). Their
 * digest is that of `pixelDigestOf`.
 *
 * @param readAt reads so many bytes of the file
 * @throws DicomReadError `truncated`, `malformed` or `limit-exceeded`
 */
export async function digestPixelPlace(
  { tag, vr, offset, length, littleEndian }: PixelPlace,
  size: number,
  readAt: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<PixelDigest> {
  const hash = pixelHash();
  const need = (at: number, bytes: number): void => {
    if (bytes > size - at) throw truncated(bytes, size - at);
  };
  const add = async (start: number, end: number, isLittleEndian: boolean): Promise<void> => {
    for (let at = start; at < end; at += BLOCK_BYTES)
      hash.add(inLittleEndian(vr, await readAt(at, Math.min(BLOCK_BYTES, end - at)), isLittleEndian));
  };
  if (length !== undefined) {
    need(offset, length);
    await add(offset, offset + length, littleEndian);
    return hash.end(tag);
  }
  let at = offset;
  const fragments: number[] = [];
  while (fragments.length < MAX_ENTRIES_OF_LARGE) {
    need(at, ITEM_HEADER / 2);
    need(at + ITEM_HEADER / 2, ITEM_HEADER / 2);
    const header = await readAt(at, ITEM_HEADER);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const found = view.getUint16(0, littleEndian) * 0x1_0000 + view.getUint16(2, littleEndian);
    if (found === SEQUENCE_END) return hash.end(tag, fragments.slice(1));
    if (found !== ITEM) throw malformed('Encapsulated pixel data holds something other than fragments', at);
    const bytes = view.getUint32(4, littleEndian);
    at += ITEM_HEADER;
    need(at, bytes);
    // The first is the Basic Offset Table.
    if (fragments.length > 0) await add(at, at + bytes, true);
    fragments.push(bytes);
    at += bytes;
  }
  throw new DicomReadError('limit-exceeded', `The file holds more than ${MAX_ENTRIES_OF_LARGE} fragments`, {
    facts: { limit: MAX_ENTRIES_OF_LARGE },
  });
}
