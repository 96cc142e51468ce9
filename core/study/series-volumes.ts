/** The volumes that the single-frame slices of a series make, and what is left out of them. */
import type { Reason } from '../errors.ts';
import { areOneScan, inOneFrameOfReference, noteOnFrames } from './frame-of-reference.ts';
import { isRegular } from './regular.ts';
import { scanOf, withoutOdd, withoutTwins } from './set-aside.ts';
import { splitMixed } from './split-frames.ts';
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
  return { volumes: splitMixed(kept), aside: [...twins, ...odd] };
}

/** Whether the slices make a regular grid in one frame of reference. */
function isSound(slices: readonly InstanceIndex[]): boolean {
  return new Set(slices.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID)).size === 1 && isRegular(slices);
}
