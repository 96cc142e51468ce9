/** What a JPEG 2000 or HTJ2K codestream says about itself, and whether it is complete (ITU-T T.800 A). */
import { corrupt, unsupported } from './corrupt.ts';
import type { CodestreamSize } from './markers.ts';
import { endOfTileParts, SOT } from './tile-parts.ts';

const COD = 0xff52;
const EOC = Uint8Array.of(0xff, 0xd9);
/** SOC and SIZ: every codestream begins with them. */
const START = Uint8Array.of(0xff, 0x4f, 0xff, 0x51);
/** Some writers put the boxes of a JP2 file first; the codestream must begin within this many bytes. */
const MAX_BOX_BYTES = 4096;
const SIZ_BYTES = 40;
/** Markers without a segment (A.2). */
const isBare = (marker: number): boolean => marker >= 0xff30 && marker <= 0xff3f;

/** What is known about a codestream before it is decoded. */
export interface Codestream extends CodestreamSize {
  readonly signed: boolean;
  /**
   * The codestream alone: from SOC to the end of its last tile-part, and EOC. Boxes of a JP2 file before it are left out (PS3.5
   * 8.2.4 excludes them), and so is whatever follows it.
   */
  readonly stream: Uint8Array;
  /** Offset of each component's Ssiz in `stream`: bits per sample minus one, with the sign in the highest bit (A.5.1). */
  readonly depthsAt: readonly number[];
  /** Whether three components share a colour transform (A.6.1), which decoders undo. */
  readonly colourTransform: boolean;
}

/**
 * Reads the size from the SIZ segment after checking that every tile-part is there: decoders leave missing ones black or
 * blurred, and report no error.
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
  const end = endOfTileParts(stream, segments.at(-1)?.at ?? stream.length, tiles);
  // Scod, progression order and layers precede the transform.
  const cod = segments.find(({ marker }) => marker === COD)?.at ?? stream.length;
  return {
    ...{ rows: height - top, columns: width - left, components },
    ...{ precision: (depth & 0x7f) + 1, signed: depth >= 0x80 },
    stream: closed(encoded, start, start + end),
    depthsAt: Array.from({ length: components }, (_, i) => 4 + 38 + 3 * i),
    colourTransform: stream[cod + 8] === 1,
  };
}

/** The bytes between two offsets with EOC behind them: a view where it is there already, or else a copy. */
function closed(encoded: Uint8Array, start: number, end: number): Uint8Array {
  const isClosed = encoded[end] === EOC[0] && encoded[end + 1] === EOC[1];
  return isClosed ? encoded.subarray(start, end + 2) : Buffer.concat([encoded.subarray(start, end), EOC]);
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
    at += isBare(marker) ? 2 : 2 + stream.readUInt16BE(at + 2);
  }
  return segments;
}
