/** What the bucket loses after the upload comes back by itself. */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { MissingChunkError, ServiceUnavailableError } from '#core/errors.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { makeHandler as infer } from '#functions/infer/handler.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';
import { createManualClock } from '../fixtures/memory-ports.ts';
import {
  allFailed,
  createPipeline,
  echoEngine,
  minuteLeft,
  nothingFailed,
  s3Event,
  sqsEvent,
} from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const keysIn = ({ bucket }: EdgeUnderTest, prefix: string) =>
  [...bucket.contents.keys()].filter((key) => key.startsWith(prefix));
const manifestsIn = ({ bucket }: EdgeUnderTest) =>
  [...bucket.contents].filter(([key]) => key.endsWith('/manifest.json')).map(([, bytes]) => parseManifest(bytes));
/** Chunks that a manifest in the bucket names and the bucket does not have. */
const missingIn = (edge: EdgeUnderTest) =>
  manifestsIn(edge).flatMap(({ instances }) =>
    instances.filter(({ chunk }) => !edge.bucket.contents.has(`chunks/${chunk}`)),
  );

/** An edge that has forwarded these studies. */
async function forwarded(...studies: readonly (readonly Uint8Array[])[]) {
  const clock = createManualClock();
  const edge = await edgeOf({ clock });
  for (const files of studies) await edge.arrive(files);
  expect(await edge.forwarder.runOnce()).toHaveLength(studies.length);
  return { edge, clock };
}

