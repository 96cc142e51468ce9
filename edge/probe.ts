/**
 * Tells an outage from a study's own fault. The same error may be either: an archive that answers 500 may have lost one file, and a
 * bucket that does not answer may have dropped one connection. Only a failed probe of the service itself makes it an outage of all.
 */
import { createHash } from 'node:crypto';
import type { DicomWebClient } from '#adapters/dicomweb/client.ts';
import type { OrthancClient } from '#adapters/orthanc/client.ts';
import {
  ArchiveDeniedError,
  ArchiveRequestError,
  ArchiveTrustError,
  ArchiveUnavailableError,
  ConfigurationError,
  ServiceUnavailableError,
  SystemRefusalError,
} from '#core/errors.ts';
import { chunkKey } from '#pipeline/keys.ts';
import type { ObjectStore } from '#pipeline/ports.ts';
import { proveRoom } from './spool.ts';

export interface Probed {
  readonly orthanc: Pick<OrthancClient, 'system'>;
  readonly archive: Pick<DicomWebClient, 'searchStudies'>;
  readonly store: Pick<ObjectStore, 'put'>;
  readonly spoolFolder: string;
  readonly chunkBytes?: number | undefined;
}

/** A chunk without bytes: writing it shows that uploads are possible, and changes nothing that anybody reads. */
const EMPTY = new Uint8Array();
const EMPTY_KEY = chunkKey(createHash('sha256').update(EMPTY).digest('hex'));

/** A UID that no study has. Any answer to a search for it shows that DICOMweb works. */
export const NO_STUDY = { StudyInstanceUID: '2.25.0' };

/**
 * The error of the service, if the service as a whole cannot be used; undefined if it can, so that `error` concerns one study.
 *
 * @throws the signal's reason if it is aborted
 */
export async function outageBehind(error: unknown, probed: Probed, signal?: AbortSignal): Promise<unknown> {
  const probe = probeFor(error, probed, signal && { signal });
  if (probe === undefined) return undefined;
  try {
    await probe();
    return undefined;
  } catch (outage) {
    signal?.throwIfAborted();
    return outage;
  }
}

/** Whether the bucket, or the cloud that it lies in, gave an error. */
export const isOfBucket = (error: unknown): boolean =>
  error instanceof ServiceUnavailableError || error instanceof ConfigurationError;

const ARCHIVE_ERRORS = [ArchiveUnavailableError, ArchiveDeniedError, ArchiveTrustError, ArchiveRequestError];

function probeFor(
  error: unknown,
  { orthanc, archive, store, spoolFolder, chunkBytes }: Probed,
  options: { readonly signal: AbortSignal } | undefined,
): (() => Promise<unknown>) | undefined {
  // A server without the DICOMweb plugin refuses the requests for all series.
  if (ARCHIVE_ERRORS.some((kind) => error instanceof kind))
    return async () => {
      await orthanc.system(options);
      await Array.fromAsync(archive.searchStudies(NO_STUDY, options));
    };
  if (isOfBucket(error)) return () => store.put(EMPTY_KEY, EMPTY, options);
  if (error instanceof SystemRefusalError) return () => proveRoom(spoolFolder, chunkBytes);
  return undefined;
}
