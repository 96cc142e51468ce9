import { describe, expect, it } from 'vitest';
import { revisionOf } from '#core/study/revision.ts';
import { toolVersion } from '#core/tool-manifest.ts';
import { makeHandler } from '#functions/route/handler.ts';
import { manifestKey, runIdOf } from '#pipeline/keys.ts';
import { encodeManifest, parseManifest } from '#pipeline/manifest.ts';
import {
  allFailed,
  createPipeline,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  s3Event,
  sha256,
  sqsEvent,
  stored,
  upload,
  uploadFiles,
} from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
/** A tool that takes no image of these tests. */
const mrTool = {
  ...entry,
  manifest: {
    ...entry.manifest,
    id: 'mr-tool',
    selection: {
      ...entry.manifest.selection,
      alternatives: [
        [{ attribute: 'Modality', in: ['MR'], whenAbsent: 'refuse' as const, reason: 'Not an MR image.' }],
      ],
    },
  },
};

const route = (pipeline: Pipeline, bodies: readonly string[], { receiveCount = 1, catalog = [entry, mrTool] } = {}) =>
  makeHandler({ ...pipeline, catalog })(sqsEvent('intake-live', bodies, receiveCount), minuteLeft);

const toTiny = { step: 'infer', tool: 'tiny', lane: 'live' } as const;

