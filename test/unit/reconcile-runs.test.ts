/** Runs whose message is lost, and runs whose end was not told, are mended: once, at the right time, in the right queue. */
import { describe, expect, it } from 'vitest';
import { ServiceUnavailableError } from '#core/errors.ts';
import { deadLetterQueueOf } from '#pipeline/environment.ts';
import { failureKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import type { RunUpdate, Speaker, WorkFailure } from '#pipeline/ports.ts';
import { beginStoring, endStoring, pinSet } from '#pipeline/sets.ts';
import { runWork } from '#pipeline/work.ts';
import { createPipeline, type Pipeline, runMessage, s3Event, upload } from '../fixtures/pipeline.ts';
import { createReconciler, DAY_S, MINUTE_S } from '../fixtures/reconciler.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const QUEUES = {
  received: 'intake-live',
  routed: 'infer-tiny-live',
  inferred: 'convert-live',
  converted: 'return-live',
};
const STATES = ['received', 'routed', 'inferred', 'converted'] as const;
type Open = (typeof STATES)[number];

const failing: WorkFailure = {
  ...{ cause: 'fault', since: '2026-01-01T00:00:00.000Z', inRow: 4, counts: { fault: 4 }, givenUp: true },
  reason: { code: 'died', message: 'It died.' },
};

/** A run that reached a state, and whose message no queue holds. */
async function runThat(state: RunUpdate['state'], change: Partial<RunMessage> = {}) {
  const pipeline = createPipeline();
  const study = await upload(pipeline, file, change.lane ?? 'live');
  const message = runMessage(file, entry, study, change);
  await pipeline.runs.record({ ...message, state });
  const reconciler = createReconciler(pipeline);
  const run = () => pipeline.runs.get(message.runId);
  const sent = (name: string): readonly string[] => pipeline.queueNamed(name).sent;
  return { pipeline, study, message, run, sent, ...reconciler };
}

/** A message takes the place of another in a queue. */
const occupy = (pipeline: Pipeline, name: string): Promise<void> => pipeline.queueNamed(name).send('another');

