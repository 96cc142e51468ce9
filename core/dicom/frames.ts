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
  const [basic, ...data] = fragments;
  const offsets = extended === undefined ? offsets32(basic) : offsets64(extended);
  const groups = groupFragments(data, frames, offsets);
  if (groups.length !== frames || groups.some((group) => group.length === 0)) {
    throw new DicomReadError('corrupt-pixel-data', `The pixel data hold ${groups.length} of ${frames} frames`, {
      facts: { frames, found: groups.length },
    });
  }
  return groups.map((group) => (group.length === 1 && group[0] !== undefined ? group[0] : joined(group)));
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

function offsets32(table: Uint8Array | undefined): readonly number[] {
  if (table === undefined) return [];
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return Array.from({ length: table.length >> 2 }, (_, i) => view.getUint32(4 * i, true));
}

function offsets64(table: Uint8Array): readonly number[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return Array.from({ length: table.length >> 3 }, (_, i) => Number(view.getBigUint64(8 * i, true)));
}
