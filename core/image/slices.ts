/** The slices of an image whose headers place each of them. */
import { DicomReadError } from '#dicom/error.ts';
import { GeometryError } from '../errors.ts';
import { type FrameHeader, imageFrames } from '../study/frames.ts';
import { type ImageIndex, type InstanceIndex, MAX_FRAMES } from '../study/study-index.ts';

/**
 * The header of each slice of a volume, in no particular order.
 *
 * @throws GeometryError `functional-groups` where functional groups do not describe each frame of a multi-frame instance
 *   exactly once; `incomplete-concatenation` where a part of a concatenation is missing
 * @throws DicomReadError `limit-exceeded` where an instance has more frames than the index may list
 */
export function slicesOf(image: ImageIndex): readonly FrameHeader[] {
  for (const instance of image.instances) checkFrames(instance);
  const parts = image.instances.filter(({ ConcatenationUID }) => ConcatenationUID !== undefined);
  for (const one of Map.groupBy(parts, ({ ConcatenationUID }) => ConcatenationUID).values()) checkConcatenation(one);
  return imageFrames(image);
}

function checkFrames({ SOPInstanceUID, NumberOfFrames = 1, frames }: InstanceIndex): void {
  if (NumberOfFrames === 1 || frames !== undefined) return;
  const facts = { SOPInstanceUID, NumberOfFrames, limit: MAX_FRAMES };
  if (NumberOfFrames > MAX_FRAMES) {
    throw new DicomReadError('limit-exceeded', `The instance has ${NumberOfFrames} frames`, { facts });
  }
  throw new GeometryError('functional-groups', 'The functional groups do not describe each frame exactly once', {
    facts: { SOPInstanceUID, NumberOfFrames },
  });
}

/** In-concatenation Numbers count from 1, and each part states how many frames precede it (PS3.3 C.7.6.16). */
function checkConcatenation(instances: readonly InstanceIndex[]): void {
  const parts = instances.toSorted((a, b) => (a.InConcatenationNumber ?? 0) - (b.InConcatenationNumber ?? 0));
  let before = 0;
  for (const [index, part] of parts.entries()) {
    const { InConcatenationNumber, InConcatenationTotalNumber = parts.length } = part;
    const { ConcatenationFrameOffsetNumber = before, NumberOfFrames = 0 } = part;
    const isNext =
      InConcatenationNumber === index + 1 &&
      InConcatenationTotalNumber === parts.length &&
      ConcatenationFrameOffsetNumber === before;
    if (!isNext) {
      throw new GeometryError('incomplete-concatenation', 'A part of the concatenation is missing or duplicated', {
        facts: { SOPInstanceUID: part.SOPInstanceUID, parts: parts.length },
      });
    }
    before += NumberOfFrames;
  }
}
