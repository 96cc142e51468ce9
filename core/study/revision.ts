/** Digests that name a study's content: which instances, with which bytes. Independent of order, place and time. */
import { createHash } from 'node:crypto';
import type { ImageIndex, InstanceIndex } from './study-index.ts';

type Identified = Pick<InstanceIndex, 'SOPInstanceUID' | 'sha256' | 'imageSha256' | 'writtenByHilum'>;

/** SHA-256 (hex) over the sorted, distinct lines `<SOPInstanceUID> <sha256>`; Hilum's own objects never count. */
export const revisionOf = (instances: readonly Identified[]): string => digestOf(instances, ({ sha256 }) => sha256);

/**
 * The same with the image digests of the images that a tool was given, and of what was set aside from them. A late dose report, a
 * corrected name and another encoding change the revision but not the input digest.
 */
export function inputDigestOf(images: readonly ImageIndex[]): string {
  const instances = images.flatMap(({ instances, aside = [] }) => [
    ...instances,
    ...aside.flatMap((each) => each.instances),
  ]);
  return digestOf(instances, ({ imageSha256, sha256 }) => imageSha256 ?? sha256);
}

function digestOf(instances: readonly Identified[], contentOf: (instance: Identified) => string): string {
  const lines = instances
    .filter((instance) => instance.writtenByHilum !== true)
    .map((instance) => `${instance.SOPInstanceUID} ${contentOf(instance)}`);
  return createHash('sha256')
    .update([...new Set(lines)].toSorted().join('\n'))
    .digest('hex');
}
