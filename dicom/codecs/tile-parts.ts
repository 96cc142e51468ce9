/** The tile-parts of a JPEG 2000 or HTJ2K codestream (ITU-T T.800 A.4.2): whether all of them are there. */
import { corrupt } from './corrupt.ts';
import { endsWithMarker } from './markers.ts';

export const SOT = 0xff90;
const EOC = 0xffd9;
/** SOT with its segment. SOD, two bytes more, follows unless the tile-part is empty. */
const SOT_BYTES = 12;
const SOD_BYTES = 2;

/** One tile: how many of its tile-parts were seen, and how many there are (TNsot); 0 where no tile-part says so. */
interface Tile {
  readonly seen: number;
  readonly stated: number;
}

/**
 * Where the last tile-part ends. Tile-parts are followed by their lengths (Psot).
 *
 * The codestream is complete where every tile has as many tile-parts as it states and EOC follows. EOC may be missing, in whole or
 * in half, where each tile states its number of tile-parts and the last one ends with the stream: nothing can then be missing before it.
 *
 * @throws DicomReadError `corrupt-pixel-data` where a tile-part is missing or cut
 */
export function endOfTileParts(stream: Buffer, firstSot: number, tiles: number): number {
  if (tiles > stream.length / SOT_BYTES) throw corrupt(`The compressed frame is too short for its ${tiles} tiles`);
  const found = new Map<number, Tile>();
  let at = firstSot;
  while (at + SOT_BYTES <= stream.length && stream.readUInt16BE(at) === SOT) {
    const length = lengthAt(stream, at);
    if (length >= SOT_BYTES + SOD_BYTES) add(found, stream.readUInt16BE(at + 4), stream.readUInt8(at + 11));
    at += length;
  }
  if (at > stream.length) throw corrupt('The compressed frame ends inside a tile-part');
  const isClosed = at + 2 <= stream.length && stream.readUInt16BE(at) === EOC;
  if (!isClosed && at + 2 <= stream.length) throw corrupt('Neither a tile-part nor the end follows a tile-part');
  const whole = [...found.values()].filter(({ seen, stated }) => seen >= (isClosed ? stated : stated || Infinity));
  if (whole.length !== tiles) {
    throw corrupt(
      found.size === tiles && !isClosed && whole.length === 0
        ? 'The compressed frame lacks its end, and does not say how many tile-parts it has'
        : `The compressed frame has ${whole.length} of ${tiles} tiles complete`,
    );
  }
  return at;
}

function lengthAt(stream: Buffer, at: number): number {
  const length = stream.readUInt32BE(at + 6);
  if (length === SOT_BYTES || length >= SOT_BYTES + SOD_BYTES) return length;
  if (length !== 0) throw corrupt('A tile-part of the compressed frame is too short');
  // Zero stands for the rest of the stream up to EOC; only the last tile-part may have it.
  if (!endsWithMarker(stream)) throw corrupt('The compressed frame lacks its end');
  return stream.lastIndexOf(Uint8Array.of(0xff, 0xd9)) - at;
}

function add(found: Map<number, Tile>, index: number, stated: number): void {
  const tile = found.get(index) ?? { seen: 0, stated: 0 };
  found.set(index, { seen: tile.seen + 1, stated: Math.max(tile.stated, stated) });
}
