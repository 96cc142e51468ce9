/** What a JPEG 2000 or HTJ2K codestream says about itself, and whether it is complete (ITU-T T.800 A). */
import { corrupt, unsupported } from './corrupt.ts';
import type { CodestreamSize } from './markers.ts';

const COD = 0xff52;
const SOT = 0xff90;
const EOC = 0xffd9;
/** SOC and SIZ: every codestream begins with them. */
const START = Uint8Array.of(0xff, 0x4f, 0xff, 0x51);
/** Some writers put the boxes of a JP2 file first; the codestream must begin within this many bytes. */
const MAX_BOX_BYTES = 4096;
const SIZ_BYTES = 40;
const SOT_BYTES = 12;

/** What is known about a codestream before it is decoded. */
export interface Codestream extends CodestreamSize {
  readonly signed: boolean;
  /** Offset of each component's Ssiz: bits per sample minus one, with the sign in the highest bit (A.5.1). */
  readonly depthsAt: readonly number[];
  /** Whether three components share a colour transform (A.6.1), which decoders undo. */
  readonly colourTransform: boolean;
}

/**
 * Reads the size from the SIZ segment after checking that every tile is there: decoders leave missing tiles black and
 * report no error.
 *
 * @throws DicomReadError `corrupt-pixel-data` where tiles or bytes are missing; `unsupported-pixel-format` where components
 *   differ in size or precision
 */
export function wholeCodestream(encoded: Uint8Array): Codestream {
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
  const depth = componentDepth(siz, components);
  const tiles = Math.ceil((width - tilesLeft) / tileWidth) * Math.ceil((height - tilesTop) / tileHeight);
  const stream = buffer.subarray(start);
  const segments = mainHeader(stream, 4 + bytes);
  checkTileParts(stream, segments.at(-1)?.at ?? stream.length, tiles);
  // Scod, progression order and layers precede the transform.
  const cod = segments.find(({ marker }) => marker === COD)?.at ?? stream.length;
  return {
    ...{ rows: height - top, columns: width - left, components },
    ...{ precision: (depth & 0x7f) + 1, signed: depth >= 0x80 },
    depthsAt: Array.from({ length: components }, (_, i) => start + 4 + 38 + 3 * i),
    colourTransform: stream[cod + 8] === 1,
  };
}

/** The depth that all components share, as every Photometric Interpretation of DICOM requires. */
function componentDepth(siz: DataView, components: number): number {
  const depth = siz.getUint8(38);
  for (let i = 0; i < components; i += 1) {
    const at = 38 + 3 * i;
    const isAlike = siz.getUint8(at) === depth && siz.getUint8(at + 1) === 1 && siz.getUint8(at + 2) === 1;
    if (!isAlike) throw unsupported('The components of the compressed frame differ in size or precision');
  }
  return depth;
}

/** The marker segments of the main header from `from` on. The last one is the first tile-part's SOT, if there is one. */
function mainHeader(stream: Buffer, from: number): readonly { readonly marker: number; readonly at: number }[] {
  const segments: { marker: number; at: number }[] = [];
  let at = from;
  while (at + 4 <= stream.length) {
    const marker = stream.readUInt16BE(at);
    segments.push({ marker, at });
    if (marker === SOT) break;
    at += 2 + stream.readUInt16BE(at + 2);
  }
  return segments;
}

/** Follows the tile-parts by their lengths (A.4.2): they must fill the stream and cover every tile. */
function checkTileParts(stream: Buffer, firstSot: number, tiles: number): void {
  if (tiles > stream.length / SOT_BYTES) throw corrupt(`The compressed frame is too short for its ${tiles} tiles`);
  let at = firstSot;
  const seen = new Set<number>();
  while (at + SOT_BYTES <= stream.length && stream.readUInt16BE(at) === SOT) {
    seen.add(stream.readUInt16BE(at + 4));
    const length = stream.readUInt32BE(at + 6);
    // Zero stands for the rest of the stream; only the last tile-part may have it.
    if (length === 0) at = stream.length;
    else if (length < SOT_BYTES + 2) throw corrupt('A tile-part of the compressed frame is too short');
    else at += length;
  }
  const isWhole = at === stream.length || (at + 2 <= stream.length && stream.readUInt16BE(at) === EOC);
  if (!isWhole || seen.size !== tiles) {
    throw corrupt(`The compressed frame has ${seen.size} of ${tiles} tiles, or ends inside one`);
  }
}
