/**
 * Which frames of an enhanced image make a volume together. Frames of different content are never mixed: what the header
 * says differs is taken apart, and what lies in one place twice and cannot be told apart stays together, so that loading
 * refuses it.
 */
import { alongNormal, type FrameHeader } from './frames.ts';
import { joinedSweeps } from './sweeps.ts';

/** Two frames are parallel where no direction cosine differs by more; the same limit holds within a volume. */
const MAX_COSINE_DIFFERENCE = 1e-3;
/** Beyond this many directions no two frames make a volume, and sorting them out is only work. */
const MAX_ORIENTATIONS = 64;
/** Dimensions that say where a frame lies. Values of all others say what it shows (PS3.3 C.7.6.17). */
const IN_SPACE = new Set(['StackID', 'InStackPositionNumber', 'ImagePositionPatient', 'ImageOrientationPatient']);

/**
 * The volumes of one enhanced image's frames, by their first frame. Localizers (third value of Frame Type) are in none.
 *
 * 1. By what a frame shows: Frame Type, Complex Image Component, Temporal Position Index, Effective Echo Time, diffusion
 *    b-value and direction, cardiac phase, and the units of its values.
 * 2. By Stack ID, or by orientation where there is none. Frames of one stack that are not parallel stay together.
 * 3. Where frames still lie on top of each other, or acquisitions take turns: by Frame Acquisition Number, where those that
 *    follow each other along the patient are one scan, or else by the values of the dimensions that do not say where a frame
 *    lies, if that takes them apart.
 */
export function splitFrames(frames: readonly FrameHeader[]): readonly (readonly FrameHeader[])[] {
  const shown = frames.filter((frame) => frame.ImageType?.includes('LOCALIZER') !== true);
  return groupsOf(shown, contentOf)
    .flatMap((group) => groupsOf(group, ({ StackID = '' }) => StackID))
    .flatMap((stack) => (stack[0]?.StackID === undefined ? byOrientation(stack) : [stack]))
    .flatMap(splitMixed);
}

/**
 * Slices or frames of one place twice, or of two acquisitions in turns (a scan before and one after contrast, half a slice
 * apart), taken apart by acquisition, by what they show (echoes of one MR series) or by dimension where that explains it.
 * Step and shoot has an acquisition a rotation: those of one sweep stay together.
 */
export function splitMixed<T extends FrameHeader>(slices: readonly T[]): readonly (readonly T[])[] {
  if (!hasDuplicates(slices) && !isInTurns(slices)) return [slices];
  for (const keyOf of [acquisitionOf, contentOf, dimensionsOf]) {
    const groups = groupsOf(slices, keyOf);
    const parts = keyOf === acquisitionOf ? joinedSweeps(groups, areAlike) : groups;
    const areVolumes = parts.length > 1 && parts.some((part) => part.length > 1);
    if (areVolumes && !parts.some(hasDuplicates)) return parts;
  }
  return [slices];
}

function contentOf(frame: FrameHeader): string {
  const { ImageType, ComplexImageComponent, TemporalPositionIndex, EffectiveEchoTime, RescaleType } = frame;
  const { DiffusionBValue, DiffusionGradientOrientation, NominalPercentageOfCardiacPhase } = frame;
  return JSON.stringify([
    ...[ImageType, ComplexImageComponent, TemporalPositionIndex, EffectiveEchoTime, RescaleType],
    ...[DiffusionBValue, DiffusionGradientOrientation, NominalPercentageOfCardiacPhase],
  ]);
}

/** Whether two slices show the same in the same direction. */
const areAlike = (a: FrameHeader, b: FrameHeader): boolean => contentOf(a) === contentOf(b) && isParallel(a, b);

const acquisitionOf = ({ AcquisitionNumber = 0 }: FrameHeader): string => String(AcquisitionNumber);

/** Whether slices of an acquisition have slices of another between them: following each other, they make one volume. */
function isInTurns(slices: readonly FrameHeader[]): boolean {
  const acquisitions = slices.toSorted((a, b) => alongNormal(a) - alongNormal(b)).map(acquisitionOf);
  const changes = acquisitions.filter((acquisition, i) => i > 0 && acquisition !== acquisitions[i - 1]).length;
  return changes >= new Set(acquisitions).size;
}

function dimensionsOf({ DimensionIndexPointers = [], DimensionIndexValues = [] }: FrameHeader): string {
  return DimensionIndexValues.filter((_, index) => !IN_SPACE.has(DimensionIndexPointers[index] ?? '')).join();
}

/** Parallel frames together, each group by the orientation of its first; all in one where that makes too many groups. */
function byOrientation(frames: readonly FrameHeader[]): readonly (readonly FrameHeader[])[] {
  const groups: FrameHeader[][] = [];
  for (const frame of frames) {
    const group = groups.find(([first]) => first !== undefined && isParallel(first, frame));
    if (group !== undefined) group.push(frame);
    else if (groups.length === MAX_ORIENTATIONS) return [frames];
    else groups.push([frame]);
  }
  return groups;
}

function isParallel(a: FrameHeader, b: FrameHeader): boolean {
  const [left, right] = [a.ImageOrientationPatient, b.ImageOrientationPatient];
  if (left === undefined || right === undefined) return left === right;
  return left.every((cosine, index) => Math.abs(cosine - (right[index] ?? 0)) <= MAX_COSINE_DIFFERENCE);
}

/** Groups of one key each, by their first member's place. */
function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, keyOf).values()];
}

/** Whether two slices have the same position and orientation, to a hundredth of a millimetre. */
function hasDuplicates(slices: readonly FrameHeader[]): boolean {
  const places = slices
    .map(({ ImagePositionPatient, ImageOrientationPatient }) =>
      [...(ImagePositionPatient ?? []), ...(ImageOrientationPatient ?? [])].map((value) => value.toFixed(2)).join(),
    )
    .filter((place) => place !== '');
  return new Set(places).size < places.length;
}
