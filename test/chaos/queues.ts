/** SQS in simulated time: visibility, receipts, and dead-letter queues at the end of them. */
import type { Clock } from '#core/ports.ts';
import { DEAD_LETTER_SUFFIX } from '#pipeline/environment.ts';
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
  /** When the next message becomes visible; infinity if there is none. */
  readonly nextMs: () => number;
}

/** The default of `infra/config.ts`. */
const MOST_RECEIPTS = 1000;

/** @param check is called before each request, and throws while the service is away */
export function createQueues(clock: Clock, check: () => void): SimulatedQueues {
  const queues = new Map<string, Map<string, SimulatedMessage>>();
  let last = 0;
  const messagesOf = (name: string) => {
    const found = queues.get(name) ?? new Map<string, SimulatedMessage>();
    queues.set(name, found);
    return found;
  };
  function put(name: string, body: string): void {
    last += 1;
    const id = `m-${last}`;
    const nowMs = clock.now();
    messagesOf(name).set(id, { id, body, sentMs: nowMs, receiveCount: 0, visibleAtMs: nowMs });
  }
  const all = () => [...queues.values()].flatMap((messages) => [...messages.values()]);
  return {
    named: (name) => ({
      async send(body) {
        check();
        put(name, body);
      },
      async postpone(id, seconds) {
        check();
        const message = messagesOf(name).get(id);
        if (message !== undefined) message.visibleAtMs = clock.now() + seconds * 1000;
      },
      async depth() {
        check();
        return messagesOf(name).size;
      },
    }),
    names: () => [...queues.keys()],
    receive(name, hiddenS) {
      for (const message of messagesOf(name).values()) {
        if (message.visibleAtMs > clock.now()) continue;
        message.receiveCount += 1;
        if (message.receiveCount > MOST_RECEIPTS && !name.endsWith(DEAD_LETTER_SUFFIX)) {
          messagesOf(name).delete(message.id);
          put(`${name}${DEAD_LETTER_SUFFIX}`, message.body);
          continue;
        }
        message.visibleAtMs = clock.now() + hiddenS * 1000;
        return message;
      }
      return undefined;
    },
    remove: (name, id) => void messagesOf(name).delete(id),
    purge: () => queues.clear(),
    left: () => all().length,
    nextMs: () => all().reduce((soonest, { visibleAtMs }) => Math.min(soonest, visibleAtMs), Number.POSITIVE_INFINITY),
  };
}
