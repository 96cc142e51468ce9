/** Brings a run's objects to the archive and proves that they are there: delivered means read back and the same. */
import { createHash } from 'node:crypto';
import { ArchiveStoreError, ContentConflictError, IntegrityError } from '#core/errors.ts';
import { readDicom } from '#dicom/read.ts';
import { objectKey, receiptKey } from './keys.ts';
import type { RunMessage } from './messages.ts';
import type { ObjectList } from './object-list.ts';
import type { Archive, CallOptions, InstanceUids, ObjectStore, StoreOutcome } from './ports.ts';
import { sameContent } from './same-content.ts';

/** What of an archive delivery needs. */
export type DeliveryArchive = Pick<Archive, 'store' | 'retrieveInstance'>;

export interface DeliveryPorts {
  readonly objects: ObjectStore;
  /** Opens the archive; asked for only where there is something to deliver. */
  readonly archive: () => Promise<DeliveryArchive>;
}

interface OutgoingObject {
  readonly uids: InstanceUids;
  readonly bytes: Uint8Array;
}

/**
 * Delivers an answer of a run, however often it is called: only what the archive does not have yet is stored, so that
 * nothing is stored twice, whichever step broke off before. The receipt is written last: where it is there, delivery is over.
 *
 * @throws IntegrityError where an object is missing in the bucket or differs from its digest
 * @throws ContentConflictError where the archive has an object's UID with other content
 * @throws ArchiveStoreError where the archive refused an object, or says that it stored it and does not have it
 * @throws the archive's own errors
 *
 * @param options of every call to the bucket and the archive
 */
export async function deliver(
  { runId, answer }: Pick<RunMessage, 'runId' | 'answer'>,
  list: ObjectList,
  { objects, archive: openArchive }: DeliveryPorts,
  options: CallOptions = {},
): Promise<void> {
  if (await objects.exists(receiptKey(runId, answer), options)) return;
  const archive = await openArchive();
  const outgoing = await readObjects(objects, runId, list, options);
  const missing: OutgoingObject[] = [];
  for (const object of outgoing) if (!(await isThere(archive, object, options))) missing.push(object);
  await storeAll(archive, missing, options);
  const receipt = { format: 'hilum.receipt/1', runId, answer, proof: 'read-back', objects: list.objects };
  await objects.put(receiptKey(runId, answer), new TextEncoder().encode(JSON.stringify(receipt)), {
    ...options,
    contentType: 'application/json',
  });
}

async function readObjects(
  objects: ObjectStore,
  runId: string,
  { StudyInstanceUID, objects: listed }: ObjectList,
  options: CallOptions,
): Promise<readonly OutgoingObject[]> {
  const outgoing: OutgoingObject[] = [];
  for (const { SOPInstanceUID, sha256 } of listed) {
    const bytes = await objects.get(objectKey(runId, SOPInstanceUID), options);
    if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new IntegrityError('An object to deliver is missing or differs from its digest', {
        facts: { SOPInstanceUID },
      });
    }
    const SeriesInstanceUID = readDicom(bytes, { stopBeforePixels: true }).dataset.text('SeriesInstanceUID') ?? '';
    outgoing.push({ uids: { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, bytes });
  }
  return outgoing;
}

/** @throws ContentConflictError where the archive has the object's UID with other content */
async function isThere(
  archive: DeliveryArchive,
  { uids, bytes }: OutgoingObject,
  options: CallOptions,
): Promise<boolean> {
  const found = await archive.retrieveInstance(uids, options);
  if (found === undefined) return false;
  if (!sameContent(found, bytes)) {
    const { SOPInstanceUID } = uids;
    throw new ContentConflictError('The archive holds an object of the same UID with other content', {
      facts: { SOPInstanceUID },
    });
  }
  return true;
}

/** Stores and reads back. What the archive did store stays and is found there the next time. */
async function storeAll(
  archive: DeliveryArchive,
  missing: readonly OutgoingObject[],
  options: CallOptions,
): Promise<void> {
  if (missing.length === 0) return;
  const outcomes = await archive.store(
    missing.map(({ uids, bytes }) => ({ SOPInstanceUID: uids.SOPInstanceUID, bytes })),
    options,
  );
  const absent: OutgoingObject[] = [];
  for (const object of missing) if (!(await isThere(archive, object, options))) absent.push(object);
  const [first] = absent;
  if (first === undefined) return;
  const outcome = outcomes.find(({ SOPInstanceUID }) => SOPInstanceUID === first.uids.SOPInstanceUID);
  throw new ArchiveStoreError(
    `The archive did not store ${absent.length} of ${missing.length} objects${failureCode(outcome)}.`,
    { facts: { SOPInstanceUID: first.uids.SOPInstanceUID, absent: absent.length } },
  );
}

const failureCode = (outcome: StoreOutcome | undefined): string =>
  outcome?.failureReason === undefined
    ? ''
    : ` (failure reason ${outcome.failureReason.toString(16).toUpperCase().padStart(4, '0')}H)`;
