/** What a JPEG 2000 or HTJ2K codestream says about itself, and whether it is whole (ITU-T T.800 A). */
import { corrupt, unsupported } from './corrupt.ts';
import type { CodestreamSize } from './markers.ts';

const SOT = 0xff90;
const EOC = 0xffd9;
/** SOC and SIZ, with which a codestream begins. */
const START = Uint8Array.of(0xff, 0x4f, 0xff, 0x51);
/** The boxes of a JP2 file that some writers put before it. */
const MAX_BOX_BYTES = 4096;
const SIZ_BYTES = 40;
const SOT_BYTES = 12;

/**
 * The size from the SIZ segment, once it is known that every tile is there: decoders leave what is missing black and say
 * nothing.
 *
 * @throws DicomReadError `corrupt-pixel-data` where tiles or bytes are missing, `unsupported-pixel-format` where components
 *   differ in size or precision
 */
export function wholeCodestream(encoded: Uint8Array): CodestreamSize {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const start = buffer.subarray(0, MAX_BOX_BYTES).indexOf(START);
  if (start < 0 || start + 2 + SIZ_BYTES > encoded.length) throw corrupt('The compressed frame lacks its header');
  const siz = new DataView(encoded.buffer, encoded.byteOffset + start + 4);
  const [width, height, left, top] = [siz.getUint32(4), siz.getUint32(8), siz.getUint32(12), siz.getUint32(16)];
  const [tileWidth, tileHeight, tilesLeft, tilesTop] = [20, 24, 28, 32].map((at) => siz.getUint32(at));
  const components = siz.getUint16(36);
  const bytes = siz.getUint16(0);
  if (
    !tileWidth ||
    !tileHeight ||
    tilesLeft === undefined ||
    tilesTop === undefined ||
    width <= left ||
    height <= top
  ) {
    throw corrupt('The compressed frame has no usable size');
  }
  if (bytes !== 38 + 3 * components || start + 4 + bytes > encoded.length) throw corrupt('The SIZ segment is broken');
  const precision = componentPrecision(siz, components);
  const tiles = Math.ceil((width - tilesLeft) / tileWidth) * Math.ceil((height - tilesTop) / tileHeight);
  checkTileParts(buffer.subarray(start), 4 + bytes, tiles);
  return { rows: height - top, columns: width - left, components, precision };
}

/** All components alike, as every Photometric Interpretation of DICOM has them. */
function componentPrecision(siz: DataView, components: number): number {
  const depth = siz.getUint8(38);
  for (let i = 0; i < components; i += 1) {
    const at = 38 + 3 * i;
    const isAlike = siz.getUint8(at) === depth && siz.getUint8(at + 1) === 1 && siz.getUint8(at + 2) === 1;
    if (!isAlike) throw unsupported('The components of the compressed frame differ in size or precision');
  }
  return (depth & 0x7f) + 1;
}

/** Follows the tile-parts by their lengths (A.4.2): they must fill the stream and show every tile. */
function checkTileParts(stream: Buffer, afterSiz: number, tiles: number): void {
  if (tiles > stream.length / SOT_BYTES) throw corrupt(`The compressed frame has not room for its ${tiles} tiles`);
  let at = afterSiz;
  while (at + 4 <= stream.length && stream.readUInt16BE(at) !== SOT) at += 2 + stream.readUInt16BE(at + 2);
  const seen = new Set<number>();
  while (at + SOT_BYTES <= stream.length && stream.readUInt16BE(at) === SOT) {
    seen.add(stream.readUInt16BE(at + 4));
    const length = stream.readUInt32BE(at + 6);
    // Zero stands for all that is left, which the last tile-part alone may have.
    if (length === 0) at = stream.length;
    else if (length < SOT_BYTES + 2) throw corrupt('A tile-part of the compressed frame is too short');
    else at += length;
  }
  const isWhole = at === stream.length || (at + 2 <= stream.length && stream.readUInt16BE(at) === EOC);
  if (!isWhole || seen.size !== tiles) {
    throw corrupt(`The compressed frame has ${seen.size} of ${tiles} tiles, or ends inside one`);
  }
}
