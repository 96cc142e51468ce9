/** Which fragments of encapsulated pixel data make which frame (PS3.5 A.4). */
import { DicomReadError } from '../errors.ts';
import { endsWithMarker } from './codecs/markers.ts';

/**
 * The encoded frames in order. Told by the Extended or Basic Offset Table; without one, a fragment is a frame, one frame
 * takes all fragments, and otherwise a frame ends with the fragment that ends with a JPEG end marker.
 *
 * @param fragments the Basic Offset Table, then the fragments
 * @param extended Extended Offset Table (7FE0,0001): 64-bit offsets
 * @throws DicomReadError `corrupt-pixel-data` where the fragments do not make that many frames
 */
export function encodedFrames(
  fragments: readonly Uint8Array[],
  frames: number,
  extended?: Uint8Array,
): readonly Uint8Array[] {
  const data = fragments.slice(1);
  if (data.length < frames) throw wrongNumber(frames, data.length);
  const groups = groupFragments(data, frames, offsetsOf(frames, fragments[0], extended));
  if (groups.length !== frames || groups.some((group) => group.length === 0)) {
    throw wrongNumber(frames, groups.length);
  }
  return groups.map((group) => (group.length === 1 && group[0] !== undefined ? group[0] : joined(group)));
}

function wrongNumber(frames: number, found: number): DicomReadError {
  return new DicomReadError('corrupt-pixel-data', `The pixel data hold ${found} of ${frames} frames`, {
    facts: { frames, found },
  });
}

function joined(fragments: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fragments.reduce((sum, fragment) => sum + fragment.length, 0));
  let offset = 0;
  for (const fragment of fragments) {
    bytes.set(fragment, offset);
    offset += fragment.length;
  }
  return bytes;
}

function groupFragments(
  data: readonly Uint8Array[],
  frames: number,
  offsets: readonly number[],
): readonly (readonly Uint8Array[])[] {
  if (frames === 1) return [data];
  if (offsets.length === frames) return groupByOffset(data, offsets);
  if (data.length === frames) return data.map((fragment) => [fragment]);
  return groupByEndMarker(data);
}

/** Offsets count from the first fragment's item tag, so each fragment before adds its 8 bytes of header. */
function groupByOffset(data: readonly Uint8Array[], offsets: readonly number[]): readonly (readonly Uint8Array[])[] {
  const groups: Uint8Array[][] = offsets.map(() => []);
  let position = 0;
  let frame = 0;
  for (const fragment of data) {
    while (frame + 1 < offsets.length && position >= (offsets[frame + 1] ?? Number.POSITIVE_INFINITY)) frame += 1;
    groups[frame]?.push(fragment);
    position += 8 + fragment.length;
  }
  return groups;
}

function groupByEndMarker(data: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const groups: Uint8Array[][] = [];
  let open: Uint8Array[] = [];
  for (const fragment of data) {
    open.push(fragment);
    if (endsWithMarker(fragment)) {
      groups.push(open);
      open = [];
    }
  }
  return open.length === 0 ? groups : [...groups, open];
}

/** The table of as many offsets as there are frames; one of another length is not read, whatever size it has. */
function offsetsOf(frames: number, basic: Uint8Array | undefined, extended: Uint8Array | undefined): readonly number[] {
  const bytes = extended === undefined ? 4 : 8;
  const table = extended ?? basic;
  if (table === undefined || Math.floor(table.length / bytes) !== frames) return [];
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return Array.from({ length: frames }, (_, i) =>
    bytes === 4 ? view.getUint32(4 * i, true) : Number(view.getBigUint64(8 * i, true)),
  );
}
