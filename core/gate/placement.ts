/** A mask must lie on its source: a shifted or turned frame passes unnoticed in reports and is wrong in every viewer. */
import type { Attributes } from '#dicom/write.ts';
import { type FrameHeader, frameHeaders, frameKey } from '../study/frames.ts';
import { itemsOf, numbersOf, textOf } from './attribute-values.ts';
import type { Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

/** Allows for rounded Decimal Strings, and for slices of one volume whose headers differ a little in direction. */
const POSITION_TOLERANCE_MM = 1e-3;
const COSINE_TOLERANCE = 1e-2;

/**
 * Compares every frame of a Segmentation with the source frame from which it is derived: matrix size, frame of reference and,
 * where the source has them, position and orientation.
 */
export function checkPlacement({ attributes, source }: Whole, refuse: Refuse): void {
  const headers = new Map(source.instances.flatMap(frameHeaders).map((header) => [frameKey(header), header]));
  const [shared = {}] = itemsOf(attributes['SharedFunctionalGroupsSequence']);
  itemsOf(attributes['PerFrameFunctionalGroupsSequence']).forEach((frame, index) => {
    const place = { within: undefined, sequence: 'PerFrameFunctionalGroupsSequence', number: index + 1 };
    for (const header of sourcesOf(frame, headers)) {
      const { ofAll, ofFrame } = difference(attributes, { ...shared, ...frame }, header);
      if (ofAll !== undefined) refuse('frame-position', ofAll);
      if (ofFrame !== undefined) refuse('frame-position', ofFrame, place);
    }
  });
}

/** The source frames that a frame names. A reference that names no frame of several is refused elsewhere (`references.ts`). */
function sourcesOf(frame: Attributes, headers: ReadonlyMap<string, FrameHeader>): readonly FrameHeader[] {
  return itemsOf(frame['DerivationImageSequence'])
    .flatMap((derivation) => itemsOf(derivation['SourceImageSequence']))
    .flatMap((reference) => {
      const SOPInstanceUID = textOf(reference['ReferencedSOPInstanceUID']) ?? '';
      const [frameNumber] = numbersOf(reference['ReferencedFrameNumber']);
      return (
        headers.get(frameKey(frameNumber === undefined ? { SOPInstanceUID } : { SOPInstanceUID, frameNumber })) ?? []
      );
    });
}

/** The first attribute that differs from the source frame's, either of the whole mask or of this frame. */
function difference(
  { Rows, Columns, FrameOfReferenceUID }: Attributes,
  groups: Attributes,
  header: FrameHeader,
): { readonly ofAll?: string; readonly ofFrame?: string } {
  if (header.Rows !== Rows) return { ofAll: 'Rows' };
  if (header.Columns !== Columns) return { ofAll: 'Columns' };
  const { ImagePositionPatient: position, ImageOrientationPatient: orientation } = header;
  if (FrameOfReferenceUID === undefined || position === undefined || orientation === undefined) return {};
  if (textOf(FrameOfReferenceUID) !== header.FrameOfReferenceUID) return { ofAll: 'FrameOfReferenceUID' };
  const given = (group: string, keyword: string) => numbersOf(itemsOf(groups[group])[0]?.[keyword]);
  if (!isNear(given('PlanePositionSequence', 'ImagePositionPatient'), position, POSITION_TOLERANCE_MM))
    return { ofFrame: 'ImagePositionPatient' };
  if (!isNear(given('PlaneOrientationSequence', 'ImageOrientationPatient'), orientation, COSINE_TOLERANCE))
    return { ofFrame: 'ImageOrientationPatient' };
  return {};
}

function isNear(given: readonly number[], wanted: readonly number[], tolerance: number): boolean {
  return given.length === wanted.length && wanted.every((value, i) => Math.abs(value - (given[i] ?? NaN)) <= tolerance);
}