describe('the edge', () => {
  it('puts everything into an emptied bucket again, so that the pipeline starts anew', async () => {
    const { edge } = await forwarded(...[1, 2, 3, 4, 5, 6].map((seed) => ctSeries({ seed })));
    const everything = new Map([...edge.bucket.contents].sort());
    edge.bucket.contents.clear();

    const outcomes = await edge.restarted().runOnce();

    expect(outcomes).toHaveLength(6);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ state: 'uploaded', fresh: true });
    expect(new Map([...edge.bucket.contents].sort())).toEqual(everything);
    expect(await edge.restarted().runOnce()).toEqual([]);
  });

  it('puts a single chunk again, and leaves the rest as it is', async () => {
    const { edge } = await forwarded(ctSeries({ slices: 8 }), ctSeries({ seed: 2 }));
    const everything = new Map(edge.bucket.contents);
    const [, chunk = ''] = keysIn(edge, 'chunks/');
    edge.bucket.contents.delete(chunk);

    const outcomes = await edge.restarted().runOnce();

    expect(outcomes).toMatchObject([{ storedBytes: everything.get(chunk)?.length, fresh: false }]);
    expect(edge.bucket.contents).toEqual(everything);
  });

  it('names in the manifest the chunks that are there, if files are packed otherwise than at first', async () => {
    const clock = createManualClock();
    const edge = await edgeOf({ clock });
    const files = ctSeries({ slices: 8 });
    await edge.arrive(files.slice(0, 5));
    await edge.forwarder.runOnce();
    await edge.arrive(files.slice(5));
    await edge.forwarder.runOnce();
    const before = keysIn(edge, 'chunks/');
    for (const key of before) edge.bucket.contents.delete(key);

    const [outcome] = await edge.restarted().runOnce();

    expect(keysIn(edge, 'chunks/').sort()).not.toEqual(before.sort());
    expect(outcome).toMatchObject({ instances: 8, fresh: true });
    const whole = manifestsIn(edge).find(({ instances }) => instances.length === 8);
    expect(whole?.instances.every(({ chunk }) => edge.bucket.contents.has(`chunks/${chunk}`))).toBe(true);
  });

  it('checks while it runs, every ten minutes, and for three days', async () => {
    const { edge, clock } = await forwarded(ctSeries());
    const { size } = edge.bucket.contents;
    const stop = new AbortController();
    const asked = { exists: 0 };
    const store: ObjectStore & ObjectListing = {
      ...edge.bucket,
      exists: (key, options) => {
        asked.exists += 1;
        return edge.bucket.exists(key, options);
      },
    };
    const running = edge.restarted({ store }).run(stop.signal);
    // The start: any answer of the bucket, the manifest, and each chunk. Nobody asks for the identity.
    const once = 1 + size - 1;
    await expect.poll(() => asked.exists, { timeout: 10_000 }).toBe(once);

    edge.bucket.contents.clear();
    clock.advance(10 * MINUTE - 1);
    await expect
      .poll(() => edge.pacs.requests.length, { timeout: 10_000 })
      .toBeGreaterThan(edge.pacs.requests.length + 5);
    expect([asked.exists, edge.bucket.contents.size]).toEqual([once, 0]);
    clock.advance(1);
    await expect.poll(() => edge.bucket.contents.size, { timeout: 10_000 }).toBe(size);

    clock.advance(3 * DAY + MINUTE);
    edge.bucket.contents.clear();
    const before = asked.exists;
    await expect
      .poll(() => edge.pacs.requests.length, { timeout: 10_000 })
      .toBeGreaterThan(edge.pacs.requests.length + 5);
    stop.abort();
    await running;
    expect([asked.exists - before, edge.bucket.contents.size]).toEqual([0, 0]);
  });

  it('checks after an error of the bucket, although another bucket answers at once', async () => {
    const { edge, clock } = await forwarded(ctSeries());
    const stop = new AbortController();
    let killed = false;
    const store: ObjectStore & ObjectListing = {
      ...edge.bucket,
      async put(key, ...rest) {
        if (killed) return edge.bucket.put(key, ...rest);
        killed = true;
        edge.bucket.contents.clear();
        throw new ServiceUnavailableError('The bucket does not answer.');
      },
    };
    const running = edge.restarted({ store }).run(stop.signal);
    await edge.arrive(ctSeries({ seed: 2 }));
    await expect.poll(() => killed, { timeout: 10_000 }).toBe(true);

    await expect.poll(() => manifestsIn(edge).length, { timeout: 10_000 }).toBe(1);
    clock.advance(MINUTE);
    await expect.poll(() => manifestsIn(edge).length, { timeout: 10_000 }).toBe(2);
    stop.abort();
    await running;
    expect(missingIn(edge)).toEqual([]);
  });

  it('does not try for ever to bring back a study that Orthanc no longer has', async () => {
    const { edge } = await forwarded(ctSeries());
    const [study] = edge.journal.studies();
    edge.pacs.archive.studies.clear();
    edge.bucket.contents.clear();

    const first = await edge.restarted().runOnce();
    const second = await edge.restarted().runOnce();

    expect(first).toMatchObject([{ state: 'skipped', reason: { code: 'study-gone' } }]);
    expect(second).toEqual([]);
    expect(edge.journal.study(study?.StudyInstanceUID ?? '')).toMatchObject({ state: 'skipped' });
  });

  it('gives up on a bucket that deletes what it gets, says so, and begins anew a day later or when the study changes', async () => {
    const files = ctSeries({ slices: 7 });
    const { edge, clock } = await forwarded(files.slice(0, 6));
    const [study] = edge.journal.studies();
    const puts: number[] = [];
    for (let round = 0; round < 23; round += 1) {
      edge.bucket.contents.clear();
      puts.push((await edge.restarted().runOnce()).length);
    }

    expect(puts).toEqual([...Array<number>(20).fill(1), 0, 0, 0]);
    const known = edge.journal.study(study?.StudyInstanceUID ?? '');
    expect(known).toMatchObject({ state: 'uploaded', reason: { code: 'lost-again' } });
    expect(edge.log.filter((line) => line.includes('"upload-lost-again"'))).toHaveLength(1);

    clock.advance(DAY + MINUTE);
    expect(await edge.restarted().runOnce()).toHaveLength(1);

    await edge.arrive(files.slice(6));
    expect(await edge.restarted().runOnce()).toMatchObject([{ instances: 7 }]);
    edge.bucket.contents.clear();
    expect(await edge.restarted().runOnce()).toHaveLength(1);
  });

  it('ends to put a study into a bucket that deletes everything after a day', async () => {
    const { edge, clock } = await forwarded(ctSeries());
    const puts: number[] = [];
    for (let day = 1; day <= 6; day += 1) {
      clock.advance(DAY);
      edge.bucket.contents.clear();
      puts.push((await edge.restarted().runOnce()).length);
    }

    expect(puts).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('looks for a manifest where it was put, although the lane has been changed since', async () => {
    const { edge } = await forwarded(ctSeries());

    expect(await edge.restarted({ lane: 'backfill' }).runOnce()).toEqual([]);
  });

  it('checks an upload of an earlier version, whose key the journal does not know', async () => {
    const { edge } = await forwarded(ctSeries());
    const journal = new DatabaseSync(edge.journal.file);
    journal.exec('UPDATE studies SET manifestKey = NULL');
    journal.close();

    expect(await edge.restarted().runOnce()).toEqual([]);
    for (const key of keysIn(edge, 'live/')) edge.bucket.contents.delete(key);

    expect(await edge.restarted().runOnce()).toMatchObject([{ fresh: true, storedBytes: 0 }]);
  });
});

