/** What a manifest says besides the study's instances: whose study it is in the archive now, and which of its manifests this is. */
import { ArchiveUnavailableError, MessageError, NewerFormatError } from '#core/errors.ts';
import { identityInstanceOf, storeIdentity } from '#pipeline/identities.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import type { CallOptions, InstanceUids, ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { listManifests } from '#pipeline/study.ts';
import type { SeriesForwarding } from './forward-series.ts';

/**
 * Stores the identity that the archive has for a study now, and returns its digest. It is read anew: a series that has not changed was
 * read some time ago.
 *
 * @param instances of the study
 * @throws ArchiveUnavailableError if the archive does not have the instance any more; the next attempt finds the study as it is then
 */
export async function storedIdentity(
  { archive, store }: Pick<SeriesForwarding, 'archive' | 'store'>,
  instances: readonly InstanceUids[],
  key: Uint8Array,
  options: CallOptions = {},
): Promise<string> {
  const read = identityInstanceOf(instances);
  const file = read && (await archive.retrieveHeader(read, options));
  if (file === undefined)
    throw new ArchiveUnavailableError('The archive does not have an instance any more that it sent', {
      facts: { SOPInstanceUID: read?.SOPInstanceUID ?? '' },
    });
  return await storeIdentity(store, file.dataset, key, options);
}

/** The greatest sequence of the study's manifests in the bucket; 0 without one. A journal that is new does not know of them. */
export async function greatestSequence(
  store: ObjectStore & ObjectListing,
  StudyInstanceUID: string,
  options: CallOptions = {},
): Promise<number> {
  let greatest = 0;
  for await (const { key } of listManifests(store, StudyInstanceUID, options)) {
    const bytes = await store.get(key, options);
    greatest = Math.max(greatest, (bytes && sequenceIn(bytes)) ?? 0);
  }
  return greatest;
}

/** One that cannot be read, as of a newer version, counts nothing. */
function sequenceIn(bytes: Uint8Array): number | undefined {
  try {
    return parseManifest(bytes).sequence;
  } catch (error) {
    if (error instanceof MessageError || error instanceof NewerFormatError) return undefined;
    throw error;
  }
}
