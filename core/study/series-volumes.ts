/** The volumes that the single-frame slices of a series make, and what is left out of them. */
import type { Reason } from '../errors.ts';
import { areOneScan, inOneFrameOfReference, noteOnFrames } from './frame-of-reference.ts';
import { isRegular, LEAST_REGULAR } from './regular.ts';
import { scanOf, withoutOdd, withoutTwins } from './set-aside.ts';
import { byOrientation, splitMixed } from './split-frames.ts';
import type { InstanceIndex, SetAside } from './study-index.ts';

interface SeriesVolumes {
  readonly volumes: readonly (readonly InstanceIndex[])[];
  readonly aside: readonly SetAside[];
  /** What a reader should know of all volumes. */
  readonly notes: readonly Reason[];
}

/**
 * Arranges slices of one series and kind. Slices whose frames of reference keep them apart, and say nothing, come back in one
 * frame of reference where they then make nothing but regular volumes.
 */
export function seriesVolumes(slices: readonly InstanceIndex[]): SeriesVolumes {
  const found = arranged(slices);
  const united = inOneFrameOfReference(slices);
  if (united === slices || found.volumes.every(isSound)) return { ...found, notes: [] };
  const whole = arranged(united);
  return whole.volumes.every(areOneScan) ? { ...whole, notes: [noteOnFrames(slices)] } : { ...found, notes: [] };
}

function arranged(slices: readonly InstanceIndex[]): Omit<SeriesVolumes, 'notes'> {
  const { kept: once, aside: twins } = withoutTwins(slices, scanOf);
  const scans = twins.length === 0 || once.length <= slices.length / 2 ? [] : splitMixed(slices);
  // Two scans may share pictures, of air, say: the second one's are no twins of the first one's.
  if (scans.length > 1 && scans.every((scan) => scan.length === scans[0]?.length && isRegular(scan)))
    return { volumes: scans, aside: [] };
  const { kept, aside: odd } = withoutOdd(once);
  return { volumes: stacksOf(kept), aside: [...twins, ...odd] };
}

/**
 * The stacks of a series: apart by orientation where all of them are regular (reformats in three planes, filed as one series).
 * Otherwise the slices stay together, because those of another orientation may be missing from a stack.
 */
function stacksOf(slices: readonly InstanceIndex[]): readonly (readonly InstanceIndex[])[] {
  const planes = byOrientation(slices);
  const stacks = planes.length > 1 ? planes.flatMap(splitMixed) : [];
  const areStacks = stacks.length > 1 && stacks.every((stack) => stack.length >= LEAST_REGULAR && isRegular(stack));
  return areStacks ? stacks : splitMixed(slices);
}

/** Whether the slices make a regular grid in one frame of reference. */
function isSound(slices: readonly InstanceIndex[]): boolean {
  return new Set(slices.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID)).size === 1 && isRegular(slices);
}
