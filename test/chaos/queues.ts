/** SQS in simulated time: visibility, receipts, and dead-letter queues at the end of them. Like SQS, it may repeat and reorder. */
import type { Clock } from '#core/ports.ts';
import type { Random } from '#phantoms/random.ts';
import { deadLetterQueueOf, parseQueueName } from '#pipeline/environment.ts';
import type { MeasuredQueue, Queue } from '#pipeline/ports.ts';

export interface SimulatedMessage {
  readonly id: string;
  readonly body: string;
  readonly sentMs: number;
  receiveCount: number;
  visibleAtMs: number;
}

export interface SimulatedQueues {
  named(name: string): Pick<Queue, 'send' | 'postpone'> & MeasuredQueue;
  readonly names: () => readonly string[];
  /** Receives the oldest visible message. One that was received too often goes to the dead-letter queue instead. */
  receive(name: string, hiddenS: number): SimulatedMessage | undefined;
  remove(name: string, id: string): void;
  /** Removes every message of every queue. */
  purge(): void;
  readonly left: () => number;
  /** Messages that were deleted because of their age. */
  readonly expired: () => number;
  /** When the next message becomes visible; infinity if there is none. */
  readonly nextMs: () => number;
}

/** The default of `infra/config.ts`. */
const MOST_RECEIPTS = 1000;

/** SQS deletes a message so long after it was sent, whether or not anybody worked on it (the default of `infra`), ms. */
const RETENTION_MS = 14 * 86_400_000;
/** The latest that a message of a disordered queue becomes visible, ms. */
const LATEST_MS = 20_000;

/** @param disorder with it, messages come twice, late and in any order, and some come again although they were deleted */
export function createQueues(clock: Clock, disorder?: Random): SimulatedQueues {
  const queues = new Map<string, Map<string, SimulatedMessage>>();
  let [last, expired] = [0, 0];
  const messagesOf = (name: string) => {
    const found = queues.get(name) ?? new Map<string, SimulatedMessage>();
    queues.set(name, found);
    return found;
  };
  function put(name: string, body: string): void {
    for (let copies = disorder?.chance(0.25) ? 2 : 1; copies > 0; copies--) {
      last += 1;
      const id = `m-${last}`;
      const nowMs = clock.now();
      const visibleAtMs = nowMs + (disorder?.int(0, LATEST_MS) ?? 0);
      messagesOf(name).set(id, { id, body, sentMs: nowMs, receiveCount: 0, visibleAtMs });
    }
  }
  /** In the order in which they are handed out. */
  function visible(name: string): readonly SimulatedMessage[] {
    for (const { id, sentMs } of messagesOf(name).values())
      if (clock.now() - sentMs > RETENTION_MS && messagesOf(name).delete(id)) expired += 1;
    const found = [...messagesOf(name).values()].filter(({ visibleAtMs }) => visibleAtMs <= clock.now());
    const [first, ...others] = found;
    if (disorder === undefined || first === undefined) return found;
    const picked = disorder.pick([first, ...others]);
    return [picked, ...found.filter((one) => one !== picked)];
  }
  const all = () => [...queues.values()].flatMap((messages) => [...messages.values()]);
  return {
    named: (name) => ({
      async send(body) {
        put(name, body);
      },
      async postpone(id, seconds) {
        const message = messagesOf(name).get(id);
        if (message !== undefined) message.visibleAtMs = clock.now() + seconds * 1000;
      },
      async depth() {
        return messagesOf(name).size;
      },
    }),
    names: () => [...queues.keys()],
    receive(name, hiddenS) {
      for (const message of visible(name)) {
        message.receiveCount += 1;
        if (message.receiveCount > MOST_RECEIPTS && parseQueueName(name) !== undefined) {
          messagesOf(name).delete(message.id);
          put(deadLetterQueueOf(name), message.body);
          continue;
        }
        message.visibleAtMs = clock.now() + hiddenS * 1000;
        return message;
      }
      return undefined;
    },
    remove(name, id) {
      const message = messagesOf(name).get(id);
      if (message !== undefined && disorder?.chance(0.1)) message.visibleAtMs = clock.now() + LATEST_MS;
      else messagesOf(name).delete(id);
    },
    purge: () => queues.clear(),
    left: () => all().length,
    expired: () => expired,
    nextMs: () => all().reduce((soonest, { visibleAtMs }) => Math.min(soonest, visibleAtMs), Number.POSITIVE_INFINITY),
  };
}
