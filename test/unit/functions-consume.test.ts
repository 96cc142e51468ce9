import { describe, expect, it } from 'vitest';
import { ArchiveDeniedError, MessageError, ServiceUnavailableError } from '#core/errors.ts';
import { consume } from '#functions/shared/consume.ts';
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

    const answer = await consume({ work }, pipeline)(
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

  it('keeps no dead letter of an error that was recorded at a run', async () => {
    const pipeline = createPipeline();

    const handler = consume({ work, note: async () => 'noted' }, pipeline);

    expect(await handler(sqsEvent('convert-live', ['reject']), minuteLeft)).toEqual(nothingFailed);
    expect(pipeline.objects.contents.size).toBe(0);
  });

  it('loses nothing if the bucket fails while a message is being kept', async () => {
    const pipeline = createPipeline();
    const objects = { ...pipeline.objects, put: () => Promise.reject(new ServiceUnavailableError('S3 is away')) };

    expect(await consume({ work }, { ...pipeline, objects })(sqsEvent('convert-live', ['reject']), minuteLeft)).toEqual(
      allFailed,
    );
    expect(pipeline.logged.at(-1)).toContain('failure-not-handled');
  });

  it('leaves a message that cannot be postponed to the queue’s visibility timeout', async () => {
    const pipeline = createPipeline();
    const postpone = () => Promise.reject(new ServiceUnavailableError('SQS is away'));

    const queueNamed = () => ({ postpone });

    expect(
      await consume({ work }, { ...pipeline, queueNamed })(sqsEvent('convert-live', ['retry']), minuteLeft),
    ).toEqual(allFailed);
  });

  it('hides a repeated message for longer each time, on its own queue and with its receipt', async () => {
    const pipeline = createPipeline();
    const hidden: unknown[] = [];
    const queueNamed = (name: string) => ({
      async postpone(receiptHandle: string, seconds: number) {
        hidden.push([name, receiptHandle, seconds]);
      },
    });
    const handler = consume({ work }, { ...pipeline, queueNamed });

    await handler(sqsEvent('convert-live', ['done', 'retry'], 1), minuteLeft);
    await handler(sqsEvent('convert-live', ['halt'], 4), minuteLeft);
    await handler(sqsEvent('convert-live', ['unforeseen'], 7), minuteLeft);

    expect(hidden).toEqual([
      ['convert-live', 'handle-1', 15],
      ['convert-live', 'handle-0', 120],
      ['convert-live', 'handle-0', 900],
    ]);
  });

  it('keeps a dead letter with all its facts', async () => {
    const pipeline = createPipeline();

    await consume({ work }, pipeline)(sqsEvent('convert-live', ['reject']), minuteLeft);

    expect(await stored(pipeline, 'dead-letters/convert-live/message-0.json')).toEqual({
      ...{ format: 'hilum.dead-letter/1', queue: 'convert-live', messageId: 'message-0', body: 'reject' },
      reason: { code: 'invalid-message', message: 'Never' },
    });
  });

  it('records an error at the run before it is counted', async () => {
    const pipeline = createPipeline();
    const noted: unknown[] = [];
    const note = async (delivery: { readonly body: string }, error: unknown) => {
      noted.push(delivery.body, error instanceof Error ? error.message : error, [...pipeline.counted]);
      return 'noted' as const;
    };

    await consume({ work, note }, pipeline)(sqsEvent('convert-live', ['retry', 'reject']), minuteLeft);

    expect(noted).toEqual(['retry', 'Later', [], 'reject', 'Never', ['Retried']]);
    expect(pipeline.counted).toEqual(['Retried', 'Rejected']);
  });

  it('logs retried errors as warnings, and others as errors', async () => {
    const pipeline = createPipeline();

    await consume({ work }, pipeline)(sqsEvent('convert-live', ['retry', 'halt', 'reject']), minuteLeft);

    const levels = pipeline.logged.map((line) => JSON.parse(line)).map(({ level, event }) => [level, event]);
    expect(levels).toEqual([
      ['warn', 'retry'],
      ['error', 'halt'],
      ['error', 'reject'],
    ]);
  });

  it('uses the whole name of a queue with another prefix', async () => {
    const pipeline = createPipeline();
    const seen: string[] = [];
    const handler = consume({ work: async ({ queue }) => void seen.push(queue) }, pipeline);
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