describe('route', () => {
  it('passes on whose the study is and how new, and notes which upload is the newest', async () => {
    const pipeline = createPipeline();
    const identity = 'd'.repeat(64);
    const uploaded = await upload(pipeline, file);
    const manifest = JSON.parse(Buffer.from((await pipeline.objects.get(uploaded.key)) ?? []).toString());
    const facts = { identity, sequence: 4 };
    await pipeline.objects.put(uploaded.key, Buffer.from(JSON.stringify({ ...manifest, ...facts })));

    expect(await route(pipeline, [s3Event(uploaded.key)])).toEqual(nothingFailed);

    const message = { ...runMessage(file, entry, uploaded), ...facts };
    expect(pipeline.sentTo(toTiny)).toEqual([message]);
    expect(pipeline.sets.of(message).routed).toEqual({ sequence: 4, runId: message.runId, revision: message.revision });
    // What the tool took of an older upload must not be stored later, and its message may come late.
    expect(pipeline.sets.of({ ...message, tool: 'mr-tool' }).routed).toMatchObject({ sequence: 4 });
    expect(await pipeline.runs.get(message.runId)).toMatchObject(facts);
  });

  it('sends a study to the tools that can use it, and records why others cannot', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file);

    const answer = await route(pipeline, [s3Event(study.key)]);

    expect(answer).toEqual(nothingFailed);
    const message = runMessage(file, entry, study);
    expect(pipeline.sentTo(toTiny)).toEqual([message]);
    // An older edge does not count manifests.
    expect(pipeline.sets.of(message)).toEqual({ sets: [] });
    expect(await pipeline.runs.get(message.runId)).toMatchObject({
      state: 'routed',
      stages: { received: expect.any(String), routed: expect.any(String) },
    });
    const unsuitable = runIdOf({ inputDigest: study.revision, tool: 'mr-tool', version: toolVersion(mrTool) });
    expect(await pipeline.runs.get(unsuitable)).toMatchObject({
      state: 'not-applicable',
      reason: { message: 'Not an MR image.' },
    });
    expect(pipeline.sentTo({ step: 'infer', tool: 'mr-tool', lane: 'live' })).toEqual([]);
  });

  it('keeps a study in its lane', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file, 'backfill');

    await route(pipeline, [s3Event(study.key)]);

    expect(pipeline.sentTo(toTiny)).toEqual([]);
    expect(pipeline.sentTo({ ...toTiny, lane: 'backfill' })).toMatchObject([
      { lane: 'backfill', manifestKey: study.key },
    ]);
  });

  it('does the same for a repeated event, and moves no run back', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file);
    await route(pipeline, [s3Event(study.key)]);
    const [message] = pipeline.sentTo(toTiny);
    await pipeline.runs.record({ ...runMessage(file, entry, study), state: 'delivered' });

    await route(pipeline, [s3Event(study.key)]);

    expect(pipeline.sentTo(toTiny)).toEqual([message, message]);
    expect((await pipeline.runs.list({ StudyInstanceUID: study.StudyInstanceUID })).runs).toHaveLength(2);
    expect((await pipeline.runs.get(message?.runId ?? ''))?.state).toBe('delivered');
  });

  it('takes nothing that Hilum wrote', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file, 'live', { writtenByHilum: true });

    await route(pipeline, [s3Event(study.key)], { catalog: [entry] });

    expect(pipeline.sentTo(toTiny)).toEqual([]);
    expect((await pipeline.runs.list()).runs).toMatchObject([
      { state: 'not-applicable', reason: { code: 'no-image' } },
    ]);
  });

  it('answers the test event that S3 sends when notifications are set up', async () => {
    const pipeline = createPipeline();
    expect(await route(pipeline, [JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' })])).toEqual(
      nothingFailed,
    );
    expect(pipeline.objects.contents.size).toBe(0);
  });

  it.each([
    ['no JSON', '<xml/>'],
    ['no event', '{"Records": 1}'],
    ['another key', s3Event('live/studies/1.2/manifest.json')],
    ['a key that is no URL encoding', '{"Records": [{"s3": {"object": {"key": "live/%E0%A4%A"}}}]}'],
  ])('keeps a message that it cannot parse (%s) as a dead letter, and continues with the next', async (_, body) => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file);

    const answer = await route(pipeline, [body, s3Event(study.key)]);

    expect(answer).toEqual(nothingFailed);
    expect(await stored(pipeline, 'dead-letters/intake-live/message-0.json')).toMatchObject({
      queue: 'intake-live',
      reason: { code: 'invalid-message' },
      body,
    });
    expect(pipeline.counted).toEqual(['DeadLetters', 'Rejected', 'Done']);
    expect(pipeline.sentTo(toTiny)).toHaveLength(1);
  });

  it('routes every study of an event, even if others are faulty', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file);
    const missing = study.key.replace('live/', 'backfill/');

    expect(await route(pipeline, [s3Event('no/manifest', missing, study.key)])).toEqual(allFailed);
    expect(pipeline.sentTo(toTiny)).toHaveLength(1);

    expect(await route(pipeline, [s3Event('no/manifest', study.key)])).toEqual(nothingFailed);
    expect(pipeline.sentTo(toTiny)).toHaveLength(2);
    expect(pipeline.counted).toEqual(['Retried', 'Rejected']);
    expect(pipeline.queueNamed('intake-live-dead').sent).toEqual([s3Event('no/manifest', study.key)]);
  });

  it('routes a study in which two different instances have the same UID: the run says what is wrong', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file);
    const manifest = parseManifest((await pipeline.objects.get(study.key)) ?? new Uint8Array());
    const [first] = manifest.instances;
    if (first === undefined) throw new Error('No instance');
    const instances = [first, { ...first, SeriesInstanceUID: '2.25.9', sha256: sha256(new Uint8Array()) }];
    const revision = revisionOf(instances);
    const key = manifestKey('live', study.StudyInstanceUID, revision);
    await pipeline.objects.put(key, encodeManifest({ ...manifest, revision, instances }));

    expect(await route(pipeline, [s3Event(key)])).toEqual(nothingFailed);

    const { runs } = await pipeline.runs.list();
    expect(runs.toSorted((a, b) => (a.tool < b.tool ? -1 : 1))).toMatchObject([
      { tool: 'mr-tool', state: 'not-applicable', revision },
      { tool: 'tiny', state: 'routed', revision },
    ]);
    expect(pipeline.sentTo(toTiny)).toHaveLength(1);
  });

  it('rejects a study whose manifest does not match its key, for every tool', async () => {
    const pipeline = createPipeline();
    const study = await upload(pipeline, file);
    const elsewhere = study.key.replace('live/', 'backfill/');
    await pipeline.objects.put(elsewhere, (await pipeline.objects.get(study.key)) ?? new Uint8Array());

    expect(await route(pipeline, [s3Event(elsewhere)])).toEqual(nothingFailed);

    const { StudyInstanceUID, revision } = study;
    const run = {
      StudyInstanceUID,
      revision,
      lane: 'backfill',
      state: 'rejected',
      reason: { code: 'invalid-message' },
    };
    expect((await pipeline.runs.list()).runs).toMatchObject([
      { ...run, tool: 'mr-tool' },
      { ...run, tool: 'tiny' },
    ]);
    expect(pipeline.counted).toEqual(['Rejected', 'Done']);
  });

  it.each([
    { what: 'study', change: { StudyInstanceUID: '2.25.4' }, of: {} },
    { what: 'revision', change: { revision: 'a'.repeat(64) }, of: {} },
    { what: 'lane', change: { lane: 'backfill' }, of: {} },
    { what: 'list of instances', change: {}, of: { sha256: 'a'.repeat(64) } },
  ])('rejects a manifest whose $what differs from its key', async ({ change, of }) => {
    const pipeline = createPipeline();
    const { key, instances, ...study } = await upload(pipeline, file);
    const manifest = { format: 'hilum.manifest/1', lane: 'live', ...study, ...change };
    const body = { ...manifest, instances: instances.map((instance) => ({ ...instance, ...of })) };
    await pipeline.objects.put(key, Buffer.from(JSON.stringify(body)));

    expect(await route(pipeline, [s3Event(key)], { catalog: [entry] })).toEqual(nothingFailed);

    expect((await pipeline.runs.list()).runs).toMatchObject([
      { state: 'rejected', reason: { code: 'invalid-message' }, gaveUp: { step: 'intake', cause: 'never' } },
    ]);
    expect(pipeline.sentTo(toTiny)).toEqual([]);
  });

  it('records up to three different reasons why a tool cannot use a study’s images, in order', async () => {
    const pipeline = createPipeline();
    const uids = ['2.25.2001', '2.25.2002', '2.25.2003', '2.25.2004', '2.25.2005'];
    const files = uids.map((SOPInstanceUID) => makeRadiographFile({ SOPInstanceUID }));
    const study = await uploadFiles(pipeline, files);
    const refusing = (notIn: readonly string[], reason: string) => ({
      ...{ attribute: 'SOPInstanceUID', notIn: [...notIn], whenAbsent: 'refuse' as const, reason },
    });
    const rules = [
      refusing(uids.slice(0, 2), 'Not the first two.'),
      refusing(uids.slice(2, 3), 'Not the third.'),
      refusing(uids.slice(3, 4), 'Not the fourth.'),
      refusing(uids.slice(4, 5), 'Not the fifth.'),
    ];
    const { manifest } = entry;
    const picky = { ...entry, manifest: { ...manifest, selection: { ...manifest.selection, alternatives: [rules] } } };

    await route(pipeline, [s3Event(study.key)], { catalog: [picky] });

    expect((await pipeline.runs.list()).runs).toMatchObject([
      {
        ...{ state: 'not-applicable', outcome: 'not-applicable', stages: { received: expect.any(String) } },
        reason: { code: 'not-suitable', message: 'Not the first two. Not the third. Not the fourth.' },
      },
    ]);
  });

  it('retries a message if part of it may succeed later, even if other parts never can', async () => {
    const pipeline = createPipeline();
    const { key } = await upload(pipeline, file);
    const missing = key.replace('live/', 'backfill/');

    expect(await route(pipeline, [s3Event('no/manifest', missing)])).toEqual(allFailed);

    expect(pipeline.counted).toEqual(['Retried']);
    expect(pipeline.logged.join()).toContain('"code":"missing-manifest"');
  });

  it('retries a fault with back-off, and gives up after four attempts', async () => {
    const pipeline = createPipeline();
    const { key } = await upload(pipeline, file);
    pipeline.objects.get = () => Promise.reject(new TypeError('nobody foresaw this'));

    for (const receiveCount of [1, 2, 20]) {
      expect(await route(pipeline, [s3Event(key)], { receiveCount })).toEqual(allFailed);
    }
    expect(await route(pipeline, [s3Event(key)], { receiveCount: 21 })).toEqual(nothingFailed);

    expect(pipeline.queueNamed('intake-live').postponed).toEqual([15, 30, 60]);
    expect(pipeline.counted).toEqual(['Retried', 'Retried', 'Retried', 'GivenUp']);
    expect(pipeline.queueNamed('intake-live-dead').sent).toEqual([s3Event(key)]);
  });
});