describe('a run whose message is gone', () => {
  it.each(STATES)('goes on from %s, a quarter of an hour after it stopped', async (state) => {
    const { study, message, run, sent, pass } = await runThat(state);

    await pass(14 * MINUTE_S);
    expect(sent(QUEUES[state])).toEqual([]);
    await pass(2 * MINUTE_S);

    expect(sent(QUEUES[state])).toEqual([state === 'received' ? s3Event(study.key) : JSON.stringify(message)]);
    expect(await run()).toMatchObject({ state, resent: { at: '2026-01-01T00:16:00.000Z', times: 1 } });
  });

  it('is of an older version and was never routed: its study is routed again, and it ends', async () => {
    const { study, run, sent, pass } = await runThat('received', { version: '0.9.0' });

    await pass(16 * MINUTE_S);

    expect(sent(QUEUES.received)).toEqual([s3Event(study.key)]);
    expect(await run()).toMatchObject({ state: 'rejected', reason: { code: 'version-replaced' } });
  });

  it('is sent again ever more seldom, and an alarm is raised the third time', async () => {
    const { pipeline, sent, drain, pass } = await runThat('inferred');
    const times: number[] = [];
    for (let minute = 0; minute < 4 * 24 * 60; minute += 5) {
      await pass(5 * MINUTE_S);
      if (sent(QUEUES.inferred).length > times.length) times.push(minute + 5);
      await drain(QUEUES.inferred);
    }

    const waits = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(waits).toEqual([20, 30, 60, 120, 240, 480, 960, 1440, 1440]);
    expect(pipeline.counted.filter((metric) => metric === 'Stuck')).toHaveLength(7);
    expect(pipeline.counted.indexOf('Stuck')).toBe(3);
  });

  it('keeps its reason, and since when it fails', async () => {
    const { message, pipeline, run, pass } = await runThat('converted');
    const [reason, failingSince] = [{ code: 'archive-unavailable', message: 'Away.' }, '2026-01-01T00:00:00.000Z'];
    await pipeline.runs.record({ ...message, state: 'converted', reason, failingSince });

    await pass(16 * MINUTE_S);

    expect(await run()).toMatchObject({ reason, failingSince, resent: { times: 1 }, state: 'converted' });
  });

  it.each(STATES)(
    'is left alone at %s while a queue or a dead-letter queue of its step holds any message',
    async (state) => {
      for (const name of [QUEUES[state], deadLetterQueueOf(QUEUES[state])]) {
        const { pipeline, sent, pass } = await runThat(state);
        await occupy(pipeline, name);
        await pass(20 * 3600);

        expect(sent(QUEUES[state]).filter((body) => body !== 'another')).toEqual([]);
        expect(pipeline.counted).toEqual([]);
      }
    },
  );

  it.each<[RunMessage['lane'], number]>([
    ['live', 1],
    ['backfill', 10],
  ])('is sent again in the lane %s after %i days in which its queue was never empty', async (lane, days) => {
    const { pipeline, message, sent, pass } = await runThat('routed', { lane });
    const queue = `infer-tiny-${lane}`;
    await occupy(pipeline, queue);

    await pass(days * DAY_S - MINUTE_S);
    expect(sent(queue)).toEqual(['another']);
    await pass(2 * MINUTE_S);
    await pass(10 * MINUTE_S);

    expect(sent(queue)).toEqual(['another', JSON.stringify(message)]);
  });

  it('is not sent again while its own attempts give signs', async () => {
    const { pipeline, message, sent, pass } = await runThat('routed');
    await occupy(pipeline, QUEUES.routed);
    for (let hours = 0; hours < 72; hours += 12) {
      await pipeline.ledger.begin(runWork('infer', message));
      await pipeline.ledger.fail(runWork('infer', message), { ...failing, givenUp: false });
      await pass(12 * 3600);
    }

    expect(sent(QUEUES.routed)).toEqual(['another']);
  });

  it.each(['missing-product', 'an attempt'])('is left alone if it went back a step: %s', async (sign) => {
    const { pipeline, message, sent, pass } = await runThat('converted');
    await occupy(pipeline, QUEUES.routed);
    if (sign === 'missing-product')
      await pipeline.runs.record({ ...message, state: 'converted', reason: { code: sign, message: 'Gone.' } });
    else await pipeline.ledger.begin(runWork('infer', message));

    await pass(3600);

    expect(sent(QUEUES.converted)).toEqual([]);
  });

  it('is routed again if its row does not hold its input', async () => {
    const { pipeline, study, message } = await runThat('routed');
    const { inputDigest: _, ...old } = (await pipeline.runs.get(message.runId)) ?? message;
    pipeline.runs.records.set(message.runId, { stages: {}, state: 'routed', ...old });

    await createReconciler(pipeline).pass(16 * MINUTE_S);

    expect(pipeline.queueNamed('intake-live').sent).toEqual([s3Event(study.key)]);
  });

  it.each<[Open, string]>([
    ['received', 'rejected'],
    ['routed', 'rejected'],
    ['inferred', 'inferred'],
  ])('ends if it is %s and its tool is not deployed any more: it is then %s', async (state, then) => {
    const { pipeline, run, sent, drain, pass } = await runThat(state, { tool: 'gone' });
    await pass(23 * 3600);
    await drain(QUEUES.inferred);
    expect(await run()).toMatchObject({ state });
    await pass(2 * 3600);

    expect(await run()).toMatchObject({ state: then });
    expect(sent('infer-gone-live')).toEqual([]);
    if (then === 'rejected')
      expect(await run()).toMatchObject({
        reason: { code: 'tool-not-deployed' },
        gaveUp: { step: 'infer', cause: 'person' },
      });
    expect(pipeline.counted).not.toContain('Halted');
  });
});

async function deliveredSet(
  { sets }: Pipeline,
  { sequence = 0, ...message }: RunMessage,
  of: Speaker = {},
): Promise<void> {
  const isSame = async () => true;
  const pinning = await pinSet(
    sets,
    message,
    { ...message, ...of, sequence },
    { isSame, now: new Date(0).toISOString() },
  );
  const setId = pinning.kind === 'pinned' ? pinning.set.setId : '';
  expect(await beginStoring(sets, message, setId)).toBe('storing');
  await endStoring(sets, message, setId);
}

