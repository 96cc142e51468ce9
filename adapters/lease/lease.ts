/**
 * Leases on messages. A queue hides a received message for as long as its function may run, because Lambda wants that. If the
 * function is killed, the message would stay hidden for the rest of that time. So it is hidden for a short time only, which a
 * thread of its own prolongs while the work goes on: a tool may block the event loop for minutes.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createSqsQueue } from '../aws/queue.ts';
import type { RenewerRequest } from './protocol.ts';

/** Begins a lease on a message, and returns what ends it. Neither throws. */
export type Hold = (queue: string, receiptHandle: string) => Promise<() => Promise<void>>;

/** The thread's program. In a bundle it is a separate file beside this code (`infra/bundle.ts`), with the same extension. */
const RENEWER = new URL(`./renewer${extname(import.meta.url)}`, import.meta.url);

/** Renewed at a third of its time, a lease survives two renewals that fail. */
const RENEWALS = 3;

export interface LeaseOptions {
  /** The URL of a queue by its name without the deployment's prefix. */
  readonly urlOf: (queue: string) => string;
  /** How long a message stays hidden after its function was killed, seconds. */
  readonly leaseS: number;
}

export function createLeases({ urlOf, leaseS }: LeaseOptions): Hold {
  let renewer: ReturnType<typeof startRenewer> | undefined;
  let last = 0;
  return async (queue, receiptHandle) => {
    const url = urlOf(queue);
    // If the queue does not answer, its own, longer time holds until the first renewal.
    await createSqsQueue({ url })
      .postpone(receiptHandle, leaseS)
      .catch(() => undefined);
    if (renewer?.alive !== true) renewer = startRenewer();
    const { send, answered } = renewer;
    last += 1;
    const id = last;
    send({ kind: 'hold', id, url, receiptHandle, leaseS, everyMs: (leaseS * 1000) / RENEWALS });
    return async () => {
      const released = answered(id);
      send({ kind: 'release', id });
      await released;
    };
  };
}

function startRenewer() {
  const worker = new Worker(RENEWER, { execArgv: [] });
  const waiting = new Map<number, () => void>();
  let alive = true;
  const settle = (id: number): void => {
    waiting.get(id)?.();
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
  };
  const died = (): void => {
    alive = false;
    for (const id of waiting.keys()) settle(id);
  };
  worker.on('message', settle);
  worker.on('error', died);
  worker.on('exit', died);
  // The thread keeps its process alive only while an answer is awaited. Listening to it would do so, too.
  worker.unref();
  return {
    get alive() {
      return alive;
    },
    send: (request: RenewerRequest): void => worker.postMessage(request),
    /** Ends when the thread will not renew the lease again, so that a renewal cannot overtake a longer wait. */
    answered: (id: number): Promise<void> =>
      new Promise((resolve) => {
        if (!alive) return resolve();
        waiting.set(id, resolve);
        worker.ref();
      }),
  };
}
