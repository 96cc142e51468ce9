/** Digests that name a study's content: which instances, with which bytes. Independent of order, place and time. */
import { createHash } from 'node:crypto';
import type { ImageIndex, InstanceIndex } from './study-index.ts';

type Identified = Pick<InstanceIndex, 'SOPInstanceUID' | 'sha256' | 'writtenByHilum'>;

/** SHA-256 (hex) over the sorted, distinct lines `<SOPInstanceUID> <sha256>`; Hilum's own objects never count. */
export function revisionOf(instances: readonly Identified[]): string {
  const lines = instances
    .filter((instance) => instance.writtenByHilum !== true)
    .map(({ SOPInstanceUID, sha256 }) => `${SOPInstanceUID} ${sha256}`);
  return createHash('sha256')
    .update([...new Set(lines)].toSorted().join('\n'))
    .digest('hex');
}

/**
 * The same over the images that a tool was given, and what was set aside from them. A late dose report changes the revision
 * but not the input digest.
 */
export function inputDigestOf(images: readonly ImageIndex[]): string {
  return revisionOf(
    images.flatMap(({ instances, aside = [] }) => [...instances, ...aside.flatMap((each) => each.instances)]),
  );
}
