/** A study's identity as an object of its own: its patient and study modules, without an image. */
import { differencesOf } from '#dicom/compare.ts';
import type { Dataset } from '#dicom/dataset.ts';
import { readElements } from '#dicom/read.ts';
import { resultUid } from '#dicom/uid.ts';
import { encodeDicom } from '#dicom/write.ts';
import { sourceUid } from './common.ts';
import { copiedFrom } from './source-study.ts';

/** No SOP Class of the standard: no archive stores the object by mistake. */
const SOP_CLASS_UID = resultUid('identity object');

/**
 * The identity in an instance's header as a Part 10 file: the attributes that results copy from their source, to the character, and the
 * UID of the study. A result's own header gives the identity that it was converted for. The object's other UIDs derive from it: headers that say the same give the same bytes, whichever instance they are of.
 */
export function identityObjectOf(dataset: Dataset): Uint8Array {
  const StudyInstanceUID = dataset.text('StudyInstanceUID') ?? '';
  return encodeDicom({
    ...copiedFrom(dataset),
    StudyInstanceUID: sourceUid(StudyInstanceUID),
    SOPClassUID: SOP_CLASS_UID,
    SOPInstanceUID: resultUid('identity', StudyInstanceUID),
    SeriesInstanceUID: resultUid('identity', StudyInstanceUID, 'series'),
  });
}

/** Whether two identity objects say the same of patient and study: element by element, however each is encoded. */
export const isSameIdentity = (a: Uint8Array, b: Uint8Array): boolean =>
  differencesOf(readElements(a).elements, readElements(b).elements).length === 0;
