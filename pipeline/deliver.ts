/** Stores a run's objects in the archive and proves it: "delivered" means that each was read back with the same content. */
import { createHash } from 'node:crypto';
import { ArchiveStoreError, ContentConflictError, IntegrityError, MissingProductError } from '#core/errors.ts';
import { objectKey, receiptKey, type SetFolder } from './keys.ts';
import type { RunMessage } from './messages.ts';
import type { ObjectList } from './object-list.ts';
import type { Archive, CallOptions, InstanceUids, ObjectStore, StoreOutcome } from './ports.ts';
import { coercedIn } from './same-content.ts';

/** The archive's methods that delivery needs. */
export type DeliveryArchive = Pick<Archive, 'store' | 'retrieveInstance'>;

export interface DeliveryPorts {
  readonly objects: ObjectStore;
  /** Opens the archive. Called only if there is something to deliver. */
  readonly archive: () => Promise<DeliveryArchive>;
}

interface OutgoingObject {
  readonly uids: InstanceUids;
  readonly bytes: Uint8Array;
}

/**
 * Delivers an answer of a run. It may be called any number of times: it stores only the objects that the archive does not
 * have yet. The receipt is written last, so an existing receipt means that the answer was delivered.
 *
 * @param options apply to every call to the bucket and the archive
 * @throws MissingProductError if an object is not in the bucket
 * @throws IntegrityError if an object differs from its digest
 * @throws ContentConflictError if the archive has an object of the same UID with different content
 * @throws ArchiveStoreError if an object is not in the archive after it was stored, whatever the archive answered
 * @throws the archive's own errors
 */
export async function deliver(
  run: SetFolder & Pick<RunMessage, 'answer'>,
  list: ObjectList,
  { objects, archive: openArchive }: DeliveryPorts,
  options: CallOptions = {},
): Promise<void> {
  const { runId, setId, answer } = run;
  if (await objects.exists(receiptKey(run), options)) return;
  const archive = await openArchive();
  const outgoing = await readObjects(objects, run, list, options);
  const before = await lookFor(archive, outgoing, options);
  const coerced = { ...before.coerced, ...(await storeAll(archive, before.missing, options)) };
  const receipt = {
    ...{ format: 'hilum.receipt/1', runId, setId, answer, proof: 'read-back', objects: list.objects },
    ...(Object.keys(coerced).length > 0 && { coerced }),
  };
  await objects.put(receiptKey(run), new TextEncoder().encode(JSON.stringify(receipt)), {
    ...options,
    contentType: 'application/json',
  });
}

async function readObjects(
  objects: ObjectStore,
  run: SetFolder,
  { StudyInstanceUID, objects: listed }: ObjectList,
  options: CallOptions,
): Promise<readonly OutgoingObject[]> {
  const outgoing: OutgoingObject[] = [];
  for (const { SOPInstanceUID, SeriesInstanceUID, sha256 } of listed) {
    const bytes = await objects.get(objectKey(run, SOPInstanceUID), options);
    const facts = { SOPInstanceUID };
    if (bytes === undefined) throw new MissingProductError('An object to deliver is not in the bucket', { facts });
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new IntegrityError('An object to deliver differs from its digest', { facts });
    outgoing.push({ uids: { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, bytes });
  }
  return outgoing;
}

/** By SOP Instance UID, the keywords of what the archive added to an object or coerced. */
type Coerced = Readonly<Record<string, readonly string[]>>;

/**
 * The objects that the archive does not have, and what it made of the others.
 *
 * @throws ContentConflictError if the archive has an object of the same UID with different content
 */
async function lookFor(
  archive: DeliveryArchive,
  outgoing: readonly OutgoingObject[],
  options: CallOptions,
): Promise<{ readonly missing: readonly OutgoingObject[]; readonly coerced: Coerced }> {
  const missing: OutgoingObject[] = [];
  const coerced: Record<string, readonly string[]> = {};
  for (const object of outgoing) {
    const { SOPInstanceUID } = object.uids;
    const found = await archive.retrieveInstance(object.uids, options);
    const keywords = found === undefined ? [] : coercedIn(found, object.bytes);
    if (keywords === undefined)
      throw new ContentConflictError('The archive holds an object of the same UID with different content', {
        facts: { SOPInstanceUID },
      });
    if (found === undefined) missing.push(object);
    if (keywords.length > 0) coerced[SOPInstanceUID] = keywords;
  }
  return { missing, coerced };
}

/** Stores objects and reads them back. If some fail, the others stay in the archive and are found there next time. */
async function storeAll(
  archive: DeliveryArchive,
  missing: readonly OutgoingObject[],
  options: CallOptions,
): Promise<Coerced> {
  if (missing.length === 0) return {};
  const outcomes = await archive.store(
    missing.map(({ uids, bytes }) => ({ SOPInstanceUID: uids.SOPInstanceUID, bytes })),
    options,
  );
  const { missing: absent, coerced } = await lookFor(archive, missing, options);
  const [first] = absent;
  if (first === undefined) return coerced;
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
