import { beforeEach, describe, expect, it } from 'vitest';
import type { Reason } from '#core/errors.ts';
import { nonResult, parseResult, serialiseResult } from '#core/results/result.ts';
import { describeTool, type ToolEntry } from '#core/tool-manifest.ts';
import { makeHandler } from '#functions/dead-letter/handler.ts';
import type { Cause } from '#pipeline/ends.ts';
import { deadLetterQueueOf } from '#pipeline/environment.ts';
import { failureKey, resultKey } from '#pipeline/keys.ts';
import { parseS3Event, type RunMessage } from '#pipeline/messages.ts';
import { failedAgain } from '#pipeline/retry-policy.ts';
import { intakeWork, runWork } from '#pipeline/work.ts';
import {
  createPipeline,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  s3Event,
  sqsEvent,
  stored,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, INSTANCE, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const toConvert = { step: 'convert', lane: 'live' } as const;

const handle = (pipeline: Pipeline, queue: string, body: RunMessage | string, catalog = [entry]) =>
  makeHandler({ ...pipeline, catalog })(sqsEvent(deadLetterQueueOf(queue), [body]), minuteLeft);

/** The reason that the ledger gives for a message that a test buries. */
const WHY = { code: 'tool-failed', message: 'The tool tiny failed' };

/** Hands over a message that its step gave up for `cause`. */
async function bury(
  pipeline: Pipeline,
  queue: string,
  body: RunMessage | string,
  { cause = 'fault', reason = WHY, catalog = [entry] }: { cause?: Cause; reason?: Reason; catalog?: ToolEntry[] } = {},
) {
  const [step] = queue.split('-') as ['infer' | 'convert' | 'return'];
  const name = typeof body === 'string' ? intakeWork(parseS3Event(body)) : runWork(step, body);
  if (name !== undefined) {
    const failing = failedAgain(undefined, cause, pipeline.clock.now());
    await pipeline.ledger.fail(name, { ...failing, reason, givenUp: true });
  }
  return await handle(pipeline, queue, body, catalog);
}

describe('dead-letter', () => {
  let pipeline: Pipeline;
  let study: Awaited<ReturnType<typeof upload>>;
  let message: RunMessage;
  beforeEach(async () => {
    pipeline = createPipeline();
    study = await upload(pipeline, file);
    message = runMessage(file, entry, study);
  });
  const run = () => pipeline.runs.get(message.runId);
  const dead = () => [...pipeline.objects.contents].filter(([key]) => key.startsWith('dead-letters/'));

  it('keeps the message, marks the run failed with the recorded reason, and reports the failure', async () => {
    const reason = WHY;
    await pipeline.runs.record({ ...message, state: 'routed', reason });

    expect(await bury(pipeline, 'infer-tiny-live', message)).toEqual(nothingFailed);

    expect(await stored(pipeline, 'dead-letters/infer-tiny-live/message-0.json')).toEqual({
      ...{
        format: 'hilum.dead-letter/1',
        queue: 'infer-tiny-live',
        messageId: 'message-0',
        reason,
        body: JSON.stringify(message),
      },
    });
    expect(await run()).toMatchObject({ state: 'failed', outcome: 'failed', reason });
    const failure = parseResult((await pipeline.objects.get(failureKey(message))) ?? new Uint8Array());
    const storedAt = new Date(pipeline.clock.now()).toISOString();
    expect(failure.metadata).toMatchObject({ outcome: 'failed', reason, inputs: [INSTANCE], storedAt });
    expect(pipeline.sentTo(toConvert)).toEqual([{ ...message, answer: 'failure' }]);
    expect(pipeline.counted).toContain('DeadLetters');
  });

  it('keeps a run in its lane', async () => {
    await bury(pipeline, 'infer-tiny-backfill', { ...message, lane: 'backfill' });

    expect(pipeline.sentTo({ ...toConvert, lane: 'backfill' })).toMatchObject([
      { lane: 'backfill', answer: 'failure' },
    ]);
    expect(pipeline.sentTo(toConvert)).toEqual([]);
    expect(await run()).toMatchObject({ lane: 'backfill', state: 'failed' });
  });

  it.each([
    ['was never run', { open: 0 }],
    ['died twice', { open: 2 }],
    ['still has attempts', { open: 0, failing: { givenUp: false } }],
  ])('sends a message back to its queue that %s, and tells nobody', async (_, known) => {
    const name = runWork('infer', message);
    for (let begun = 0; begun < known.open; begun++) await pipeline.ledger.begin(name);
    if ('failing' in known) {
      const failing = failedAgain(undefined, 'service', pipeline.clock.now());
      await pipeline.ledger.fail(name, { ...failing, reason: WHY, givenUp: false });
    }
    await pipeline.runs.record({ ...message, state: 'routed' });

    expect(await handle(pipeline, 'infer-tiny-live', message)).toEqual(nothingFailed);

    expect(pipeline.sentTo({ step: 'infer', tool: 'tiny', lane: 'live' })).toEqual([message]);
    expect(await run()).toMatchObject({ state: 'routed' });
    expect(pipeline.sentTo(toConvert)).toEqual([]);
    expect(pipeline.counted).toEqual(['Halted', 'Done']);
  });

  it('keeps a letter that comes twice, and begins no work again whose end was told', async () => {
    await bury(pipeline, 'infer-tiny-live', message);
    const [letters, told] = [dead(), pipeline.sentTo(toConvert)];

    expect(await handle(pipeline, 'infer-tiny-live', message)).toEqual(nothingFailed);

    expect(pipeline.sentTo({ step: 'infer', tool: 'tiny', lane: 'live' })).toEqual([]);
    expect(pipeline.sentTo(toConvert)).toEqual(told);
    expect(dead()).toEqual(letters);
    expect(await run()).toMatchObject({ state: 'failed', reason: WHY });
    expect(pipeline.counted).toEqual(['DeadLetters', 'Done', 'DeadLetters', 'Done']);
  });

  it('does nothing about a message whose run is delivered', async () => {
    await pipeline.runs.record({ ...message, state: 'delivered' });

    expect(await handle(pipeline, 'infer-tiny-live', message)).toEqual(nothingFailed);

    expect(dead()).toEqual([]);
    expect(pipeline.counted).toEqual(['Done']);
  });

  it('forgets the work once its end is told, so that a message that is sent again has its whole budget', async () => {
    await bury(pipeline, 'infer-tiny-live', message);

    expect(pipeline.ledger.entries.size).toBe(0);
  });

  it('keeps the first failure when the message is repeated', async () => {
    await bury(pipeline, 'infer-tiny-live', message);
    const first = await pipeline.objects.get(failureKey(message));
    await pipeline.runs.record({ ...message, state: 'failed', reason: { code: 'tool-timeout', message: 'Later' } });

    await bury(pipeline, 'infer-tiny-live', message);

    expect(await pipeline.objects.get(failureKey(message))).toEqual(first);
  });

  it('passes on the result if there is one', async () => {
    const { version, inputDigest } = message;
    const reason = { code: 'x', message: 'x' };
    const result = nonResult({
      description: describeTool(entry),
      version,
      inputDigest,
      inputs: [INSTANCE],
      outcome: 'no-finding',
      reason,
    });
    await pipeline.objects.put(resultKey(message), serialiseResult(result));

    await bury(pipeline, 'infer-tiny-live', message);

    expect(pipeline.sentTo(toConvert)).toEqual([message]);
    expect(pipeline.objects.contents.has(failureKey(message))).toBe(false);
  });

  it.each([
    ['infer', 'infer-tiny-live', 'fault'],
    ['convert', 'convert-live', 'never'],
    ['return', 'return-live', 'archive'],
  ] as const)('records that %s gave up, and why', async (step, queue, cause) => {
    await bury(pipeline, queue, message, { cause });

    expect(await run()).toMatchObject({ state: 'failed', gaveUp: { step, cause } });
  });

  it.each(['failed', 'rejected'] as const)('records that the study was not told of a run that is %s', async (state) => {
    const gaveUp = { step: 'convert', cause: 'never' } as const;
    const reason = { code: 'limit-exceeded', message: 'The file holds too much' };
    await pipeline.runs.record({ ...message, state, reason, gaveUp });

    await bury(pipeline, 'return-live', { ...message, answer: 'failure' }, { cause: 'archive' });

    const untold = { step: 'return', cause: 'archive' };
    expect(await run()).toMatchObject({ state, reason, gaveUp, untold });
  });

  it('records that the study was not told if the queue itself gave up', async () => {
    const reason = { code: 'limit-exceeded', message: 'The file holds too much' };
    await pipeline.runs.record({ ...message, state: 'failed', reason });

    await handle(pipeline, 'return-live', { ...message, answer: 'failure' });

    expect(await run()).toMatchObject({ state: 'failed', reason, untold: { step: 'return', cause: 'fault' } });
    expect(pipeline.counted).toContain('DeadLetters');
  });

  it('does not call a delivered run untold', async () => {
    await pipeline.runs.record({ ...message, state: 'delivered' });

    await bury(pipeline, 'return-live', { ...message, answer: 'failure' }, { cause: 'archive' });

    expect(await run()).not.toHaveProperty('untold');
  });

  it('does not change a delivered run', async () => {
    await pipeline.runs.record({ ...message, state: 'delivered' });

    await bury(pipeline, 'return-live', message);

    expect(await run()).toMatchObject({ state: 'delivered' });
  });

  it('reports a failure if convert died of a result, and does not try the result again', async () => {
    const { version, inputDigest } = message;
    const [description, reason] = [describeTool(entry), { code: 'integrity', message: 'A chunk is missing' }];
    const result = nonResult({ description, version, inputDigest, inputs: [INSTANCE], outcome: 'no-finding', reason });
    await pipeline.objects.put(resultKey(message), serialiseResult(result));
    await pipeline.runs.record({ ...message, state: 'inferred', reason });

    await bury(pipeline, 'convert-live', message, { reason });
    await bury(pipeline, 'convert-live', { ...message, answer: 'failure' });

    expect(await run()).toMatchObject({ state: 'failed', outcome: 'failed', reason });
    const failure = parseResult((await pipeline.objects.get(failureKey(message))) ?? new Uint8Array());
    expect(failure.metadata).toMatchObject({ outcome: 'failed', reason, inputs: [INSTANCE] });
    expect(pipeline.sentTo(toConvert)).toEqual([{ ...message, answer: 'failure' }]);
  });

  it('marks a run failed that could not be delivered, and sends no message', async () => {
    const reason = { code: 'archive-unavailable', message: 'Down' };
    await pipeline.runs.record({ ...message, state: 'converted', reason });

    await bury(pipeline, 'return-live', message, { cause: 'archive', reason });

    expect(await run()).toMatchObject({ state: 'failed', reason });
    expect(pipeline.sentTo(toConvert)).toEqual([]);
  });

  it('marks the run failed if its study is gone, although no failure can be delivered', async () => {
    pipeline.objects.contents.delete(study.key);

    expect(await bury(pipeline, 'infer-tiny-live', message)).toEqual(nothingFailed);

    expect(await run()).toMatchObject({ state: 'failed' });
    expect(pipeline.sentTo(toConvert)).toEqual([]);
  });

  it('keeps a message that names no run', async () => {
    expect(await bury(pipeline, 'intake-live', '{"Records": []}')).toEqual(nothingFailed);

    expect(await stored(pipeline, 'dead-letters/intake-live/message-0.json')).toMatchObject({
      reason: { code: 'not-worked-off' },
      body: '{"Records": []}',
    });
    expect((await pipeline.runs.list()).runs).toEqual([]);
  });

  it('records an unrouted study for every tool that has no run of it', async () => {
    const other = { ...entry, manifest: { ...entry.manifest, id: 'other' } };
    await pipeline.runs.record({ ...message, state: 'routed' });

    await bury(pipeline, 'intake-live', s3Event('no/manifest', study.key), { catalog: [entry, other] });

    const { StudyInstanceUID, revision } = study;
    expect((await pipeline.runs.list({ StudyInstanceUID })).runs).toMatchObject([
      {
        tool: 'other',
        state: 'failed',
        revision,
        lane: 'live',
        reason: WHY,
        gaveUp: { step: 'intake', cause: 'fault' },
      },
      { tool: 'tiny', state: 'routed' },
    ]);
  });

  it('records no unrouted study for messages of other queues than intake', async () => {
    await handle(pipeline, 'convert-live', s3Event(study.key));

    expect((await pipeline.runs.list()).runs).toEqual([]);
    expect(pipeline.objects.contents.has('dead-letters/convert-live/message-0.json')).toBe(true);
  });

  it('keeps a message of the intake queue that is not an event', async () => {
    expect(await handle(pipeline, 'intake-live', '<xml/>')).toEqual(nothingFailed);

    expect(pipeline.objects.contents.has('dead-letters/intake-live/message-0.json')).toBe(true);
    expect(pipeline.counted).toEqual(['DeadLetters', 'Done']);
  });

  it('tells the study if a result cannot be delivered for a reason of ours', async () => {
    await pipeline.runs.record({ ...message, state: 'converted' });
    const reason = { code: 'limit-exceeded', message: 'The file holds too much' };

    await bury(pipeline, 'return-live', message, { cause: 'never', reason });

    expect(await run()).toMatchObject({ state: 'failed', outcome: 'failed', reason });
    const failure = parseResult((await pipeline.objects.get(failureKey(message))) ?? new Uint8Array());
    expect(failure.metadata).toMatchObject({ outcome: 'failed', reason });
    expect(pipeline.sentTo(toConvert)).toEqual([{ ...message, answer: 'failure' }]);
  });

  it('delivers no failure if the PACS took nothing', async () => {
    await pipeline.runs.record({ ...message, state: 'converted' });

    await bury(pipeline, 'return-live', message, { cause: 'archive' });

    expect(await run()).toMatchObject({ state: 'failed', outcome: 'failed' });
    expect(pipeline.sentTo(toConvert)).toEqual([]);
    expect(pipeline.objects.contents.has(failureKey(message))).toBe(false);
  });

  it('marks the run failed if its manifest is broken, although no failure can be delivered', async () => {
    await pipeline.objects.put(study.key, Buffer.from('<xml/>'));

    expect(await bury(pipeline, 'infer-tiny-live', message)).toEqual(nothingFailed);

    expect(await run()).toMatchObject({ state: 'failed' });
    expect(pipeline.logged.join()).toContain('failure-not-told');
  });

  it('does not fail a run again if its failure object could not be delivered', async () => {
    await pipeline.runs.record({ ...message, state: 'failed', reason: { code: 'died', message: 'It died.' } });

    await bury(pipeline, 'return-live', { ...message, answer: 'failure' });

    expect(await run()).toMatchObject({ state: 'failed', reason: { code: 'died' } });
  });
});
