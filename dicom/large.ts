/** Checks the pixel data of files that are too large for memory. */
import { DicomReadError } from './error.ts';
import { ITEM, MAX_ENTRIES_OF_LARGE, malformed, type PixelPlace, SEQUENCE_END, truncated } from './structure.ts';

/** Tag and length, 4 bytes each. */
const ITEM_HEADER = 8;

/**
 * Checks that the file has all of its pixel data, as `readDicom` does: the declared bytes, or fragments up to their end (PS3.5 A.4).
 *
 * @param readAt reads so many bytes of the file
 * @throws DicomReadError `truncated`, `malformed` or `limit-exceeded`
 */
export async function checkPixelPlace(
  { offset, length, littleEndian }: PixelPlace,
  size: number,
  readAt: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<void> {
  const need = (at: number, bytes: number): void => {
    if (bytes > size - at) throw truncated(bytes, size - at);
  };
  if (length !== undefined) return need(offset, length);
  let at = offset;
  for (let fragments = 0; fragments < MAX_ENTRIES_OF_LARGE; fragments += 1) {
    need(at, ITEM_HEADER / 2);
    need(at + ITEM_HEADER / 2, ITEM_HEADER / 2);
    const header = await readAt(at, ITEM_HEADER);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const tag = view.getUint16(0, littleEndian) * 0x1_0000 + view.getUint16(2, littleEndian);
    if (tag === SEQUENCE_END) return;
    if (tag !== ITEM) throw malformed('Encapsulated pixel data holds something other than fragments', at);
    const bytes = view.getUint32(4, littleEndian);
    at += ITEM_HEADER;
    need(at, bytes);
    at += bytes;
  }
  throw new DicomReadError('limit-exceeded', `The file holds more than ${MAX_ENTRIES_OF_LARGE} fragments`, {
    facts: { limit: MAX_ENTRIES_OF_LARGE },
  });
}
