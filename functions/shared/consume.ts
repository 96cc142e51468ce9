/** How every function works off its queue: one message after the other, each answered for on its own. */
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { errorFacts, METRICS, type Observer } from '#adapters/aws/observe.ts';
import { dispositionOf, reasonOf } from '#core/errors.ts';
import { encodeDeadLetter } from '#pipeline/dead-letter.ts';
import { deadLetterKey } from '#pipeline/keys.ts';
import type { ObjectStore, Queue } from '#pipeline/ports.ts';
import { type RetryPolicy, waitSeconds } from '#pipeline/retry-policy.ts';

/** One message as a function sees it. */
export interface Delivery {
  readonly messageId: string;
  readonly body: string;
  /** The queue's name without the deployment's prefix. */
  readonly queue: string;
  /** How often the message was received, this time included. */
  readonly receiveCount: number;
  /** Milliseconds the invocation has left. */
  readonly remainingMs: () => number;
}

export interface ConsumerDependencies {
  readonly objects: ObjectStore;
  readonly observer: Observer;
  /** The queue of a name without the deployment's prefix, dead-letter queues included. */
  readonly queueNamed: (name: string) => Pick<Queue, 'postpone'>;
  readonly retry: RetryPolicy;
  /** See `queueUrl` in `pipeline/environment.ts`: its prefix is what a queue's name in an event begins with. */
  readonly queueUrlBase: string;
}

export interface Work {
  /** Works one message off, however often it came before. */
  readonly work: (delivery: Delivery) => Promise<void>;
  /** Writes down what went wrong where people look (the run), before the message is acknowledged or retried. */
  readonly note?: (delivery: Delivery, error: unknown) => Promise<'noted' | 'unknown'>;
}

export type QueueHandler = (
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

/**
 * A handler that answers with the messages that failed (partial batch response). An error's disposition decides:
 *
 * - `reject`: noted at the run and acknowledged; a message that names no run is kept under `dead-letters/`, which raises
 *   the metric that the alarm watches.
 * - `retry`: back to the queue, hidden for longer every time, until the queue's limit sends it to the dead-letter queue.
 * - `halt`: the same, and the metric that the alarm watches is raised.
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
      // What fails while failing leaves the message to its queue, which brings it back after the visibility timeout.
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
