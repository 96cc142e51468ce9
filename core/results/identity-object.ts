/** A study's identity as an object of its own: its patient and study modules, without an image. */
import { differencesOf } from '#dicom/compare.ts';
import type { Dataset } from '#dicom/dataset.ts';
import { readElements } from '#dicom/read.ts';
import { asFoundWhereBroken, encodeDicom } from '#dicom/write.ts';
import { sourceUid } from './common.ts';
import { COPIED } from './source-study.ts';

/** They name the instance that was read. */
const OF_THE_INSTANCE = ['SOPClassUID', 'SOPInstanceUID', 'SeriesInstanceUID'] as const;
const OF_THE_INSTANCE_TAGS: ReadonlySet<number> = new Set([0x0008_0016, 0x0008_0018, 0x0020_000e]);

/**
 * The identity in an instance's header as a Part 10 file: the attributes that results copy from their source, to the character, and the
 * UIDs of study, series and instance. A header that says the same of them gives the same bytes.
 */
export function identityObjectOf(dataset: Dataset): Uint8Array {
  const uids = (['StudyInstanceUID', ...OF_THE_INSTANCE] as const).map(
    (keyword) => [keyword, sourceUid(dataset.text(keyword) ?? '')] as const,
  );
  return encodeDicom({ ...asFoundWhereBroken(dataset.attributes(COPIED)), ...Object.fromEntries(uids) });
}

/** Whether two identity objects say the same of patient and study: element by element, however each is encoded. */
export const isSameIdentity = (a: Uint8Array, b: Uint8Array): boolean =>
  differencesOf(readElements(a).elements, readElements(b).elements).every(({ tag }) => OF_THE_INSTANCE_TAGS.has(tag));
