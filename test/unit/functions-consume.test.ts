import { describe, expect, it } from 'vitest';
import { ArchiveDeniedError, MessageError, ServiceUnavailableError } from '#core/errors.ts';
import { consume } from '#functions/shared/consume.ts';
import { allFailed, createPipeline, minuteLeft, nothingFailed, sqsEvent, stored } from '../fixtures/pipeline.ts';

/** Work that fails as the message says. */
const work = async ({ body }: { readonly body: string }): Promise<void> => {
  if (body === 'reject') throw new MessageError('Never');
  if (body === 'retry') throw new ServiceUnavailableError('Later');
  if (body === 'halt') throw new ArchiveDeniedError('Ask a person');
  if (body === 'unforeseen') throw new TypeError('What?');
};

describe('working off a queue', () => {
  it('answers for each message on its own: done, kept, or back to the queue', async () => {
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

  it('keeps no dead letter of what was noted at a run', async () => {
    const pipeline = createPipeline();

    const handler = consume({ work, note: async () => 'noted' }, pipeline);

    expect(await handler(sqsEvent('convert-live', ['reject']), minuteLeft)).toEqual(nothingFailed);
    expect(pipeline.objects.contents.size).toBe(0);
  });

  it('loses nothing where the bucket fails while a message is being kept', async () => {
    const pipeline = createPipeline();
    const objects = { ...pipeline.objects, put: () => Promise.reject(new ServiceUnavailableError('S3 is away')) };

    expect(await consume({ work }, { ...pipeline, objects })(sqsEvent('convert-live', ['reject']), minuteLeft)).toEqual(
      allFailed,
    );
    expect(pipeline.logged.at(-1)).toContain('failure-not-handled');
  });

  it('leaves a message that cannot be postponed to its queue', async () => {
    const pipeline = createPipeline();
    const postpone = () => Promise.reject(new ServiceUnavailableError('SQS is away'));

    const queueNamed = () => ({ postpone });

    expect(
      await consume({ work }, { ...pipeline, queueNamed })(sqsEvent('convert-live', ['retry']), minuteLeft),
    ).toEqual(allFailed);
  });

  it('tells how much time is left and how often the message came', async () => {
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
