/** Brings a run's objects to the archive and proves that they are there: delivered means read back and the same. */
import { createHash } from 'node:crypto';
import { readDicom } from '#core/dicom/read.ts';
import {
  ArchiveRequestError,
  ArchiveStoreError,
  ConfigurationError,
  ContentConflictError,
  IntegrityError,
} from '#core/errors.ts';
import { objectKey, objectListKey, receiptKey } from '#core/keys.ts';
import type { RunMessage } from '#core/messages.ts';
import { type ObjectList, parseObjectList } from '#core/object-list.ts';
import type { Archive, InstanceUids, StoreOutcome } from '#core/ports.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';
import { sameContent } from './same-content.ts';

export interface ReturnDependencies extends RunDependencies {
  /** Asked for with every message, so that a rotated secret is read anew. */
  readonly archive: () => Promise<Archive>;
}

interface OutgoingObject {
  readonly uids: InstanceUids;
  readonly bytes: Uint8Array;
}

/**
 * Only what the archive does not have yet is stored, so that nothing is stored twice, whichever step broke off before.
 * The receipt is written last: where it is there, delivery is over.
 */
export function makeHandler(dependencies: ReturnDependencies): QueueHandler {
  const { objects, runs, archive: openArchive, observer } = dependencies;

  async function deliver({ runId, answer }: RunMessage, list: ObjectList): Promise<void> {
    if (await objects.exists(receiptKey(runId, answer))) return;
    const archive = await openArchive();
    const outgoing = await readObjects(runId, list);
    const missing: OutgoingObject[] = [];
    for (const object of outgoing) if (!(await isThere(archive, object))) missing.push(object);
    await storeAll(archive, missing);
    const receipt = { format: 'hilum.receipt/1', runId, answer, proof: 'read-back', objects: list.objects };
    await objects.put(receiptKey(runId, answer), new TextEncoder().encode(JSON.stringify(receipt)), {
      contentType: 'application/json',
    });
  }

  async function readObjects(
    runId: string,
    { StudyInstanceUID, objects: listed }: ObjectList,
  ): Promise<readonly OutgoingObject[]> {
    const outgoing: OutgoingObject[] = [];
    for (const { SOPInstanceUID, sha256 } of listed) {
      const bytes = await objects.get(objectKey(runId, SOPInstanceUID));
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

  /** A run that was rejected or failed stays so, however well the object that says so was delivered. */
  async function endOf(runId: string): Promise<'rejected' | 'failed'> {
    return (await runs.get(runId))?.state === 'rejected' ? 'rejected' : 'failed';
  }

  return consumeRuns(
    {
      comesAs: 'converted',
      async work(message) {
        const { runId, answer } = message;
        const stored = await objects.get(objectListKey(runId, answer));
        if (stored === undefined) throw new IntegrityError("The list of the run's objects is not in the bucket");
        const list = parseObjectList(stored);
        await deliver(message, list).catch(asSetting);
        const { outcome, reason, summary } = list;
        await runs.record({
          ...identityOf(message),
          state: answer === 'result' ? 'delivered' : await endOf(runId),
          ...{ outcome, summary },
          ...(reason === undefined ? {} : { reason }),
          objects: list.objects.map((object) => object.SOPInstanceUID),
        });
        observer.log('info', 'delivered', { runId, answer, objects: list.objects.length });
      },
    },
    dependencies,
  );
}

/** What the archive cannot do at all is a wrong address: the result waits for a person and is not given up. */
function asSetting(error: unknown): never {
  if (!(error instanceof ArchiveRequestError)) throw error;
  const mend = "Check the address in the archive's secret (HILUM_ARCHIVE_SECRET).";
  throw new ConfigurationError(`${error.message}. ${mend}`, { cause: error, facts: error.facts });
}

/**
 * @throws ContentConflictError where the archive has the object's UID with other content
 */
async function isThere(archive: Archive, { uids, bytes }: OutgoingObject): Promise<boolean> {
  const found = await archive.retrieveInstance(uids);
  if (found === undefined) return false;
  if (!sameContent(found, bytes)) {
    const { SOPInstanceUID } = uids;
    throw new ContentConflictError('The archive holds an object of the same UID with other content', {
      facts: { SOPInstanceUID },
    });
  }
  return true;
}

/**
 * Stores and reads back.
 *
 * @throws ArchiveStoreError where the archive refused an object, or says that it stored it and does not have it. What it
 *   did store stays and is found there the next time.
 */
async function storeAll(archive: Archive, missing: readonly OutgoingObject[]): Promise<void> {
  if (missing.length === 0) return;
  const outcomes = await archive.store(
    missing.map(({ uids, bytes }) => ({ SOPInstanceUID: uids.SOPInstanceUID, bytes })),
  );
  const absent: OutgoingObject[] = [];
  for (const object of missing) if (!(await isThere(archive, object))) absent.push(object);
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
