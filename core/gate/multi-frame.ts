/** Functional groups, dimensions and segments of a Segmentation must fit together (PS3.3 A.51). */
import type { Attributes } from '#dicom/write.ts';
import { isEmpty, itemsOf, numbersOf, textOf } from './attribute-values.ts';
import { isInSpace } from './conditions.ts';
import type { Place, Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

type Presence = 'each-frame' | 'somewhere' | 'in-space';

/**
 * Functional Group Macros of the Segmentation IOD (Table A.51-2) in a BINARY result. A group is either shared or in every
 * frame, never both. Frame Content is never shared (C.7.6.16.2.2).
 */
const GROUPS: Readonly<Record<string, Presence>> = {
  FrameContentSequence: 'each-frame',
  SegmentIdentificationSequence: 'somewhere',
  DerivationImageSequence: 'somewhere',
  // Viewers need these two always; the standard requires them only in space.
  PixelMeasuresSequence: 'somewhere',
  PlaneOrientationSequence: 'somewhere',
  PlanePositionSequence: 'in-space',
};

const PER_FRAME = 'PerFrameFunctionalGroupsSequence';

export function checkMultiFrame(whole: Whole, refuse: Refuse): void {
  const { attributes } = whole;
  const [shared = {}] = itemsOf(attributes['SharedFunctionalGroupsSequence']);
  const frames = itemsOf(attributes[PER_FRAME]);
  if (numbersOf(attributes['NumberOfFrames'])[0] !== frames.length) refuse('frame-count', 'NumberOfFrames');
  checkGroups(shared, frames, isInSpace(attributes, whole), refuse);
  checkSegments(attributes, shared, frames, refuse);
  checkDimensions(attributes, shared, frames, refuse);
}

const placeOf = (index: number): Place => ({ within: undefined, sequence: PER_FRAME, number: index + 1 });

function checkGroups(shared: Attributes, frames: readonly Attributes[], inSpace: boolean, refuse: Refuse): void {
  for (const [group, presence] of Object.entries(GROUPS)) {
    const isShared = !isEmpty(shared[group]);
    if (isShared && presence === 'each-frame') refuse('functional-group-place', group);
    const isPlaceless = presence === 'in-space' && !inSpace;
    if (isPlaceless && !isShared && frames.every((frame) => isEmpty(frame[group]))) continue;
    const wrong = frames.findIndex((frame) => isEmpty(frame[group]) !== isShared);
    if (wrong >= 0) refuse('functional-group-place', group, placeOf(wrong));
  }
}

/** Segment Numbers count from 1 (C.8.20.2.5), and each frame belongs to a described segment. */
function checkSegments(
  attributes: Attributes,
  shared: Attributes,
  frames: readonly Attributes[],
  refuse: Refuse,
): void {
  const segments = itemsOf(attributes['SegmentSequence']);
  segments.forEach(({ SegmentNumber }, index) => {
    const place = { within: undefined, sequence: 'SegmentSequence', number: index + 1 };
    if (SegmentNumber !== index + 1) refuse('segment-number', 'SegmentNumber', place);
  });
  frames.forEach((frame, index) => {
    const [number = 0] = numbersOf(
      groupItem('SegmentIdentificationSequence', frame, shared)['ReferencedSegmentNumber'],
    );
    if (segments[number - 1] === undefined) refuse('segment-number', 'ReferencedSegmentNumber', placeOf(index));
  });
}

function groupItem(group: string, frame: Attributes, shared: Attributes): Attributes {
  return itemsOf(frame[group])[0] ?? itemsOf(shared[group])[0] ?? {};
}

/** Each frame has one index per dimension, counted from 1, and an index stands for one value (C.7.6.17). */
function checkDimensions(
  attributes: Attributes,
  shared: Attributes,
  frames: readonly Attributes[],
  refuse: Refuse,
): void {
  const organizations = new Set(
    itemsOf(attributes['DimensionOrganizationSequence']).map((item) => textOf(item['DimensionOrganizationUID'])),
  );
  const dimensions = itemsOf(attributes['DimensionIndexSequence']).map((item, index) => {
    const place = { within: undefined, sequence: 'DimensionIndexSequence', number: index + 1 };
    if (!organizations.has(textOf(item['DimensionOrganizationUID'])))
      refuse('dimension-index', 'DimensionOrganizationUID', place);
    const pointer = textOf(item['DimensionIndexPointer']) ?? '';
    return { pointer, group: textOf(item['FunctionalGroupPointer']) ?? '', values: new Map<number, string>() };
  });
  frames.forEach((frame, frameIndex) => {
    const indices = numbersOf(groupItem('FrameContentSequence', frame, shared)['DimensionIndexValues']);
    const refuseIndex = () => refuse('dimension-index', 'DimensionIndexValues', placeOf(frameIndex));
    if (indices.length !== dimensions.length) refuseIndex();
    dimensions.forEach(({ pointer, group, values }, dimension) => {
      const index = indices[dimension] ?? 0;
      if (!(index >= 1)) refuseIndex();
      const value = String(groupItem(group, frame, shared)[pointer]);
      if ((values.get(index) ?? value) !== value) refuseIndex();
      values.set(index, value);
    });
  });
}
