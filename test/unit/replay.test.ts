/** `hilum replay`: what was recorded gives the same bytes again, and a byte that differs is found. */
import { describe, expect, it } from 'vitest';
import { nonResult, serialiseResult, storedAt } from '#core/results/result.ts';
import { makeHandler as makeConvert } from '#functions/convert/handler.ts';
import { failureKey, objectKey, objectListKey, resultKey, runIdOf, setKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { isAsRecorded, replay } from '#pipeline/replay.ts';
import { createPipeline, minuteLeft, type Pipeline, sha256, sqsEvent, uploadFiles } from '../fixtures/pipeline.ts';
import { type Case, cases, ctCase, radiographCase, withNonResults } from '../fixtures/results.ts';
import { createLife, images, RIGHT } from '../fixtures/results-life.ts';

const queue = { step: 'return', lane: 'live' } as const;

/** A run whose answer was stored and converted by the pipeline, with its row. */
async function recorded({ files, result }: Pick<Case, 'files' | 'result'>, zone = 'UTC', wholeByteMasks = false) {
  const pipeline = { ...createPipeline(), timeZone: zone, wholeByteMasks };
  const { key: manifestKey, StudyInstanceUID, revision, identity } = await uploadFiles(pipeline, files);
  const { tool: description, version, inputDigest, outcome } = result.metadata;
  const run = { inputDigest, tool: description.id, version };
  const message: RunMessage = {
    ...{ format: 'hilum.run/1', runId: runIdOf(run), StudyInstanceUID, revision, ...run, lane: 'live', manifestKey },
    ...{ identity, sequence: 1, answer: outcome === 'failed' ? 'failure' : 'result' },
  };
  const key = message.answer === 'failure' ? failureKey(message) : resultKey(message);
  await pipeline.objects.put(key, serialiseResult(storedAt(result, pipeline.clock.now())));
  await pipeline.runs.record({ ...message, state: 'routed' });
  pipeline.clock.advance(3_600_000);
  await makeConvert(pipeline)(sqsEvent('convert-live', [message]), minuteLeft);
  return { pipeline, run: (await pipeline.runs.get(message.runId)) ?? missing(), message };
}

const missing = (): never => {
  throw new Error('There is no run');
};

/** Replays a run from a bucket that refuses to be written to. */
async function replayed({ objects }: Pick<Pipeline, 'objects'>, run: RunRecord, timeZone = 'UTC') {
  const before = new Map(objects.contents);
  const { get, list } = objects;
  const sets = await replay({ objects: { get, list }, timeZone }, run);
  expect(objects.contents).toEqual(before);
  return sets;
}

const ALL = cases().flatMap(withNonResults);

describe(`${ALL.length} runs, of results of every kind and without one`, () => {
  it.each(ALL)('$name', async (one) => {
    const { pipeline, run } = await recorded(one);
    const [set, ...others] = await replayed(pipeline, run);

    expect(others).toEqual([]);
    expect(set).toMatchObject({ end: 'same' });
    expect(set?.objects.length).toBeGreaterThan(1);
    for (const [name, bytes] of set?.made ?? [])
      if (set !== undefined && name !== 'objects.json')
        expect(
          sha256(pipeline.objects.contents.get(objectKey({ ...run, setId: set.set.setId }, name)) ?? new Uint8Array()),
        ).toBe(sha256(bytes));
  });
});

describe('the sets of runs that the PACS saw', () => {
  it('are all replayed: a corrected patient, images that came late, results that came back, and the notes about older ones', async () => {
    const life = createLife({ deletesReplaced: false });
    for (const files of [images(2), images(2, RIGHT), images(3, RIGHT), images(2, RIGHT), images(2)]) {
      await life.arrives(files);
      await life.settles();
    }
    const all = await Promise.all((await life.runs()).map((run) => replayed(life.pipeline, run)));

    const sets = all.flat();
    expect(sets.map(({ end }) => end)).toEqual(sets.map(() => 'same'));
    expect(sets.map(({ set }) => set.setId).sort()).toEqual(
      life
        .sets()
        .map(({ setId }) => setId)
        .sort(),
    );
    expect(sets.filter(({ set }) => set.replaces.length > 0).length).toBeGreaterThan(2);
    expect(sets.flatMap(({ objects }) => objects).length).toBeGreaterThan(2 * sets.length);
  });

  it('that were never converted, since another took their place, say so', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    const { contents } = life.pipeline.objects;
    for (const key of contents.keys()) if (key.includes('/objects')) contents.delete(key);
    const [run] = await life.runs();

    expect(await replayed(life.pipeline, run ?? missing())).toMatchObject([{ end: 'not-converted' }]);
  });
});

