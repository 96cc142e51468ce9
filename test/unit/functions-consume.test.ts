import { describe, expect, it } from 'vitest';
import { ArchiveDeniedError, MessageError, ServiceUnavailableError } from '#core/errors.ts';
import { consume, type Delivery } from '#functions/shared/consume.ts';
import type { WorkFailure } from '#pipeline/ports.ts';
import { allFailed, createPipeline, minuteLeft, nothingFailed, sqsEvent, stored } from '../fixtures/pipeline.ts';

/** Work that fails as the message specifies. */
const work = async ({ body }: { readonly body: string }): Promise<void> => {
  if (body === 'reject') throw new MessageError('Never');
  if (body === 'retry') throw new ServiceUnavailableError('Later');
  if (body === 'halt') throw new ArchiveDeniedError('Ask a person');
  if (body === 'unforeseen') throw new TypeError('What?');
};

describe('consuming a queue', () => {
  it('answers each message on its own: done, kept, or returned to the queue', async () => {
    const pipeline = createPipeline();

    const answer = await consume({ stage: 'convert', work }, pipeline)(
      sqsEvent('convert-live', ['done', 'reject', 'retry', 'halt', 'unforeseen']),
      minuteLeft,
    );

    expect(answer.batchItemFailures.map((failure) => failure.itemIdentifier)).toEqual([
      'message-2',
      'message-3',
      'message-4',
    ]);
    expect(pipeline.counted).toEqual(['Done', 'DeadLetters', 'Rejected', 'Retried', 'Halted', 'Retried']);
    expect(await stored(pipeline, 'dead-letters/convert-live/message-1.json')).toMatchObject({ body: 'reject' });
  });

  it('sends named work that no other attempt can help to the dead-letter queue, and acknowledges it then', async () => {
    const pipeline = createPipeline();
    const handler = consume({ stage: 'convert', work, nameOf: (body) => body }, pipeline);

    expect(await handler(sqsEvent('convert-live', ['reject']), minuteLeft)).toEqual(nothingFailed);

    expect(pipeline.objects.contents.size).toBe(0);
    expect(pipeline.queueNamed('convert-live-dead').sent).toEqual(['reject']);
    expect(pipeline.ledger.entries.get('reject')).toMatchObject({
      failing: { cause: 'never', givenUp: true, reason: { code: 'invalid-message', message: 'Never' } },
    });
    expect(pipeline.counted).toEqual(['Rejected']);
  });

  it('keeps a message that the dead-letter queue does not take', async () => {
    const pipeline = createPipeline();
    const send = () => Promise.reject(new ServiceUnavailableError('SQS is away'));
    const queueNamed = (name: string) => ({ ...pipeline.queueNamed(name), send });
    const named = { stage: 'convert', work, nameOf: (body: string) => body } as const;

    const answer = await consume(named, { ...pipeline, queueNamed })(sqsEvent('convert-live', ['reject']), minuteLeft);
    expect(answer).toEqual(allFailed);

    // At its next receipt it is given up without another attempt.
    const neverRun = async () => expect.unreachable();
    await consume({ ...named, work: neverRun }, pipeline)(sqsEvent('convert-live', ['reject'], 2), minuteLeft);
    expect(pipeline.queueNamed('convert-live-dead').sent).toEqual(['reject']);
  });

  it('forgets work that is done, and gives up work of which three attempts died without a word', async () => {
    const pipeline = createPipeline();
    const named = { stage: 'infer', work, nameOf: (body: string) => body } as const;
    const handler = consume(named, pipeline);

    await pipeline.ledger.begin('done');
    await handler(sqsEvent('infer-tiny-live', ['done']), minuteLeft);
    expect(pipeline.ledger.entries.size).toBe(0);

    for (const _ of [1, 2, 3]) await pipeline.ledger.begin('done');
    expect(await handler(sqsEvent('infer-tiny-live', ['done'], 4), minuteLeft)).toEqual(nothingFailed);

    expect(pipeline.queueNamed('infer-live-dead').sent).toEqual(['done']);
    expect(pipeline.ledger.entries.get('done')?.failing).toMatchObject({ givenUp: true, reason: { code: 'died' } });
    expect(pipeline.counted).toEqual(['Done', 'GivenUp']);
  });

  it('says nothing of a death where the attempts recorded why they failed', async () => {
    const pipeline = createPipeline();
    const handler = consume({ stage: 'infer', work, nameOf: (body) => body }, pipeline);

    for (const receiveCount of [1, 2, 3, 4, 5, 6])
      expect(await handler(sqsEvent('infer-tiny-live', ['retry'], receiveCount), minuteLeft)).toEqual(allFailed);

    expect(pipeline.ledger.entries.get('retry')).toMatchObject({ open: 0, failing: { cause: 'service', inRow: 6 } });
  });

  it.each([
    ['is over ten days old', 1, 10 * 24 * 3600_000 + 1],
    ['was received 900 times', 900, 0],
  ])('sends a message anew that %s, before it is acknowledged', async (_, receiveCount, ageMs) => {
    const pipeline = createPipeline();
    const handler = consume({ stage: 'infer', work, nameOf: (body) => body }, pipeline);
    const event = sqsEvent('infer-tiny-live', ['retry'], receiveCount, pipeline.clock.now() - ageMs);

    expect(await handler(event, minuteLeft)).toEqual(nothingFailed);

    expect(pipeline.queueNamed('infer-tiny-live').sent).toEqual(['retry']);
    expect(pipeline.queueNamed('infer-tiny-live').postponed).toEqual([]);
  });

  it('waits by its receipts while the ledger is away', async () => {
    const pipeline = createPipeline();
    const fail = () => Promise.reject(new ServiceUnavailableError('DynamoDB is away'));
    const ledger = { ...pipeline.ledger, begin: fail, get: fail };
    const handler = consume({ stage: 'infer', work, nameOf: (body) => body }, { ...pipeline, ledger });

    for (const receiveCount of [1, 3, 40])
      expect(await handler(sqsEvent('infer-tiny-live', ['done'], receiveCount), minuteLeft)).toEqual(allFailed);

    expect(pipeline.queueNamed('infer-tiny-live').postponed).toEqual([15, 60, 1800]);
    expect(pipeline.ledger.entries.size).toBe(0);
  });

  it('counts no attempt as died whose beginning the ledger knows, and only the answer was lost', async () => {
    const pipeline = createPipeline();
    async function begin(name: string): Promise<never> {
      await pipeline.ledger.begin(name);
      throw new ServiceUnavailableError('The answer is lost');
    }
    const handler = consume(
      { stage: 'infer', work, nameOf: (body) => body },
      { ...pipeline, ledger: { ...pipeline.ledger, begin } },
    );

    for (let receiveCount = 1; receiveCount <= 5; receiveCount++)
      expect(await handler(sqsEvent('infer-tiny-live', ['done'], receiveCount), minuteLeft)).toEqual(allFailed);

    expect(pipeline.ledger.entries.get('done')).toMatchObject({ open: 0, failing: { cause: 'service', inRow: 5 } });
  });

  it('loses nothing if the bucket fails while a message is being kept', async () => {
    const pipeline = createPipeline();
    const objects = { ...pipeline.objects, put: () => Promise.reject(new ServiceUnavailableError('S3 is away')) };

    expect(
      await consume({ stage: 'convert', work }, { ...pipeline, objects })(
        sqsEvent('convert-live', ['reject']),
        minuteLeft,
      ),
    ).toEqual(allFailed);
    expect(pipeline.logged.at(-1)).toContain('failure-not-handled');
  });

  it('leaves a message that cannot be postponed to the queue’s visibility timeout', async () => {
    const pipeline = createPipeline();
    const postpone = () => Promise.reject(new ServiceUnavailableError('SQS is away'));

    const queueNamed = (name: string) => ({ ...pipeline.queueNamed(name), postpone });

    expect(
      await consume({ stage: 'convert', work }, { ...pipeline, queueNamed })(
        sqsEvent('convert-live', ['retry']),
        minuteLeft,
      ),
    ).toEqual(allFailed);
  });

  it('hides a repeated message for longer each time, on its own queue and with its receipt', async () => {
    const pipeline = createPipeline();
    const hidden: unknown[] = [];
    const queueNamed = (name: string) => ({
      ...pipeline.queueNamed(name),
      async postpone(receiptHandle: string, seconds: number) {
        hidden.push([name, receiptHandle, seconds]);
      },
    });
    const handler = consume({ stage: 'convert', work, nameOf: (body) => body }, { ...pipeline, queueNamed });

    // Receipts that never ran do not count.
    await handler(sqsEvent('convert-live', ['done', 'retry'], 70), minuteLeft);
    await handler(sqsEvent('convert-live', ['retry'], 71), minuteLeft);
    for (const receiveCount of [72, 73, 74, 75, 76, 77, 78])
      await handler(sqsEvent('convert-live', ['halt'], receiveCount), minuteLeft);
    await handler(sqsEvent('convert-live', ['retry'], 72), minuteLeft);

    expect(hidden).toEqual([
      ['convert-live', 'handle-1', 15],
      ['convert-live', 'handle-0', 30],
      ...[15, 30, 60, 120, 240, 480, 960].map((seconds) => ['convert-live', 'handle-0', seconds]),
      ['convert-live', 'handle-0', 60],
    ]);
  });

  it('holds a message from the first act to the last, and lets it go before it is hidden for its wait', async () => {
    const pipeline = createPipeline();
    const done: string[] = [];
    const queueNamed = (name: string) => ({
      ...pipeline.queueNamed(name),
      postpone: async () => void done.push('postponed'),
    });
    const hold = async (queue: string, receiptHandle: string) => {
      done.push(`held ${queue} ${receiptHandle}`);
      return async () => void done.push('released');
    };
    const noting = async (delivery: { readonly body: string }) => {
      done.push('worked');
      await work(delivery);
    };
    const handler = consume({ stage: 'convert', work: noting }, { ...pipeline, queueNamed, hold });

    await handler(sqsEvent('convert-live', ['done', 'retry']), minuteLeft);

    expect(done).toEqual([
      ...['held convert-live handle-0', 'worked', 'released'],
      ...['held convert-live handle-1', 'worked', 'released', 'postponed', 'released'],
    ]);
  });

  it('keeps a dead letter with all its facts', async () => {
    const pipeline = createPipeline();

    await consume({ stage: 'convert', work }, pipeline)(sqsEvent('convert-live', ['reject']), minuteLeft);

    expect(await stored(pipeline, 'dead-letters/convert-live/message-0.json')).toEqual({
      ...{ format: 'hilum.dead-letter/1', queue: 'convert-live', messageId: 'message-0', body: 'reject' },
      reason: { code: 'invalid-message', message: 'Never' },
    });
  });

  it('records an error at the run before it is counted, with the time since when it fails', async () => {
    const pipeline = createPipeline();
    const noted: unknown[] = [];
    const note = async ({ body }: Delivery, { reason, since }: WorkFailure) => {
      noted.push([body, reason.message, since, [...pipeline.counted]]);
    };
    const handler = consume({ stage: 'convert', work, note, nameOf: (body) => body }, pipeline);

    await handler(sqsEvent('convert-live', ['retry', 'reject']), minuteLeft);
    pipeline.clock.advance(15_000);
    await handler(sqsEvent('convert-live', ['retry']), minuteLeft);

    const since = '2026-01-01T00:00:00.000Z';
    expect(noted).toEqual([
      ['retry', 'Later', since, []],
      ['reject', 'Never', since, ['Retried']],
      ['retry', 'Later', since, ['Retried', 'Rejected']],
    ]);
  });

  it('logs retried errors as warnings, and others as errors', async () => {
    const pipeline = createPipeline();

    await consume({ stage: 'convert', work }, pipeline)(
      sqsEvent('convert-live', ['retry', 'halt', 'reject']),
      minuteLeft,
    );

    const levels = pipeline.logged.map((line) => JSON.parse(line)).map(({ level, event }) => [level, event]);
    expect(levels).toEqual([
      ['warn', 'wait'],
      ['error', 'wait'],
      ['error', 'give-up'],
    ]);
  });

  it('uses the whole name of a queue with another prefix', async () => {
    const pipeline = createPipeline();
    const seen: string[] = [];
    const handler = consume({ stage: 'convert', work: async ({ queue }) => void seen.push(queue) }, pipeline);
    const event = sqsEvent('convert-live', ['x']);
    const [record] = event.Records;
    const eventSourceARN = 'arn:aws:sqs:eu-central-1:123456789012:other-convert-live';

    await handler({ Records: record === undefined ? [] : [{ ...record, eventSourceARN }] }, minuteLeft);

    expect(seen).toEqual(['other-convert-live']);
  });

  it('passes on the remaining time and the receive count', async () => {
    const pipeline = createPipeline();
    const seen: unknown[] = [];
    const handler = consume(
      {
        stage: 'infer',
        work: async ({ receiveCount, queue, remainingMs }) => {
          seen.push(receiveCount, queue, remainingMs());
        },
      },
      pipeline,
    );

    await handler(sqsEvent('infer-tiny-backfill', ['x'], 3), minuteLeft);

    expect(seen).toEqual([3, 'infer-tiny-backfill', 60_000]);
  });
});
