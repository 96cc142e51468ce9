/**
 * Decides which frames of an enhanced image make a volume together. Frames that differ in content by their headers are never
 * mixed. Frames that share a place and cannot be told apart stay together, and loading then refuses them.
 */
import type { FrameHeader } from './frames.ts';
import { areInTurns, areScans, comesTwice, cutInOrder, GROWING, scansInTurns } from './successive-scans.ts';
import { joinedSweeps } from './sweeps.ts';

/** Two frames are parallel if no direction cosine differs by more. The same limit holds within a volume. */
const MAX_COSINE_DIFFERENCE = 1e-3;
/** Beyond this many directions no two frames make a volume, and sorting them would be wasted work. */
const MAX_ORIENTATIONS = 64;
/** Dimensions that say where a frame is. All other dimensions say what it shows (PS3.3 C.7.6.17). */
const IN_SPACE = new Set(['StackID', 'InStackPositionNumber', 'ImagePositionPatient', 'ImageOrientationPatient']);

/**
 * The volumes of one enhanced image's frames, ordered by first frame. Localizers (third value of Frame Type) belong to none.
 *
 * 1. Frames are split by what they show: Frame Type, Complex Image Component, Temporal Position Index, Effective Echo Time,
 *    diffusion b-value and direction, cardiac phase, and the units of the values.
 * 2. They are split by Stack ID, or by orientation without one. Frames of one stack that are not parallel stay together.
 * 3. Where frames still lie on top of each other, or acquisitions alternate, they are split by Frame Acquisition Number;
 *    acquisitions that follow each other along the patient are one scan. If that does not separate them, they are split by the
 *    dimensions that do not say where a frame is, or as slices are (`splitMixed`).
 */
export function splitFrames(frames: readonly FrameHeader[]): readonly (readonly FrameHeader[])[] {
  const shown = frames.filter((frame) => frame.ImageType?.includes('LOCALIZER') !== true);
  return groupsOf(shown, contentOf)
    .flatMap((group) => groupsOf(group, ({ StackID = '' }) => StackID))
    .flatMap((stack) => (stack[0]?.StackID === undefined ? byOrientation(stack) : [stack]))
    .flatMap(splitMixed);
}

/**
 * Splits slices or frames that share a place, or that alternate between two acquisitions (scans before and after contrast,
 * half a slice apart), where the header explains it: by acquisition, by what they show (the echoes of an MR series), by dimension,
 * by technique (two kernels of one acquisition), by reconstruction, by frame of reference, or by a value that grows from one scan to
 * the next; by two of these where one is not enough (two kernels, before and after contrast). Step and shoot makes one acquisition
 * per rotation; the rotations of one sweep stay together.
 */
export function splitMixed<T extends FrameHeader>(slices: readonly T[]): readonly (readonly T[])[] {
  if (!comesTwice(slices)) return isInTurns(slices) ? (apart(slices, WAYS) ?? [slices]) : scansInTurns(slices);
  return apart(slices, WAYS) ?? apartByTwo(slices) ?? [slices];
}

/** The volumes that the first of the ways makes; undefined where none separates what shares a place. */
function apart<T extends FrameHeader>(
  slices: readonly T[],
  ways: readonly Way[],
): readonly (readonly T[])[] | undefined {
  for (const way of ways) {
    const parts = way(slices);
    const areVolumes = parts.length > 1 && parts.some((part) => part.length > 1);
    if (areVolumes && !parts.some(comesTwice)) return parts;
  }
  return undefined;
}

/** The same, where the parts of one way are split by a later one. */
function apartByTwo<T extends FrameHeader>(slices: readonly T[]): readonly (readonly T[])[] | undefined {
  for (const [index, way] of WAYS.entries()) {
    const parts = way(slices);
    if (parts.length < 2) continue;
    const finer = parts.flatMap((part) => (comesTwice(part) ? apart(part, WAYS.slice(index + 1)) : [part]) ?? [part]);
    if (!finer.some(comesTwice) && areScans(finer)) return finer;
  }
  return undefined;
}