describe('a refused result', () => {
  const refused = (): Case => {
    const one = radiographCase();
    const { tool: description, version, inputDigest, inputs } = one.result.metadata;
    const reason = { code: 'quotes', message: 'The image of Phantom^Hilum is too small.' };
    const result = nonResult({ description, version, inputDigest, inputs, outcome: 'not-evaluable', reason });
    return { ...one, result };
  };

  it('is refused again, and the failure in its place has the same bytes', async () => {
    const { pipeline, run } = await recorded(refused());
    expect(run).toMatchObject({ state: 'rejected' });

    const sets = await replayed(pipeline, run);

    expect(sets.map(({ end, set }) => [end, set.answer])).toEqual([
      ['refused-again', 'result'],
      ['same', 'failure'],
    ]);
    expect(sets.every(isAsRecorded)).toBe(true);
  });

  it('differs if the gate gives another reason, or had none', async () => {
    const { pipeline, run } = await recorded(refused());
    for (const [key, bytes] of pipeline.objects.contents)
      if (key.endsWith('-refusal.json'))
        pipeline.objects.contents.set(
          key,
          Buffer.from(
            Buffer.from(bytes)
              .toString()
              .replace(/"code":"[^"]+"/, '"code":"x"'),
          ),
        );
    expect((await replayed(pipeline, run))[0]).toMatchObject({ end: 'differs', why: { code: expect.any(String) } });

    for (const key of pipeline.objects.contents.keys())
      if (key.startsWith('quarantine/')) pipeline.objects.contents.delete(key);
    expect((await replayed(pipeline, run))[0]).toMatchObject({ end: 'differs' });
  });
});

