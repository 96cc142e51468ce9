/** How every function consumes its queue: one message after the other, each acknowledged or returned on its own. */
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { errorFacts, METRICS, type Observer } from '#adapters/aws/observe.ts';
import { dispositionOf, reasonOf } from '#core/errors.ts';
import { encodeDeadLetter } from '#pipeline/dead-letter.ts';
import { deadLetterKey } from '#pipeline/keys.ts';
import type { ObjectStore, Queue } from '#pipeline/ports.ts';
import { type RetryPolicy, waitSeconds } from '#pipeline/retry-policy.ts';

/** One message as a function receives it. */
export interface Delivery {
  readonly messageId: string;
  readonly body: string;
  /** The queue's name without the deployment's prefix. */
  readonly queue: string;
  /** How often the message was received, including this time. */
  readonly receiveCount: number;
  /** The milliseconds left to the invocation. */
  readonly remainingMs: () => number;
}

export interface ConsumerDependencies {
  readonly objects: ObjectStore;
  readonly observer: Observer;
  /** A queue by its name without the deployment's prefix; dead-letter queues too. */
  readonly queueNamed: (name: string) => Pick<Queue, 'postpone'>;
  readonly retry: RetryPolicy;
  /** See `queueUrl` in `pipeline/environment.ts`. It ends with the prefix of the queue names in events. */
  readonly queueUrlBase: string;
}

export interface Work {
  /** Processes one message. A message may come more than once. */
  readonly work: (delivery: Delivery) => Promise<void>;
  /** Records an error at the message's run, before the message is acknowledged or retried. */
  readonly note?: (delivery: Delivery, error: unknown) => Promise<'noted' | 'unknown'>;
}

export type QueueHandler = (
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

/**
 * A handler that returns the messages that failed (partial batch response). An error's disposition decides:
 *
 * - `reject`: the error is recorded at the run and the message acknowledged. A message that names no run is kept under
 *   `dead-letters/` and counted in a metric with an alarm.
 * - `retry`: the message returns to the queue and stays hidden for longer each time (back-off), until the queue's
 *   `maxReceiveCount` moves it to the dead-letter queue.
 * - `halt`: as `retry`, and counted in a metric with an alarm.
 */
export function consume(
  { work, note = async () => 'unknown' }: Work,
  dependencies: ConsumerDependencies,
): QueueHandler {
  const { objects, observer, queueNamed, retry, queueUrlBase } = dependencies;

  async function handleFailure(delivery: Delivery, receiptHandle: string, error: unknown): Promise<'done' | 'failed'> {
    const { messageId, queue, receiveCount, body } = delivery;
    const disposition = dispositionOf(error);
    const level = disposition === 'retry' ? 'warn' : 'error';
    observer.log(level, disposition, { messageId, queue, receiveCount, ...errorFacts(error) });
    const noted = await note(delivery, error);
    if (disposition === 'reject') {
      if (noted === 'unknown') {
        const letter = encodeDeadLetter({ queue, messageId, body, reason: reasonOf(error) });
        await objects.put(deadLetterKey(queue, messageId), letter);
        observer.count(METRICS.deadLetters);
      }
      observer.count(METRICS.rejected);
      return 'done';
    }
    observer.count(disposition === 'halt' ? METRICS.halted : METRICS.retried);
    await queueNamed(queue).postpone(receiptHandle, waitSeconds(retry, receiveCount));
    return 'failed';
  }

  async function handle(record: SQSRecord, remainingMs: () => number): Promise<'done' | 'failed'> {
    const delivery: Delivery = {
      messageId: record.messageId,
      body: record.body,
      queue: queueOf(record.eventSourceARN, queueUrlBase),
      receiveCount: Number(record.attributes.ApproximateReceiveCount),
      remainingMs,
    };
    try {
      await work(delivery);
      observer.count(METRICS.done);
      return 'done';
    } catch (error) {
      // If handling the failure fails too, the queue delivers the message again after its visibility timeout.
      return await handleFailure(delivery, record.receiptHandle, error).catch((second: unknown) => {
        observer.log('error', 'failure-not-handled', { messageId: delivery.messageId, ...errorFacts(second) });
        return 'failed';
      });
    }
  }

  return async (event, context) => {
    const batchItemFailures: SQSBatchItemFailure[] = [];
    for (const record of event.Records) {
      const outcome = await handle(record, () => context.getRemainingTimeInMillis());
      if (outcome === 'failed') batchItemFailures.push({ itemIdentifier: record.messageId });
    }
    return { batchItemFailures };
  };
}

/** A queue's name without the deployment's prefix, from its ARN. */
function queueOf(arn: string, queueUrlBase: string): string {
  const prefix = queueUrlBase.slice(queueUrlBase.lastIndexOf('/') + 1);
  const name = arn.slice(arn.lastIndexOf(':') + 1);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