describe('a run that ended', () => {
  it('is told if the message about its failure is gone, at most three times', async () => {
    const { pipeline, message, run, sent, drain, pass } = await runThat('failed');
    await pipeline.objects.put(failureKey(message), Buffer.from('{}'));
    await pass(14 * MINUTE_S);
    expect(sent(QUEUES.inferred)).toEqual([]);
    for (let hours = 0; hours < 200; hours += 1) {
      await pass(3600);
      await drain(QUEUES.inferred);
    }

    expect(sent(QUEUES.inferred)).toEqual(Array(3).fill(JSON.stringify({ ...message, answer: 'failure' })));
    expect(await run()).toMatchObject({ state: 'failed', resent: { times: 3 } });
  });

  it.each(['failure', 'busy', 'nothing', 'given up'])(
    'is left alone if that is under way, or done: %s',
    async (what) => {
      const { pipeline, message, pass } = await runThat('rejected');
      if (what !== 'nothing') await pipeline.objects.put(failureKey(message), Buffer.from('{}'));
      if (what === 'failure') await deliveredSet(pipeline, { ...message, answer: 'failure' });
      const untold = { step: 'return', cause: 'archive' } as const;
      if (what === 'given up') await pipeline.runs.record({ ...message, state: 'rejected', untold });
      if (what === 'busy') await occupy(pipeline, QUEUES.converted);

      await pass(3600);

      expect(pipeline.counted).toEqual([]);
    },
  );

  it('is left alone if results of the same images stay current, or newer ones came', async () => {
    for (const change of [{ inputDigest: undefined }, { inputDigest: 'd'.repeat(64), sequence: 2 }]) {
      const { pipeline, message, pass } = await runThat('failed');
      await pipeline.objects.put(failureKey(message), Buffer.from('{}'));
      const { inputDigest = message.inputDigest, ...rest } = change;
      await deliveredSet(pipeline, { ...message, ...rest, inputDigest, runId: 'f'.repeat(32) });

      await pass(3600);

      expect(pipeline.counted).toEqual([]);
    }
  });

  it('is told if all that is there is newer results of another patient', async () => {
    const { pipeline, message, sent, pass } = await runThat('failed');
    await pipeline.objects.put(failureKey(message), Buffer.from('{}'));
    const another = { runId: 'f'.repeat(32), inputDigest: 'd'.repeat(64), sequence: 2 };
    const of = { patient: '1'.repeat(64), others: ['2'.repeat(64)] };
    await deliveredSet(pipeline, { ...message, ...another }, of);

    await pass(3600);

    expect(sent(QUEUES.inferred)).toEqual([JSON.stringify({ ...message, answer: 'failure' })]);
  });

  it('is recorded as delivered if a set of its result is', async () => {
    const { pipeline, message, sent, pass } = await runThat('failed');
    await pipeline.objects.put(failureKey(message), Buffer.from('{}'));
    await deliveredSet(pipeline, message);

    await pass(16 * MINUTE_S);

    expect(sent(QUEUES.converted)).toEqual([JSON.stringify(message)]);
    expect(sent(QUEUES.inferred)).toEqual([]);
  });

  it.each(['infer', 'convert', 'return'] as const)(
    'is a dead letter again if %s gave it up, and that was lost',
    async (step) => {
      const { pipeline, message, sent, pass } = await runThat('failed');
      await pipeline.ledger.fail(runWork(step, message), failing);

      await pass(16 * MINUTE_S);

      const queue = step === 'infer' ? QUEUES.routed : `${step}-live`;
      expect(sent(deadLetterQueueOf(queue))).toEqual([JSON.stringify(message)]);
      expect(sent(queue)).toEqual([]);
    },
  );

  it('leaves no entry in the ledger once it is delivered', async () => {
    const { pipeline, message, pass } = await runThat('delivered');
    await pipeline.ledger.begin(runWork('convert', message));
    await pipeline.ledger.begin('convert/result/another');
    await pass(10 * MINUTE_S);
    expect(pipeline.ledger.entries.size).toBe(2);
    await pass(10 * MINUTE_S);

    expect([...pipeline.ledger.entries.keys()]).toEqual(['convert/result/another']);
    expect(pipeline.logged.join()).toContain('"code":"entry-left"');
  });
});

describe('a service that is away', () => {
  it('raises no alarm, and the others parts go on', async () => {
    const { pipeline, message, sent, pass } = await runThat('routed');
    pipeline.objects.list = () => Promise.reject(new ServiceUnavailableError('S3 is away.'));

    await pass(16 * MINUTE_S);

    expect(sent(QUEUES.routed)).toEqual([JSON.stringify(message)]);
    expect(pipeline.counted).toEqual(['Reconciled']);
    expect(pipeline.logged.join()).toContain('sweep-stopped');
  });

  it('keeps one run from nothing but its own turn, and a fault that nobody foresaw is an alarm', async () => {
    const { pipeline, message, sent, pass } = await runThat('routed');
    const other: RunMessage = { ...message, runId: '0'.repeat(32) };
    await pipeline.runs.record({ ...other, state: 'converted' });
    pipeline.queueNamed(QUEUES.converted).depth = () => Promise.reject(new TypeError('Doe^Jane'));

    await pass(16 * MINUTE_S);

    expect(sent(QUEUES.routed)).toEqual([JSON.stringify(message)]);
    expect(pipeline.counted.toSorted()).toEqual(['Halted', 'Reconciled']);
    expect(pipeline.logged.join()).not.toContain('Doe');
  });
});
