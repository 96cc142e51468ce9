/** How every function consumes its queue: one message after the other, each acknowledged or returned on its own. */
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { errorFacts, METRICS, type Observer } from '#adapters/aws/observe.ts';
import type { Hold } from '#adapters/lease/lease.ts';
import { type Reason, reasonOf } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import { encodeDeadLetter } from '#pipeline/dead-letter.ts';
import { type Cause, causeOf, ENDS, type Stage } from '#pipeline/ends.ts';
import { deadLetterQueueOf } from '#pipeline/environment.ts';
import { deadLetterKey } from '#pipeline/keys.ts';
import type { KnownWork, ObjectStore, Queue, WorkFailure, WorkLedger } from '#pipeline/ports.ts';
import {
  type Decision,
  decide,
  failedAgain,
  isSentAnew,
  MOST_DEATHS,
  type RetryPolicy,
  waitSeconds,
} from '#pipeline/retry-policy.ts';

/** One message as a function receives it. */
export interface Delivery {
  readonly messageId: string;
  readonly body: string;
  /** The queue's name without the deployment's prefix. */
  readonly queue: string;
  /** How often the message was received, including this time. Receipts that were throttled count, too. */
  readonly receiveCount: number;
  /** When the message was sent, in milliseconds since the epoch. */
  readonly sentMs: number;
  /** The milliseconds left to the invocation. */
  readonly remainingMs: () => number;
}

export interface ConsumerDependencies {
  readonly objects: ObjectStore;
  readonly ledger: WorkLedger;
  readonly observer: Observer;
  readonly clock: Clock;
  /** A queue by its name without the deployment's prefix; dead-letter queues too. */
  readonly queueNamed: (name: string) => Pick<Queue, 'postpone' | 'send'>;
  readonly retry: RetryPolicy;
  /** Hides a message while it is worked on (`adapters/lease/lease.ts`). */
  readonly hold: Hold;
  /** See `queueUrl` in `pipeline/environment.ts`. It ends with the prefix of the queue names in events. */
  readonly queueUrlBase: string;
}

export interface Work {
  readonly stage: Stage;
  /** Processes one message. A message may come more than once. */
  readonly work: (delivery: Delivery) => Promise<void>;
  /** The name of a message's work in the ledger (`pipeline/work.ts`); undefined if the message names nothing. */
  readonly nameOf?: (body: string) => string | undefined;
  /** Records at the message's run why it fails. */
  readonly note?: (delivery: Delivery, failing: WorkFailure) => Promise<void>;
}

