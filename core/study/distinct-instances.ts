/**
 * Instances by SOP Instance UID, which must be unique (PS3.5 9): a result names its images by it alone. Archives hold copies
 * that kept their UIDs all the same, in one series or in two.
 */
import type { Reason } from '../errors.ts';
import { haveSamePixels, isLossy, isLossyCopy } from './likeness.ts';
import type { InstanceIndex } from './study-index.ts';

export interface DistinctInstances {
  /** Each file once, sorted by SOPInstanceUID. Files of one series with one UID and one picture count once. */
  readonly instances: readonly InstanceIndex[];
  /** Why a series must not be evaluated, by SeriesInstanceUID. */
  readonly faults: ReadonlyMap<string, Reason>;
  /** What a reader should know of a series, by SeriesInstanceUID. */
  readonly notes: ReadonlyMap<string, Reason>;
}

const COPIED: Reason = {
  code: 'copied-series',
  message: 'The series holds copies of images of another series, with the same SOP Instance UIDs',
};
const DUPLICATE: Reason = {
  code: 'duplicate-uid',
  message: 'Different images have the same SOP Instance UID, so a result could not say which one it is about',
};

const LOSSY_COPIES: Reason = {
  code: 'lossy-copy',
  message:
    'Images of the series are there twice under one SOP Instance UID, once compressed with loss (Lossy Image Compression); those copies were not used',
};

/**
 * A picture that was compressed with loss is a copy of the one that was not, and never the one that is kept. Where one UID stands
 * for one picture in several series, the largest series keeps it (of several the first by
 * SeriesInstanceUID), and the others are copies. Where it stands for different pictures, none of their series can be evaluated.
 */
export function distinctInstances(instances: readonly InstanceIndex[]): DistinctInstances {
  const faults = new Map<string, Reason>();
  const notes = new Map<string, Reason>();
  const files = [...new Map(instances.map((instance) => [fileKey(instance), instance])).values()].toSorted(byPlace);
  const sizes = Map.groupBy(files, ({ SeriesInstanceUID }) => SeriesInstanceUID);
  const sizeOf = ({ SeriesInstanceUID }: InstanceIndex): number => sizes.get(SeriesInstanceUID)?.length ?? 0;
  const distinct = [...Map.groupBy(files, ({ SOPInstanceUID }) => SOPInstanceUID).values()].flatMap((unordered) => {
    const namesakes = unordered.toSorted((a, b) => Number(isLossy(a)) - Number(isLossy(b)) || sizeOf(b) - sizeOf(a));
    const [first] = namesakes;
    if (first === undefined || namesakes.length === 1) return namesakes;
    const isOne = namesakes.every((each) => isSamePicture(first, each));
    for (const { SeriesInstanceUID } of namesakes)
      if (!isOne) faults.set(SeriesInstanceUID, DUPLICATE);
      else if (SeriesInstanceUID !== first.SeriesInstanceUID && !faults.has(SeriesInstanceUID))
        faults.set(SeriesInstanceUID, COPIED);
    const isHere = ({ SeriesInstanceUID }: InstanceIndex): boolean => SeriesInstanceUID === first.SeriesInstanceUID;
    if (isOne && namesakes.some((each) => isHere(each) && isLossyCopy(each, first)))
      notes.set(first.SeriesInstanceUID, LOSSY_COPIES);
    return isOne
      ? [...new Map(namesakes.toReversed().map((each) => [each.SeriesInstanceUID, each])).values()]
      : namesakes;
  });
  return { instances: distinct, faults, notes };
}

/** The instance that a result means by each SOP Instance UID: of a series that can be evaluated, where there is one. */
export function namedInstances(instances: readonly InstanceIndex[]): ReadonlyMap<string, InstanceIndex> {
  const { instances: distinct, faults } = distinctInstances(instances);
  const isSound = ({ SeriesInstanceUID }: InstanceIndex): number => Number(!faults.has(SeriesInstanceUID));
  const ordered = distinct.toSorted((a, b) => isSound(a) - isSound(b));
  return new Map(ordered.map((instance) => [instance.SOPInstanceUID, instance]));
}

const fileKey = ({ SOPInstanceUID, sha256 }: InstanceIndex): string => `${SOPInstanceUID} ${sha256}`;

/** By UID, then by series, then by content, so that the order of arrival decides nothing. */
function byPlace(a: InstanceIndex, b: InstanceIndex): number {
  const [left, right] = [a, b].map((each) => `${each.SOPInstanceUID} ${each.SeriesInstanceUID} ${each.sha256}`);
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

function isSamePicture(a: InstanceIndex, b: InstanceIndex): boolean {
  const isCopy = haveSamePixels(a, b) || isLossyCopy(b, a);
  const placeOf = ({ ImagePositionPatient, ImageOrientationPatient, FrameOfReferenceUID }: InstanceIndex): string =>
    JSON.stringify([ImagePositionPatient, ImageOrientationPatient, FrameOfReferenceUID]);
  return a === b || (isCopy && placeOf(a) === placeOf(b));
}