describe('what differs is found', () => {
  const start = async () => {
    const { pipeline, run } = await recorded(ctCase());
    const [first] = await replayed(pipeline, run);
    const setId = first?.set.setId ?? '';
    const folder = { ...run, setId };
    const uid = first?.objects[0]?.name ?? '';
    const key = objectKey(folder, uid);
    const change = (at: string, edit: (bytes: Buffer) => Buffer) =>
      pipeline.objects.contents.set(at, edit(Buffer.from(pipeline.objects.contents.get(at) ?? [])));
    const text = (at: string, from: RegExp, to: string) =>
      change(at, (bytes) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1'));
    return { pipeline, run, folder, uid, key, change, text };
  };

  it('in one byte of an object, with the name of the attribute and no value', async () => {
    const { pipeline, run, uid, key, text } = await start();
    text(key, /Hilum/, 'Hilun');

    const [set] = await replayed(pipeline, run);

    expect(set).toMatchObject({ end: 'differs' });
    const [other, ...same] = set?.objects ?? [];
    expect(other).toMatchObject({ name: uid, end: 'other-bytes', attributes: [expect.stringMatching(/^[A-Z]\w+$/)] });
    expect(same.every(({ end }) => end === 'same')).toBe(true);
  });

  it('in bytes that are no DICOM', async () => {
    const { pipeline, run, uid, change, key } = await start();
    change(key, (bytes) => bytes.subarray(0, 200));

    expect((await replayed(pipeline, run))[0]?.objects[0]).toEqual({ name: uid, end: 'other-bytes', attributes: [] });
  });

  it('in an object that is gone, and in one that is not made any more', async () => {
    const { pipeline, run, uid, key, folder, text } = await start();
    const list = objectListKey(folder);
    pipeline.objects.contents.delete(key);
    expect((await replayed(pipeline, run))[0]).toMatchObject({
      end: 'differs',
      objects: expect.arrayContaining([{ name: uid, end: 'lost' }]),
    });

    text(list, new RegExp(uid.replaceAll('.', '\\.')), '2.25.99');
    const objects = (await replayed(pipeline, run))[0]?.objects ?? [];
    expect(objects).toContainEqual({ name: '2.25.99', end: 'gone' });
    expect(objects).toContainEqual({ name: uid, end: 'new' });
    expect(objects).toContainEqual({ name: 'objects.json', end: 'other-bytes' });
  });

  it('in the answer, the moment, the time zone, and the identity', async () => {
    const { pipeline, run, folder, text } = await start();
    const before = new Map(pipeline.objects.contents);
    const [identity = ''] = [...before.keys()].filter((key) => key.startsWith('identities/'));
    for (const [key, from, to, attribute] of [
      [resultKey(run), /"storedAt":"2026/, '"storedAt":"2025', 'ContentDate'],
      [setKey(folder), /"createdAt":"2026-01-01T01/, '"createdAt":"2026-01-01T02', 'InstanceCreationTime'],
      [setKey(folder), /"timeZone":"UTC"/, '"timeZone":"Asia/Tokyo"', 'ContentTime'],
      [identity, /Phantom/, 'Fantome', 'PatientName'],
    ] as const) {
      text(key, from, to);
      const [set] = await replayed(pipeline, run);
      expect(set).toMatchObject({ end: 'differs' });
      expect(set?.objects[0]?.attributes).toContain(attribute);
      for (const [name, bytes] of before) pipeline.objects.contents.set(name, bytes);
    }
    expect(await replayed(pipeline, run)).toMatchObject([{ end: 'same' }]);
  });

  it.each([
    ['the answer', 'result.json', 'missing-product'],
    ['the manifest', 'manifest.json', 'missing-manifest'],
    ['the identity', 'identities/', 'missing-chunk'],
  ])('where %s is gone from the bucket', async (_, part, code) => {
    const { pipeline, run } = await start();
    for (const key of pipeline.objects.contents.keys()) if (key.includes(part)) pipeline.objects.contents.delete(key);

    const sets = await replayed(pipeline, run);

    expect(sets).toMatchObject([{ end: 'impossible', why: { code } }]);
    expect(sets.every(isAsRecorded)).toBe(false);
  });
});

it('a set keeps the time zone with which it was made, also when it is converted again', async () => {
  const { pipeline, run, message } = await recorded(ctCase(), 'Asia/Tokyo');
  expect(await replayed(pipeline, run, 'UTC')).toMatchObject([{ end: 'same' }]);
  for (const key of pipeline.objects.contents.keys())
    if (key.endsWith('/objects.json')) pipeline.objects.contents.delete(key);

  await makeConvert({ ...pipeline, timeZone: 'UTC' })(sqsEvent('convert-live', [message]), minuteLeft);

  expect(pipeline.sentTo(queue)).toHaveLength(2);
  expect(await replayed(pipeline, run, 'UTC')).toMatchObject([{ end: 'same' }]);
});

/** The kinds of the objects that the bucket lists. */
const listedIn = ({ objects }: Pick<Pipeline, 'objects'>): readonly string[] =>
  [...objects.contents].flatMap(([key, bytes]) =>
    key.endsWith('/objects.json') ? parseObjectList(bytes).objects.map(({ kind }) => kind) : [],
  );

it('a site can leave masks out whose frames begin inside bytes, and a set keeps what its site wanted', async () => {
  const [all, without] = [await recorded(ctCase()), await recorded(ctCase(), 'UTC', true)];
  expect(listedIn(all.pipeline)).toContain('segmentation');
  expect(listedIn(without.pipeline)).not.toContain('segmentation');
  for (const key of all.pipeline.objects.contents.keys())
    if (key.endsWith('/objects.json')) all.pipeline.objects.contents.delete(key);

  await makeConvert({ ...all.pipeline, wholeByteMasks: true })(sqsEvent('convert-live', [all.message]), minuteLeft);

  expect(listedIn(all.pipeline)).toContain('segmentation');
  for (const { pipeline, run } of [all, without])
    expect(await replayed(pipeline, run)).toMatchObject([{ end: 'same' }]);
});

it('a set of an older version takes the zone and the manifest from the run', async () => {
  const { pipeline, run } = await recorded(ctCase());
  for (const [key, bytes] of pipeline.objects.contents)
    if (key.endsWith('/set.json')) {
      const {
        timeZone: _,
        manifestKey: __,
        ...older
      } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
      pipeline.objects.contents.set(key, Buffer.from(JSON.stringify(older)));
    }

  expect(await replayed(pipeline, run)).toMatchObject([{ end: 'same' }]);
  expect(await replayed(pipeline, run, 'Asia/Tokyo')).toMatchObject([{ end: 'differs' }]);
});