/** What a frame shows, as far as its header says, as one string. */
export function contentOf(frame: FrameHeader): string {
  const { ImageType, ComplexImageComponent, TemporalPositionIndex, EffectiveEchoTime, RescaleType } = frame;
  const { DiffusionBValue, DiffusionGradientOrientation, NominalPercentageOfCardiacPhase } = frame;
  return JSON.stringify([
    ...[ImageType, ComplexImageComponent, TemporalPositionIndex, EffectiveEchoTime, RescaleType],
    ...[DiffusionBValue, DiffusionGradientOrientation, NominalPercentageOfCardiacPhase],
  ]);
}

/** Whether two slices show the same thing in the same direction. */
const areAlike = (a: FrameHeader, b: FrameHeader): boolean => contentOf(a) === contentOf(b) && isParallel(a, b);

const acquisitionOf = ({ AcquisitionNumber = 0 }: FrameHeader): string => String(AcquisitionNumber);

/** Two kernels, or two voltages, of one acquisition in one series. */
const techniqueOf = ({ techniqueDigest = '' }: FrameHeader): string => techniqueDigest;

/** Two reconstructions of one acquisition in one series. */
function reconstructionOf({ SliceThickness, Rows, Columns, PixelSpacing }: FrameHeader): string {
  return JSON.stringify([SliceThickness, Rows, Columns, PixelSpacing]);
}

/** Whether slices of one acquisition lie between slices of another. Acquisitions that follow each other make one volume. */
const isInTurns = (slices: readonly FrameHeader[]): boolean => {
  const acquisitions = groupsOf(slices, acquisitionOf);
  return acquisitions.length > 1 && areInTurns(acquisitions);
};

function dimensionsOf({ DimensionIndexPointers = [], DimensionIndexValues = [] }: FrameHeader): string {
  return DimensionIndexValues.filter((_, index) => !IN_SPACE.has(DimensionIndexPointers[index] ?? '')).join();
}

/** Groups parallel frames, each group by its first frame's orientation. All frames stay together if the groups are too many. */
export function byOrientation<T extends FrameHeader>(frames: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = [];
  for (const frame of frames) {
    const group = groups.find(([first]) => first !== undefined && isParallel(first, frame));
    if (group !== undefined) group.push(frame);
    else if (groups.length === MAX_ORIENTATIONS) return [frames];
    else groups.push([frame]);
  }
  return groups;
}

/** Whether two frames have one orientation, or both have none. */
export function isParallel(a: FrameHeader, b: FrameHeader): boolean {
  const [left, right] = [a.ImageOrientationPatient, b.ImageOrientationPatient];
  if (left === undefined || right === undefined) return left === right;
  return left.every((cosine, index) => Math.abs(cosine - (right[index] ?? 0)) <= MAX_COSINE_DIFFERENCE);
}

/** Groups items by key, ordered by each group's first item. */
function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, keyOf).values()];
}

/** A way to split slices; one part where it does not split them. */
type Way = <T extends FrameHeader>(slices: readonly T[]) => readonly (readonly T[])[];

const by =
  (keyOf: (slice: FrameHeader) => string): Way =>
  (slices) =>
    groupsOf(slices, keyOf);

const byWhole =
  (keyOf: (slice: FrameHeader) => string): Way =>
  (slices) => {
    const parts = groupsOf(slices, keyOf);
    return areScans(parts) ? parts : [slices];
  };

const WAYS: readonly Way[] = [
  (slices) => joinedSweeps(groupsOf(slices, acquisitionOf), areAlike),
  by(contentOf),
  by(dimensionsOf),
  by(techniqueOf),
  byWhole(reconstructionOf),
  byWhole(({ FrameOfReferenceUID = '' }) => FrameOfReferenceUID),
  ...GROWING.map(
    (name): Way =>
      (slices) =>
        cutInOrder(slices, name),
  ),
];