export type QueueHandler = (
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

type Outcome = 'done' | 'failed';

/** A message, and what the ledger knows of its work. */
interface Received extends Delivery {
  readonly receiptHandle: string;
  readonly name: string | undefined;
  readonly known?: KnownWork;
}

/** For the question to a ledger that has just not answered. The function needs the rest of its time to put its message off. */
const ASKED_AGAIN_MS = 5_000;

/** The reason if the function ended before it could record one. */
const DIED: Reason = { code: 'died', message: 'The step ended without an answer: out of memory or out of time.' };

/**
 * A handler that returns the messages that failed (partial batch response). `pipeline/ends.ts` says for each stage and cause
 * how long a message is tried:
 *
 * - A message that waits returns to its queue and stays hidden for longer each time. Where a person has to act, it is counted
 *   in a metric with an alarm.
 * - A message whose budget is spent goes to the dead-letter queue, whose function tells the study. It is acknowledged only
 *   once it is there.
 * - A message that names nothing is kept under `dead-letters/` and counted in a metric with an alarm.
 */
export function consume(
  { stage, work, nameOf = () => undefined, note = async () => undefined }: Work,
  dependencies: ConsumerDependencies,
): QueueHandler {
  const { objects, ledger, observer, clock, queueNamed, retry, hold, queueUrlBase } = dependencies;

  /** Without an entry in the ledger, only what no other attempt can help is decided. */
  async function handleFailure(message: Received, error: unknown): Promise<Outcome> {
    const { messageId, queue, receiveCount, name } = message;
    const known = await knownOf(message);
    const cause = causeOf(error);
    const log = (then: string) =>
      observer.log(cause === 'service' || cause === 'fault' || cause === 'chunk' ? 'warn' : 'error', then, {
        ...{ messageId, queue, receiveCount, because: cause },
        ...errorFacts(error),
      });
    const failing = failedAgain(known?.failing ?? sinceSent(message, cause), cause, clock.now());
    const decision = decide(ENDS[stage][cause].budget, failing, clock.now(), retry);
    log(decision.kind);
    if (decision.kind === 'give-up' && name === undefined) return await keep(message, reasonOf(error));
    if (name !== undefined && (known !== undefined || decision.kind === 'give-up')) {
      const failure = { ...failing, reason: reasonOf(error), givenUp: decision.kind === 'give-up' };
      await ledger.fail(name, failure);
      await note(message, failure);
    }
    if (decision.kind === 'give-up') return await giveUp(message, cause);
    return await waitOn(
      message,
      known === undefined ? { ...decision, seconds: waitSeconds(retry, receiveCount) } : decision,
    );
  }

  /** If only the answer to its beginning was lost, an attempt is counted, and must not be taken for one that died. */
  async function knownOf({ name, known }: Received): Promise<KnownWork | undefined> {
    if (name === undefined || known !== undefined) return known;
    return await ledger.get(name, { deadlineMs: clock.now() + ASKED_AGAIN_MS }).catch(() => undefined);
  }

  /** Acknowledges a message that nobody can work on, after it was put aside. */
  async function keep({ messageId, queue, body }: Received, reason: Reason): Promise<Outcome> {
    await objects.put(deadLetterKey(queue, messageId), encodeDeadLetter({ queue, messageId, body, reason }));
    observer.count(METRICS.deadLetters);
    observer.count(METRICS.rejected);
    return 'done';
  }

  async function giveUp({ queue, body }: Received, cause: Cause): Promise<Outcome> {
    await queueNamed(deadLetterQueueOf(queue)).send(body);
    observer.count(cause === 'never' ? METRICS.rejected : METRICS.givenUp);
    return 'done';
  }

  async function waitOn(message: Received, { seconds, alarm }: Extract<Decision, { kind: 'wait' }>): Promise<Outcome> {
    observer.count(alarm ? METRICS.halted : METRICS.retried);
    if (isSentAnew(message, clock.now())) {
      await queueNamed(message.queue).send(message.body);
      return 'done';
    }
    await queueNamed(message.queue).postpone(message.receiptHandle, seconds);
    return 'failed';
  }

  /** Gives up work whose process ended too often without a word. */
  async function bury(message: Received & { readonly name: string }, failing: WorkFailure): Promise<Outcome> {
    await ledger.fail(message.name, failing);
    await note(message, failing);
    return await giveUp(message, failing.cause);
  }

  async function attempt(delivery: Delivery, receiptHandle: string): Promise<Outcome> {
    let message: Received = { ...delivery, receiptHandle, name: undefined };
    const release = await hold(delivery.queue, receiptHandle);
    try {
      const name = nameOf(delivery.body);
      if (name !== undefined) {
        message = { ...message, name };
        const known = await ledger.begin(name);
        message = { ...message, known };
        const failing = known.failing?.givenUp ? known.failing : tooManyDeaths(known, clock.now());
        if (failing !== undefined) return await bury({ ...message, name }, failing);
      }
      await work(delivery);
      if (name !== undefined) await ledger.end(name);
      observer.count(METRICS.done);
      return 'done';
    } catch (error) {
      // Before the message is hidden for its wait, since a renewal would shorten that.
      await release();
      return await handleFailure(message, error);
    } finally {
      await release();
    }
  }

  async function handle(record: SQSRecord, remainingMs: () => number): Promise<Outcome> {
    const { messageId, body, attributes } = record;
    const delivery: Delivery = {
      ...{ messageId, body, remainingMs },
      queue: queueOf(record.eventSourceARN, queueUrlBase),
      receiveCount: Number(attributes.ApproximateReceiveCount),
      sentMs: Number(attributes.SentTimestamp),
    };
    // If handling the failure fails too, the queue delivers the message again after its visibility timeout.
    return await attempt(delivery, record.receiptHandle).catch((second: unknown) => {
      observer.log('error', 'failure-not-handled', { messageId, ...errorFacts(second) });
      return 'failed';
    });
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

/** Work that the ledger does not know has been failing for as long as its message has been in the queue. */
const sinceSent = ({ sentMs, name }: Received, cause: Cause) =>
  name === undefined ? { cause, since: new Date(sentMs).toISOString(), inRow: 0, counts: {} } : undefined;

function tooManyDeaths({ open, failing }: KnownWork, nowMs: number): WorkFailure | undefined {
  if (open < MOST_DEATHS) return undefined;
  return { ...failedAgain(failing, 'fault', nowMs), reason: DIED, givenUp: true };
}

/** A queue's name without the deployment's prefix, from its ARN. */
function queueOf(arn: string, queueUrlBase: string): string {
  const prefix = queueUrlBase.slice(queueUrlBase.lastIndexOf('/') + 1);
  const name = arn.slice(arn.lastIndexOf(':') + 1);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
