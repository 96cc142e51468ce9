import { beforeEach, describe, expect, it } from 'vitest';
import { nonResult, serialiseResult, storedAt } from '#core/results/result.ts';
import { describeTool } from '#core/tool-manifest.ts';
import { Sct } from '#dicom/codes.ts';
import { readDicom } from '#dicom/read.ts';
import { makeHandler } from '#functions/convert/handler.ts';
import { failureKey, objectKey, objectListKey, quarantineKey, resultKey, setKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import { beginStoring } from '#pipeline/sets.ts';
import {
  allFailed,
  createPipeline,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  setFolder,
  sha256,
  sqsEvent,
  stored,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, INSTANCE, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const toReturn = { step: 'return', lane: 'live' } as const;

const answerOf = ({ version, inputDigest }: RunMessage, change: Partial<Parameters<typeof nonResult>[0]> = {}) =>
  nonResult({
    ...{ description: describeTool(entry), version, inputDigest, inputs: [INSTANCE], outcome: 'not-evaluable' },
    reason: { code: 'too-small', message: 'The image is too small.' },
    ...change,
  });

/** A result that the gate refuses because its text quotes the patient; its failure passes the gate. */
const refusedResult = (message: RunMessage) =>
  answerOf(message, { reason: { code: 'quotes', message: 'The image of Phantom^Tiny is too small.' } });

/** A stored result with a region outside its image, which no tool can return, so that only the gate can refuse it. */
const drawnOutside = (message: RunMessage): Uint8Array => {
  const stored = JSON.parse(Buffer.from(serialiseResult(answerOf(message))).toString());
  const { reason: _, ...metadata } = stored.metadata;
  const region = { SOPInstanceUID: INSTANCE, graphicType: 'POINT', points: [[9999, 1]] };
  const finding = {
    ...{ id: 'lesion-1', summary: 'A lesion.', finding: Sct.dentalCaries, measurements: [], evaluations: [] },
    regions: [region],
  };
  return Buffer.from(JSON.stringify({ ...stored, metadata: { ...metadata, outcome: 'result' }, findings: [finding] }));
};

const convert = (pipeline: Pipeline, message: RunMessage) =>
  makeHandler(pipeline)(sqsEvent('convert-live', [message]), minuteLeft);

describe('convert', () => {
  let pipeline: Pipeline;
  let study: Awaited<ReturnType<typeof upload>>;
  let message: RunMessage;
  beforeEach(async () => {
    pipeline = createPipeline();
    study = await upload(pipeline, file);
    message = runMessage(file, entry, study);
    await pipeline.objects.put(resultKey(message), serialiseResult(answerOf(message)));
  });
  const folder = (answer: RunMessage['answer'] = 'result') => setFolder(pipeline, { ...message, answer });
  /** The message about the run's converted set. */
  const passedOn = (answer: RunMessage['answer'] = 'result', from = message): RunMessage => ({
    ...{ ...from, answer, set: folder(answer).setId },
  });
  const listed = async (answer: RunMessage['answer'] = 'result') =>
    parseObjectList((await pipeline.objects.get(objectListKey(folder(answer)))) ?? new Uint8Array());

  const predecessorsOf = async (SOPInstanceUID = '', answer: RunMessage['answer'] = 'result') => {
    const bytes = (await pipeline.objects.get(objectKey(folder(answer), SOPInstanceUID))) ?? new Uint8Array();
    return readDicom(bytes)
      .dataset.items('PredecessorDocumentsSequence')
      .flatMap((study) => study.items('ReferencedSeriesSequence'))
      .flatMap((series) => series.items('ReferencedSOPSequence'))
      .map((item) => item.text('ReferencedSOPInstanceUID'));
  };

  it('makes DICOM objects of the answer, for the patient of the source, and passes the run on', async () => {
    expect(await convert(pipeline, message)).toEqual(nothingFailed);

    const { objects, outcome, StudyInstanceUID } = await listed();
    expect({ outcome, StudyInstanceUID, kinds: objects.map(({ kind }) => kind) }).toEqual({
      ...{
        outcome: 'not-evaluable',
        StudyInstanceUID: study.StudyInstanceUID,
        kinds: ['non-result', 'secondary-capture', 'pdf'],
      },
    });
    const [object] = objects;
    const bytes = (await pipeline.objects.get(objectKey(folder(), object?.SOPInstanceUID ?? ''))) ?? new Uint8Array();
    expect(sha256(bytes)).toBe(object?.sha256);
    const { dataset } = readDicom(bytes);
    expect([dataset.text('PatientID'), dataset.text('StudyInstanceUID')]).toEqual([
      'PHANTOM-1',
      study.StudyInstanceUID,
    ]);
    expect(pipeline.sentTo(toReturn)).toEqual([passedOn()]);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({
      ...{ state: 'converted', reason: { code: 'too-small' }, outcome: 'not-evaluable' },
      ...{ summary: 'The image is too small.', StudyInstanceUID: study.StudyInstanceUID, tool: 'tiny' },
    });
  });

  it('writes in the site’s zone when the answer was stored, and when the set was pinned', async () => {
    await pipeline.objects.put(
      resultKey(message),
      serialiseResult(storedAt(answerOf(message), Date.UTC(2026, 0, 31, 23, 30))),
    );

    await makeHandler({ ...pipeline, timeZone: 'Europe/Berlin' })(sqsEvent('convert-live', [message]), minuteLeft);

    const [object] = (await listed()).objects;
    const { dataset } = readDicom(
      (await pipeline.objects.get(objectKey(folder(), object?.SOPInstanceUID ?? ''))) ?? new Uint8Array(),
    );
    expect(
      ['ContentDate', 'ContentTime', 'InstanceCreationDate', 'InstanceCreationTime'].map((keyword) =>
        dataset.text(keyword),
      ),
    ).toEqual([...['20260201', '003000'], ...['20260101', '010000']]);
  });

  it('copies the answer’s outcome to the list, and sets each object’s content type', async () => {
    await convert(pipeline, message);

    const { objects, inputs, identityInstance, ...list } = await listed();
    const reason = { code: 'too-small', message: 'The image is too small.' };
    expect(list).toEqual({
      ...{ format: 'hilum.objects/1', StudyInstanceUID: study.StudyInstanceUID },
      ...{ outcome: 'not-evaluable', reason, summary: 'The image is too small.' },
    });
    const [object] = objects;
    const { contentTypes } = pipeline.objects;
    expect(contentTypes.get(objectListKey(folder()))).toBe('application/json');
    expect(contentTypes.get(setKey(folder()))).toBe('application/json');
    expect(contentTypes.get(objectKey(folder(), object?.SOPInstanceUID ?? ''))).toBe('application/dicom');
    expect(await stored(pipeline, setKey(folder()))).toMatchObject({ format: 'hilum.set/1', replaces: [] });
  });

  it('keeps a run in its lane', async () => {
    const slow: RunMessage = { ...message, lane: 'backfill' };

    await convert(pipeline, slow);

    expect(pipeline.sentTo({ ...toReturn, lane: 'backfill' })).toEqual([passedOn('result', slow)]);
    expect(pipeline.sentTo(toReturn)).toEqual([]);
  });

  it('records no reason if the answer has none', async () => {
    const { reason: _, ...metadata } = answerOf(message).metadata;
    const answer = { ...answerOf(message), metadata: { ...metadata, outcome: 'no-finding' as const } };
    await pipeline.objects.put(resultKey(message), serialiseResult(answer));

    await convert(pipeline, message);

    expect(await listed()).not.toHaveProperty('reason');
    expect(await pipeline.runs.get(message.runId)).not.toHaveProperty('reason');
  });

  it('gives the same bytes after an interruption, and does not convert again once the list exists', async () => {
    await convert(pipeline, message);
    const before = new Map(pipeline.objects.contents);
    pipeline.objects.contents.delete(objectListKey(folder()));
    await convert(pipeline, message);
    expect(new Map(pipeline.objects.contents)).toEqual(before);

    pipeline.objects.contents.delete(resultKey(message));
    expect(await convert(pipeline, message)).toEqual(nothingFailed);
    expect(pipeline.sentTo(toReturn)).toHaveLength(3);
  });

  it('converts a failure to an object, and leaves the run failed', async () => {
    const failure = answerOf(message, { outcome: 'failed', reason: { code: 'died', message: 'It died.' } });
    await pipeline.objects.put(failureKey(message), serialiseResult(failure));
    await pipeline.runs.record({ ...message, state: 'failed', reason: { code: 'died', message: 'It died.' } });

    await convert(pipeline, { ...message, answer: 'failure' });
    expect((await pipeline.runs.get(message.runId))?.stages).not.toHaveProperty('converted');
    await convert(pipeline, message);

    const uidOf = async (answer: RunMessage['answer']) => (await listed(answer)).objects[0]?.SOPInstanceUID;
    expect(await uidOf('failure')).not.toBe(await uidOf('result'));
    expect(pipeline.sentTo(toReturn).map(({ answer }) => answer)).toEqual(['failure', 'result']);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'failed', reason: { code: 'died' } });
  });

  it('lets a result name the failure that it supersedes, the same at every conversion', async () => {
    const failure = answerOf(message, { outcome: 'failed', reason: { code: 'died', message: 'It died.' } });
    await pipeline.objects.put(failureKey(message), serialiseResult(failure));
    await convert(pipeline, { ...message, answer: 'failure' });
    expect(await beginStoring(pipeline.sets, message, folder('failure').setId)).toBe('storing');

    await convert(pipeline, message);

    const [told] = (await listed('failure')).objects;
    expect(await predecessorsOf(told?.SOPInstanceUID, 'failure')).toEqual([]);
    const before = new Map(pipeline.objects.contents);
    expect(await predecessorsOf((await listed()).objects[0]?.SOPInstanceUID)).toEqual([told?.SOPInstanceUID]);
    pipeline.objects.contents.delete(objectListKey(folder()));
    await convert(pipeline, message);
    expect(new Map(pipeline.objects.contents)).toEqual(before);
  });

  it('does not add a predecessor to a converted result if a failure comes later', async () => {
    await convert(pipeline, message);
    const failure = answerOf(message, { outcome: 'failed', reason: { code: 'died', message: 'It died.' } });
    await pipeline.objects.put(failureKey(message), serialiseResult(failure));
    await convert(pipeline, { ...message, answer: 'failure' });
    pipeline.objects.contents.delete(objectListKey(folder()));

    expect(await convert(pipeline, message)).toEqual(nothingFailed);

    expect(await predecessorsOf((await listed()).objects[0]?.SOPInstanceUID)).toEqual([]);
  });

  it('quarantines a refused result, and passes on only the failure', async () => {
    const result = refusedResult(message);
    await pipeline.objects.put(resultKey(message), serialiseResult(result));

    expect(await convert(pipeline, message)).toEqual(nothingFailed);

    const reason = { code: 'invalid-dicom-object', message: expect.stringContaining('patient') };
    expect(await stored(pipeline, quarantineKey(message.runId, 'result-refusal.json'))).toMatchObject(reason);
    const gaveUp = { step: 'convert', cause: 'never' };
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'rejected', reason, gaveUp });
    expect(pipeline.counted).toEqual(['Quarantined', 'Done']);
    expect(pipeline.sentTo(toReturn)).toEqual([passedOn('failure')]);
    expect(pipeline.objects.contents.has(objectListKey(folder()))).toBe(false);
    expect(await listed('failure')).toMatchObject({
      ...{
        outcome: 'failed',
        reason,
        objects: [{ kind: 'non-result' }, { kind: 'secondary-capture' }, { kind: 'pdf' }],
      },
    });

    const before = new Map(pipeline.objects.contents);
    expect(await convert(pipeline, message)).toEqual(nothingFailed);
    expect(new Map(pipeline.objects.contents)).toEqual(before);
  });

  it('keeps an object that the gate refuses beside the reason, which names the rule and the attribute', async () => {
    await pipeline.objects.put(resultKey(message), drawnOutside(message));

    expect(await convert(pipeline, message)).toEqual(nothingFailed);

    const refusal = await stored(pipeline, quarantineKey(message.runId, 'result-refusal.json'));
    expect(refusal).toMatchObject({
      ...{ format: 'hilum.quarantine/1', runId: message.runId, answer: 'result', code: 'invalid-dicom-object' },
      message: expect.stringContaining('graphic-data'),
      facts: { kind: 'structured-report', rule: 'graphic-data', keyword: 'GraphicData' },
      object: expect.stringMatching(/^quarantine\/[0-9a-f]{32}\/result-[0-9.]+\.dcm$/),
    });
    const { object, facts } = refusal as { object: string; facts: { SOPInstanceUID: string; path: string } };
    const { dataset } = readDicom((await pipeline.objects.get(object)) ?? new Uint8Array());
    expect(dataset.text('SOPInstanceUID')).toBe(facts.SOPInstanceUID);
    expect(pipeline.objects.contentTypes.get(object)).toBe('application/dicom');
    const saying = quarantineKey(message.runId, 'result-refusal.json');
    expect(pipeline.objects.contentTypes.get(saying)).toBe('application/json');
    expect(facts.path).toMatch(/^ContentSequence\[\d+\]\..+\.GraphicData$/);
    expect(pipeline.counted).toEqual(['Quarantined', 'Done']);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({
      state: 'rejected',
      reason: { code: 'invalid-dicom-object', message: expect.stringContaining('graphic-data') },
    });
    expect([...pipeline.objects.contents.keys()].filter((key) => key.includes('/objects/'))).toHaveLength(3);
    expect((await listed('failure')).objects).toMatchObject([
      { kind: 'non-result' },
      { kind: 'secondary-capture' },
      { kind: 'pdf' },
    ]);
  });

  it('keeps an earlier failure if the gate refuses the result', async () => {
    const died = answerOf(message, { outcome: 'failed', reason: { code: 'died', message: 'It died.' } });
    await pipeline.objects.put(failureKey(message), serialiseResult(died));
    await pipeline.objects.put(resultKey(message), serialiseResult(refusedResult(message)));

    await convert(pipeline, message);

    expect(await listed('failure')).toMatchObject({ reason: { code: 'died' } });
  });

  it('only records the refusal if the gate refuses the failure too', async () => {
    const description = {
      ...describeTool(entry),
      id: 'an-id-of-far-more-characters-than-the-sixty-four-that-lo-has-room-for',
    };
    await pipeline.objects.put(resultKey(message), serialiseResult(answerOf(message, { description })));

    expect(await convert(pipeline, message)).toEqual(nothingFailed);
    expect(await convert(pipeline, { ...message, answer: 'failure' })).toEqual(nothingFailed);

    for (const name of ['result-refusal.json', 'failure-refusal.json'])
      expect(await stored(pipeline, quarantineKey(message.runId, name))).toMatchObject({
        facts: { kind: 'non-result', rule: 'value-representation', keyword: 'DeviceSerialNumber' },
      });
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ reason: { code: 'invalid-dicom-object' } });
    expect(pipeline.queueNamed('convert-live-dead').sent.map((body) => JSON.parse(body).answer)).toEqual([
      'result',
      'failure',
    ]);
    expect(pipeline.sentTo(toReturn)).toEqual([]);
    expect([...pipeline.objects.contents.keys()].filter((key) => key.includes('/objects/'))).toEqual([]);
  });

  it('halts if the same run gave other content before', async () => {
    await convert(pipeline, message);
    const [object] = (await listed()).objects;
    await pipeline.objects.put(objectKey(folder(), object?.SOPInstanceUID ?? ''), new Uint8Array(4));
    pipeline.objects.contents.delete(objectListKey(folder()));

    expect(await convert(pipeline, message)).toEqual(allFailed);

    expect(pipeline.counted.at(-1)).toBe('Halted');
    expect(pipeline.logged.at(-1)).toContain('content-conflict');
  });

  it('retries if the manifest is missing', async () => {
    pipeline.objects.contents.delete(study.key);

    expect(await convert(pipeline, message)).toEqual(allFailed);

    const reason = { code: 'missing-manifest' };
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'inferred', reason });
  });

  it('retries an unreadable answer, so that the run ends as a dead letter and not silently', async () => {
    await pipeline.objects.put(resultKey(message), Buffer.from('{"format": "hilum.result/0"}'));

    expect(await convert(pipeline, message)).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'inferred', reason: { code: 'integrity' } });
  });
});
