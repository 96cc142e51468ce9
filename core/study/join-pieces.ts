/**
 * Joins the pieces of one scan. Scanners and archives cut a scan into series or acquisitions; half of it must not pass for the
 * whole.
 */
import { alongNormal, type FrameHeader, imageFrames, placeOf } from './frames.ts';
import { mayHaveSamePixels } from './likeness.ts';
import { INTERSPACED, regularSpacing } from './regular.ts';
import { withoutTwins } from './set-aside.ts';
import { contentOf } from './split-frames.ts';
import type { ImageIndex } from './study-index.ts';

/** Spacings that differ by less than this fraction are one spacing. */
const SAME_SPACING = 0.02;
/** Closer slices are at the same place, mm. */
const SAME_PLACE_MM = 0.01;
/** More pieces of one kind are phases of a dynamic scan, not cuts of one scan. */
const MOST_PIECES = 64;

interface Piece {
  readonly image: ImageIndex;
  readonly frames: readonly FrameHeader[];
  readonly low: number;
  readonly high: number;
}

/**
 * The same images, with pieces of one scan replaced by the volume that they make together. Pieces are of one kind (frame of
 * reference, Image Type, technique, thickness …) and their slices make one regular grid: end to end, with identical slices at
 * the junction at most, or alternating in two series, where each piece alone would leave tissue out. Where a piece could
 * continue two others (phases of contrast, say), nothing tells which it belongs to, and none is joined. Frames that one object
 * keeps apart stay apart.
 */
export function joinPieces(images: readonly ImageIndex[]): readonly ImageIndex[] {
  const kinds = Map.groupBy(images.map(pieceOf), (piece) => (piece === undefined ? '' : kindOf(piece)));
  kinds.delete('');
  const joined = new Map<ImageIndex, ImageIndex>();
  for (const members of kinds.values()) {
    const pieces = members.filter((piece) => piece !== undefined).toSorted((a, b) => a.low - b.low);
    if (pieces.length < 2 || pieces.length > MOST_PIECES) continue;
    for (const chain of chainsOf(pieces)) {
      const whole = wholeOf(chain);
      if (whole !== undefined) for (const { image } of chain) joined.set(image, whole);
    }
  }
  return [...new Set(images.map((image) => joined.get(image) ?? image))];
}

function pieceOf(image: ImageIndex): Piece | undefined {
  const frames = image.kind === 'volume' ? imageFrames(image) : [];
  const isPlaced = frames.every((frame) => frame.ImagePositionPatient && frame.ImageOrientationPatient);
  if (frames.length === 0 || !isPlaced) return undefined;
  const places = frames.map(alongNormal);
  const low = places.reduce((least, place) => Math.min(least, place), Number.POSITIVE_INFINITY);
  const high = places.reduce((most, place) => Math.max(most, place), Number.NEGATIVE_INFINITY);
  return { image, frames, low, high };
}

/** What all slices of a scan have in common, as one string; '' where the piece's own slices differ in it. */
function kindOf({ image, frames }: Piece): string {
  const kinds = new Set(frames.map((frame) => kindOfFrame(frame)));
  const [kind = ''] = kinds;
  return kinds.size === 1 && frames[0]?.FrameOfReferenceUID !== undefined
    ? JSON.stringify([image.Modality, image.frames === undefined, kind])
    : '';
}

function kindOfFrame(frame: FrameHeader): string {
  const { FrameOfReferenceUID, SOPClassUID, Rows, Columns, SliceThickness, GantryDetectorTilt = 0 } = frame;
  const { techniqueDigest, ScanningSequence, SequenceVariant, RepetitionTime, InversionTime } = frame;
  return JSON.stringify([
    ...[FrameOfReferenceUID, SOPClassUID, Rows, Columns, SliceThickness, GantryDetectorTilt, contentOf(frame)],
    ...[techniqueDigest, ScanningSequence, SequenceVariant, RepetitionTime, InversionTime],
  ]);
}