it('no manifest is put while a chunk that it names is gone', async () => {
  const clock = createManualClock();
  const edge = await edgeOf({ clock });
  await edge.arrive(ctSeries());
  let stolen = 0;
  const store: ObjectStore & ObjectListing = {
    ...edge.bucket,
    async put(key, ...rest) {
      const answer = await edge.bucket.put(key, ...rest);
      // The chunk vanishes right after it was stored, the first time.
      if (key.startsWith('chunks/') && stolen++ === 0) edge.bucket.contents.delete(key);
      return answer;
    },
  };

  expect(await edge.restarted({ store }).runOnce()).toEqual([]);
  expect(manifestsIn(edge)).toEqual([]);
  expect(edge.journal.studies()).toMatchObject([{ state: 'seen', reason: { code: new MissingChunkError('').code } }]);
  clock.advance(MINUTE);
  expect(await edge.restarted({ store }).runOnce()).toMatchObject([{ state: 'uploaded', instances: 6 }]);

  expect(missingIn(edge)).toEqual([]);
});

it('a run that waits for a chunk goes on once the edge has put it there again', async () => {
  const pipeline = createPipeline();
  const { objects, clock } = pipeline;
  const edge = await edgeOf({ clock, catalog: [entry], store: objects });
  await edge.arrive([makeRadiographFile()]);
  await edge.forwarder.runOnce();
  const [{ manifestKey = '' } = {}] = [...edge.journal.again.since(0)];
  await route({ ...pipeline, catalog: [entry] })(sqsEvent('intake-live', [s3Event(manifestKey)]), minuteLeft);
  const [message] = pipeline.sentTo({ step: 'infer', tool: entry.manifest.id, lane: 'live' });
  const tool = makeTool(() => nothingFound);
  const handler = infer({
    ...pipeline,
    ...{ entry, tool, decoder: inProcessDecoder, engine: echoEngine, toolTimeoutMs: 10_000 },
  });
  const attempt = () => handler(sqsEvent('infer-tiny-live', [message ?? '']), minuteLeft);
  for (const key of objects.contents.keys()) if (key.startsWith('chunks/')) objects.contents.delete(key);

  expect(await attempt()).toEqual(allFailed);
  expect(await pipeline.runs.get(message?.runId ?? '')).toMatchObject({ reason: { code: 'missing-chunk' } });
  await edge.restarted({ store: objects }).runOnce();

  expect(await attempt()).toEqual(nothingFailed);
  expect(await pipeline.runs.get(message?.runId ?? '')).toMatchObject({ state: 'inferred' });
});
