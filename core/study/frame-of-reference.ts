/**
 * One frame of reference for the slices of one series whose headers give each slice one of its own, or some none. A series has one
 * (PS3.3 C.7.4.1.1.1). Programs that replace UIDs file by file break that, and leave the positions as they were.
 */
import type { Reason } from '../errors.ts';
import { alongNormal, type FrameHeader, placeOf } from './frames.ts';
import { isRegular, LEAST_REGULAR } from './regular.ts';
import { contentOf } from './split-frames.ts';
import { attributeName } from './unreadable.ts';

/**
 * The slices of one series in one frame of reference, where their UIDs say nothing about which of them belong together: each slice
 * has another one, or those that have one have the same. Where two slices share one and others do not, the UIDs may tell two
 * positions of the patient apart, and the slices come back as they are.
 *
 * The frame of reference is that of the lowest slice along the normal that has one. Results name it, too: one object has one frame of
 * reference. Viewers that place a mask by the image that each of its frames names (Source Image Sequence, as OHIF does) show it on
 * every slice; others find it on the slices of that frame of reference only.
 */
export function inOneFrameOfReference<T extends FrameHeader>(slices: readonly T[]): readonly T[] {
  if (slices.length < LEAST_REGULAR || slices.some((slice) => placeOf(slice) === '')) return slices;
  const said = slices.filter(({ FrameOfReferenceUID }) => FrameOfReferenceUID !== undefined);
  const uids = new Set(said.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID));
  const isSilent = uids.size === said.length || (uids.size === 1 && said.length < slices.length);
  const [{ FrameOfReferenceUID } = {}] = said.toSorted(fromBelow);
  return isSilent && FrameOfReferenceUID !== undefined
    ? slices.map((slice) => ({ ...slice, FrameOfReferenceUID }))
    : slices;
}

const fromBelow = (a: FrameHeader, b: FrameHeader): number =>
  alongNormal(a) - alongNormal(b) || (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1);

/** Whether slices are one scan without their frames of reference: of one acquisition and technique, on one regular grid. */
export function areOneScan(slices: readonly FrameHeader[]): boolean {
  const acquisitions = new Set(
    slices.map((slice) => JSON.stringify([slice.AcquisitionNumber, slice.techniqueDigest, contentOf(slice)])),
  );
  return slices.length >= LEAST_REGULAR && acquisitions.size === 1 && isRegular(slices);
}

/** What a reader should know of volumes whose slices were given one frame of reference. */
export function noteOnFrames(slices: readonly Pick<FrameHeader, 'FrameOfReferenceUID'>[]): Reason {
  const without = slices.filter(({ FrameOfReferenceUID }) => FrameOfReferenceUID === undefined).length;
  const name = attributeName('FrameOfReferenceUID');
  const isOwn = new Set(slices.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID)).size > 2;
  const given = isOwn
    ? `The images of the series have no ${name} in common`
    : `${without} of ${slices.length} images of the series ${without === 1 ? 'gives' : 'give'} no ${name}`;
  const message = `${given}; they were taken as one scan, because they are of one acquisition and make one regular grid. Results name the ${isOwn ? 'UID of the lowest image' : 'one that the others give'}`;
  return { code: 'frames-of-reference', message };
}
