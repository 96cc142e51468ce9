/** Assigns the fragments of encapsulated pixel data to frames (PS3.5 A.4). */
import { endsWithMarker } from './codecs/markers.ts';
import { DicomReadError } from './error.ts';

/** Encapsulated pixel data as the file holds it. */
export interface Encapsulated {
  /** The Basic Offset Table, which may be empty, then the fragments. */
  readonly fragments: readonly Uint8Array[];
  /** Number of Frames (0028,0008), according to the header. */
  readonly frames: number;
  /** Extended Offset Table (7FE0,0001): 64-bit offsets. */
  readonly extendedOffsets?: Uint8Array | undefined;
}

/**
 * The requested encoded frames, counted from 0. No offset table is needed where there is one fragment per frame, or a single
 * frame. Otherwise the Extended or Basic Offset Table decides, if its offsets point at fragments. Failing that, a frame
 * ends with the fragment that ends with a JPEG end marker. A wrong table therefore does no harm where none is needed.
 *
 * @throws DicomReadError `corrupt-pixel-data` where the fragments do not make that many frames
 */
export function encodedFrames(pixels: Encapsulated, wanted: readonly number[]): readonly Uint8Array[] {
  const { frames } = pixels;
  const groups = groupFragments(pixels);
  if (groups.length !== frames) {
    throw new DicomReadError('corrupt-pixel-data', `The pixel data hold ${groups.length} of ${frames} frames`, {
      facts: { frames, found: groups.length },
    });
  }
  return wanted.flatMap((frame) => (groups[frame] === undefined ? [] : joined(groups[frame])));
}

function joined(fragments: readonly Uint8Array[]): Uint8Array {
  const [only] = fragments;
  if (fragments.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(fragments.reduce((sum, fragment) => sum + fragment.length, 0));
  let offset = 0;
  for (const fragment of fragments) {
    bytes.set(fragment, offset);
    offset += fragment.length;
  }
  return bytes;
}

/** Groups the fragments by frame. Where they do not make the frames, the number of groups differs from the number of frames. */
function groupFragments({ fragments, frames, extendedOffsets }: Encapsulated): readonly (readonly Uint8Array[])[] {
  const [basic, ...data] = fragments;
  const filled = data.filter(({ length }) => length > 0);
  if (filled.length === frames) return filled.map((fragment) => [fragment]);
  if (filled.length < frames) return [filled];
  if (frames === 1) return saysMoreFrames(basic) ? groupByEndMarker(filled) : [filled];
  return groupByOffset(data, offsetsOf(frames, basic, extendedOffsets)) ?? groupByEndMarker(filled);
}

/** A table of several offsets contradicts a header with one frame: one of them is wrong, and frames might be lost. */
function saysMoreFrames(basic: Uint8Array | undefined): boolean {
  return basic !== undefined && basic.length > 4;
}

/**
 * Offsets count from the first fragment's item tag, so each earlier fragment adds its 8 bytes of header. Undefined where the
 * offsets do not begin with the first fragment, point into a fragment, or go backwards.
 */
function groupByOffset(
  data: readonly Uint8Array[],
  offsets: readonly number[],
): readonly (readonly Uint8Array[])[] | undefined {
  const groups: Uint8Array[][] = [];
  let position = 0;
  for (const fragment of data) {
    if (position === offsets[groups.length]) groups.push([]);
    groups.at(-1)?.push(fragment);
    position += 8 + fragment.length;
  }
  return groups.length > 0 && groups.length === offsets.length ? groups : undefined;
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

/** The offset table, if it has an entry for each frame. A table of another length is ignored, whatever its size. */
function offsetsOf(frames: number, basic: Uint8Array | undefined, extended: Uint8Array | undefined): readonly number[] {
  const bytes = extended === undefined ? 4 : 8;
  const table = extended ?? basic;
  if (table === undefined || Math.floor(table.length / bytes) !== frames) return [];
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return Array.from({ length: frames }, (_, i) =>
    bytes === 4 ? view.getUint32(4 * i, true) : Number(view.getBigUint64(8 * i, true)),
  );
}
