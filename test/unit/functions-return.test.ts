import { beforeEach, describe, expect, it } from 'vitest';
import { ArchiveDeniedError, ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { readDicom } from '#dicom/read.ts';
import { makeHandler } from '#functions/return/handler.ts';
import type { DeliveryArchive } from '#pipeline/deliver.ts';
import { objectKey, objectListKey, receiptKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { encodeObjectList } from '#pipeline/object-list.ts';
import { coercedIn } from '#pipeline/same-content.ts';
import { createMemoryPacs, type MemoryPacs, opened } from '../fixtures/memory-archive.ts';
import {
  allFailed,
  converted,
  createPipeline,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  REASON as reason,
  runMessage,
  setFolder,
  sha256,
  sqsEvent,
  stored,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();

/** An archive that has the study, and may refuse. */
function createArchive(refuse?: (uid: string) => number | undefined): MemoryPacs {
  const pacs = createMemoryPacs(refuse);
  pacs.add(file);
  return pacs;
}

const deliver = (pipeline: Pipeline, message: RunMessage, archive: DeliveryArchive, receiveCount = 1) =>
  makeHandler({ ...pipeline, archive: opened(archive) })(sqsEvent('return-live', [message], receiveCount), minuteLeft);

/** An archive that answers every request so. */
function answering(error: Error): DeliveryArchive {
  const fail = () => Promise.reject(error);
  const listInstances = async function* () {
    yield await fail();
  };
  return { store: fail, retrieveInstance: fail, retrieveHeader: fail, deleteInstance: fail, listInstances };
}

const objectsOf = (uids: readonly string[]) => uids.map((SOPInstanceUID) => ({ SOPInstanceUID, bytes: file }));

describe('return', () => {
  let pipeline: Pipeline;
  let message: RunMessage;
  /** Two objects to deliver; any DICOM will do. */
  const UIDS = ['2.25.1', '2.25.2'] as const;

  beforeEach(async () => {
    pipeline = createPipeline();
    const study = await upload(pipeline, file);
    message = await converted(pipeline, runMessage(file, entry, study), objectsOf(UIDS));
  });
  const run = () => pipeline.runs.get(message.runId);

  it('stores the objects, reads them back and keeps the receipt', async () => {
    const archive = createArchive();

    expect(await deliver(pipeline, message, archive)).toEqual(nothingFailed);

    expect(archive.storedUids).toEqual(UIDS);
    expect(await run()).toMatchObject({
      ...{ state: 'delivered', outcome: 'not-evaluable', reason, summary: reason.message, objects: UIDS },
      ...{ StudyInstanceUID: message.StudyInstanceUID, tool: 'tiny', lane: 'live' },
    });
    const key = receiptKey(setFolder(pipeline, message));
    const { SeriesInstanceUID } = indexInstance(file);
    const object = { kind: 'non-result', SOPClassUID: '1.2', SeriesInstanceUID, sha256: sha256(file) };
    expect(await stored(pipeline, key)).toEqual({
      ...{ format: 'hilum.receipt/1', runId: message.runId, setId: message.set, answer: 'result', proof: 'read-back' },
      objects: UIDS.map((SOPInstanceUID) => ({ ...object, SOPInstanceUID })),
    });
    expect(pipeline.objects.contentTypes.get(key)).toBe('application/json');
  });

  it('retrieves each object by its study, series and own UID, before and after storing it', async () => {
    const archive = createArchive();
    const { StudyInstanceUID, SeriesInstanceUID } = indexInstance(file);

    await deliver(pipeline, message, archive);

    const each = UIDS.map((SOPInstanceUID) => ({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }));
    expect(archive.asked).toEqual([...each, ...each]);
  });

  it('does not contact the archive for a run that has a receipt', async () => {
    await deliver(pipeline, message, createArchive());

    const asleep = answering(new ArchiveUnavailableError('The archive is down.'));
    const answer = await deliver(pipeline, message, asleep);

    expect(answer).toEqual(nothingFailed);
  });

  it('stores nothing if the archive has everything', async () => {
    const archive = createArchive();
    for (const uid of UIDS) archive.held.set(uid, file);
    const store = () => Promise.reject(new ArchiveUnavailableError('Nothing is asked of it.'));

    expect(await deliver(pipeline, message, { ...archive, store })).toEqual(nothingFailed);

    expect(await run()).toMatchObject({ state: 'delivered' });
  });

  it.each(['the list of objects', 'one of them'])('goes back to conversion if %s is gone', async (what) => {
    const key = what.includes('list')
      ? objectListKey(setFolder(pipeline, message))
      : objectKey(setFolder(pipeline, message), '2.25.2');
    pipeline.objects.contents.delete(key);

    expect(await deliver(pipeline, message, createArchive())).toEqual(nothingFailed);

    expect(pipeline.sentTo({ step: 'convert', lane: 'live' })).toEqual([message]);
    expect(await run()).toMatchObject({ state: 'converted', reason: { code: 'missing-product' } });
    expect(pipeline.objects.contents.has(receiptKey(setFolder(pipeline, message)))).toBe(false);
    expect(pipeline.counted).toEqual(['MadeAgain', 'Done']);
  });

  it('records no reason if the answer has none', async () => {
    const { StudyInstanceUID, SeriesInstanceUID } = indexInstance(file);
    const object = {
      kind: 'segmentation',
      SOPClassUID: '1.2',
      SOPInstanceUID: UIDS[0],
      sha256: sha256(file),
      SeriesInstanceUID,
    } as const;
    const objects = [object];
    const list = encodeObjectList({
      StudyInstanceUID,
      outcome: 'result',
      summary: 'Two lesions.',
      objects,
      inputs: [],
    });
    await pipeline.objects.put(objectListKey(setFolder(pipeline, message)), list);

    await deliver(pipeline, message, createArchive());

    const record = await run();
    expect(record).toMatchObject({
      state: 'delivered',
      outcome: 'result',
      summary: 'Two lesions.',
      objects: [UIDS[0]],
    });
    expect(record).not.toHaveProperty('reason');
  });

  it('stores nothing twice, for a repeated message or after an interruption before the receipt', async () => {
    const archive = createArchive();
    await deliver(pipeline, message, archive);
    await deliver(pipeline, message, archive);
    pipeline.objects.contents.delete(receiptKey(setFolder(pipeline, message)));
    await deliver(pipeline, message, archive);

    expect(archive.storedUids).toEqual(UIDS);
    expect(await run()).toMatchObject({ state: 'delivered' });
  });

  it('backs off while the archive is down, with the reason at the run, and delivers when it is back', async () => {
    const down = answering(new ArchiveUnavailableError('The archive is down.'));
    for (const receiveCount of [1, 2, 9])
      expect(await deliver(pipeline, message, down, receiveCount)).toEqual(allFailed);
    expect(pipeline.queueNamed('return-live').postponed).toEqual([15, 30, 60]);
    expect(await run()).toMatchObject({ state: 'converted', reason: { code: 'archive-unavailable' } });

    const archive = createArchive();
    expect(await deliver(pipeline, message, archive, 10)).toEqual(nothingFailed);

    expect(archive.storedUids).toEqual(UIDS);
    expect(await run()).toMatchObject({ state: 'delivered', reason });
  });

  it('halts if the archive denies access', async () => {
    const denied = answering(new ArchiveDeniedError('The archive refuses the credentials.'));

    expect(await deliver(pipeline, message, denied)).toEqual(allFailed);

    expect(pipeline.counted).toEqual(['Halted']);
    expect(await run()).toMatchObject({ state: 'converted', reason: { code: 'archive-denied' } });
  });

  it('halts if the address is not an archive’s, and keeps the result', async () => {
    const elsewhere = answering(new ArchiveRequestError('The archive at pacs:80 answered HTTP 404'));

    expect(await deliver(pipeline, message, elsewhere)).toEqual(allFailed);

    expect(pipeline.counted).toEqual(['Halted']);
    expect(await run()).toMatchObject({
      state: 'converted',
      reason: {
        code: 'configuration',
        message: expect.stringMatching(/HTTP 404\. Check the address in the archive's secret/),
      },
    });
  });

  it('stores only what is missing after an answer with failures', async () => {
    let isFull = true;
    const archive = createArchive((uid) => (isFull && uid === '2.25.2' ? 0xa700 : undefined));

    expect(await deliver(pipeline, message, archive)).toEqual(allFailed);
    expect(await run()).toMatchObject({
      reason: {
        code: 'archive-store-failed',
        message: 'The archive did not store 1 of 2 objects (failure reason A700H).',
      },
    });
    expect(pipeline.objects.contents.has(receiptKey(setFolder(pipeline, message)))).toBe(false);

    isFull = false;
    expect(await deliver(pipeline, message, archive)).toEqual(nothingFailed);
    expect(archive.storedUids).toEqual(UIDS);
  });

  it('reports how many objects were not stored, and the failure reason of the first', async () => {
    const archive = createArchive((uid) => (uid === '2.25.1' ? 0x0110 : 0xa700));

    expect(await deliver(pipeline, message, archive)).toEqual(allFailed);

    expect(await run()).toMatchObject({
      reason: { message: 'The archive did not store 2 of 2 objects (failure reason 0110H).' },
    });
    expect(pipeline.logged.join()).toContain('"SOPInstanceUID":"2.25.1","absent":2');
  });

  it('does not trust an archive that reports an object as stored but does not have it', async () => {
    const forgetful = createArchive();
    const archive: DeliveryArchive = { ...forgetful, retrieveInstance: async () => undefined };

    expect(await deliver(pipeline, message, archive)).toEqual(allFailed);

    expect(await run()).toMatchObject({
      state: 'converted',
      reason: { code: 'archive-store-failed', message: 'The archive did not store 2 of 2 objects.' },
    });
  });

  it('ignores a failure reason if the archive has the object', async () => {
    const inner = createArchive();
    const archive: DeliveryArchive = {
      ...inner,
      store: async (objects) =>
        (await inner.store(objects)).map((outcome) => ({ ...outcome, stored: false, failureReason: 45_070 })),
    };

    expect(await deliver(pipeline, message, archive)).toEqual(nothingFailed);
  });

  it('halts if the archive has different content under the same UID, and overwrites nothing', async () => {
    const archive = createArchive();
    const other = new Uint8Array(file);
    other[other.length - 1] = 255;
    archive.held.set('2.25.1', other);

    expect(await deliver(pipeline, message, archive)).toEqual(allFailed);

    expect(pipeline.counted).toEqual(['Halted']);
    expect(await run()).toMatchObject({ reason: { code: 'content-conflict' } });
    expect(archive.storedUids).toEqual([]);
  });

  it('delivers only the objects that conversion made', async () => {
    await pipeline.objects.put(objectKey(setFolder(pipeline, message), '2.25.2'), new Uint8Array(9));
    const archive = createArchive();

    expect(await deliver(pipeline, message, archive)).toEqual(allFailed);

    expect(archive.storedUids).toEqual([]);
    expect(await run()).toMatchObject({ reason: { code: 'integrity' } });
  });

  it.each(['failed', 'rejected'] as const)('delivers a failure’s object, and leaves the run %s', async (state) => {
    const archive = createArchive();
    await pipeline.runs.record({ ...message, state, reason });

    const failure = await converted(pipeline, { ...message, answer: 'failure' }, objectsOf(UIDS));

    await deliver(pipeline, failure, archive);

    expect(await run()).toMatchObject({ state, outcome: 'failed', reason, objects: UIDS });
    expect(pipeline.objects.contents.has(receiptKey(setFolder(pipeline, failure)))).toBe(true);
    expect(pipeline.objects.contents.has(receiptKey(setFolder(pipeline, message)))).toBe(false);
  });
});

describe('the same content', () => {
  it('is the same data set, with any File Meta Information', () => {
    const group = new DataView(file.buffer, file.byteOffset).getUint32(140, true);
    const dataset = file.subarray(144 + group);
    const meta = Buffer.concat([
      file.subarray(0, 144 + group),
      Buffer.from([2, 0, 0x16, 0, 0x41, 0x45, 4, 0, 0x50, 0x41, 0x43, 0x53]),
    ]);
    meta.writeUInt32LE(group + 12, 140);
    const rewritten = Buffer.concat([meta, dataset]);

    expect(readDicom(rewritten).dataset.text('PatientID')).toBe('PHANTOM-1');
    expect(coercedIn(rewritten, file)).toEqual([]);
    rewritten[rewritten.length - 1] = 255;
    expect(coercedIn(rewritten, file)).toBeUndefined();
  });

  it('is not reported for a truncated file', () => {
    expect(coercedIn(file.subarray(0, 100), file)).toBeUndefined();
    expect(coercedIn(file.subarray(0, file.length - 2), file)).toBeUndefined();
  });
});