/** Pieces that continue each other, each with at most one before and one after it. Pieces ascend along the normal. */
function chainsOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const pairs = pieces.flatMap((a, i) =>
    pieces.slice(i + 1).flatMap((b) => (continues(a, b) ? [[a, b] as const] : [])),
  );
  const isOnly = ([a, b]: readonly [Piece, Piece]): boolean =>
    pairs.filter(([from]) => from === a).length === 1 && pairs.filter(([, to]) => to === b).length === 1;
  const next = new Map(pairs.filter(isOnly));
  const followers = new Set(next.values());
  return pieces
    .filter((piece) => next.has(piece) && !followers.has(piece))
    .map((first) => {
      const chain = [first];
      for (let last = next.get(first); last !== undefined; last = next.get(last)) chain.push(last);
      return chain;
    });
}

/** Whether the slices of `b` continue those of `a`, or lie between them. */
function continues(a: Piece, b: Piece): boolean {
  // Phases of one place are many, and their grids need not be asked.
  if (b.low - a.low <= SAME_PLACE_MM) return false;
  const [lower, upper, whole] = [spacingOf([a]), spacingOf([b]), spacingOf([a, b])];
  if (whole === undefined || shareAnInstance(a, b)) return false;
  const isSame = (spacing: number | undefined): boolean =>
    spacing !== undefined && Math.abs(spacing - whole) <= SAME_SPACING * whole;
  const isSingle = ({ frames }: Piece): boolean => frames.length === 1;
  if (b.high > a.high && a.low < b.low && (isSame(lower) || isSame(upper)))
    return (isSame(lower) || isSingle(a)) && (isSame(upper) || isSingle(b));
  if (a.image.SeriesInstanceUID === b.image.SeriesInstanceUID) return false;
  const thickness = a.frames[0]?.SliceThickness ?? 0;
  const isHalf = [lower, upper].every((spacing) => spacing !== undefined && isSame(spacing / 2));
  return isHalf && 2 * whole > INTERSPACED * thickness && whole <= INTERSPACED * thickness;
}

function shareAnInstance(a: Piece, b: Piece): boolean {
  const uids = new Set(a.frames.map(({ SOPInstanceUID }) => SOPInstanceUID));
  return b.frames.some(({ SOPInstanceUID }) => uids.has(SOPInstanceUID));
}

/** The spacing of the grid that the pieces make together, without identical slices; undefined where they make none. */
const spacingOf = (pieces: readonly Piece[]): number | undefined => regularSpacing(framesOf(pieces));

/**
 * Slices of the pieces, one for each place that identical slices share. Slices that are compressed in two ways are taken to be
 * identical: loading decodes them, and takes the pieces one by one where they are not.
 */
function framesOf(pieces: readonly Piece[]): readonly FrameHeader[] {
  const { kept } = withoutTwins(pieces.flatMap((piece) => piece.frames));
  return [...Map.groupBy(kept, placeOf).values()].flatMap((members) =>
    members.filter((each, i) => !members.slice(0, i).some((other) => mayHaveSamePixels(other, each))),
  );
}

function wholeOf(chain: readonly Piece[]): ImageIndex | undefined {
  const pieces = chain.map(({ image }) => image);
  const [first] = pieces.toSorted((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1));
  if (first === undefined || spacingOf(chain) === undefined) return undefined;
  const { kept, aside } = withoutTwins(distinct(pieces.flatMap(({ instances }) => instances)));
  const frames = pieces.flatMap((piece) => piece.frames ?? []);
  const all = [...pieces.flatMap((piece) => piece.aside ?? []), ...aside];
  const notes = pieces.flatMap((piece) => piece.notes ?? []);
  return {
    ...first,
    instances: kept.toSorted((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1)),
    ...(frames.length > 0 && { frames }),
    ...(all.length > 0 && { aside: all }),
    ...(notes.length > 0 && { notes }),
    pieces,
  };
}

const distinct = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

const identityOf = ({ SeriesInstanceUID, instances }: ImageIndex): string =>
  `${SeriesInstanceUID} ${instances[0]?.SOPInstanceUID}`;
