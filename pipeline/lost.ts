/** Decides whether the message of work that waits is lost, and makes it again from the run's row. */
import { deadLetterQueueName, type QueueRole, queueName } from './environment.ts';
import { type Answer, manifestKey } from './keys.ts';
import { type RunMessage, s3EventOf } from './messages.ts';
import type { RunRecord } from './ports.ts';
import type { RunState } from './run-state.ts';

const MINUTE_S = 60;
const DAY_S = 24 * 3600;

/** Work that has not moved for this long when its queues are seen empty is lost. SQS counts with a delay of a minute. */
export const LOST_AFTER_S = 15 * MINUTE_S;
/**
 * While a queue was never seen empty, nobody can tell whether work's own message is in it. It is sent again after so long without
 * a sign. Backfill waits by design, but must not outlive the 14 days for which SQS keeps a message.
 */
export const SILENT_AFTER_S = { live: DAY_S, backfill: 10 * DAY_S } as const;
/** SQS keeps messages for this long. A manifest that is older was not forgotten by accident. */
export const RETENTION_S = 14 * DAY_S;
/** A run whose message was sent again this often, and that never gave a sign, needs a person. */
export const MOST_RESENDS = 3;

/** The states of runs that a message must carry on. */
export const OPEN_STATES = ['received', 'routed', 'inferred', 'converted'] as const satisfies readonly RunState[];
export type OpenState = (typeof OPEN_STATES)[number];
export const isOpen = (state: RunState): state is OpenState => OPEN_STATES.some((open) => open === state);

/** The steps of a run, in order. */
export const RUN_STEPS = ['infer', 'convert', 'return'] as const;
export type RunStep = (typeof RUN_STEPS)[number];
/** The step that carries on a run in this state. */
export const STEP_OF = { received: 'intake', routed: 'infer', inferred: 'convert', converted: 'return' } as const;

export function roleOf(step: RunStep | 'intake', { tool, lane }: Pick<RunRecord, 'tool' | 'lane'>): QueueRole {
  return step === 'infer' ? { step, tool, lane } : { step, lane };
}

/** The names of a step's queue and of its dead-letter queue. */
export function queuesOf(role: QueueRole): readonly string[] {
  return [queueName(role), deadLetterQueueName(role)];
}

/** A run's message; undefined if its row was written before rows held the input digest. */
export function messageOf(run: RunRecord, answer: Answer = 'result'): RunMessage | undefined {
  const { runId, StudyInstanceUID, revision, inputDigest, tool, version, lane, identity, sequence, set } = run;
  if (inputDigest === undefined) return undefined;
  return {
    format: 'hilum.run/1',
    ...{ runId, StudyInstanceUID, revision, inputDigest, tool, version, lane },
    manifestKey: manifestKey(lane, StudyInstanceUID, revision),
    ...(identity !== undefined && { identity }),
    ...(sequence !== undefined && { sequence }),
    ...(set !== undefined && answer === 'result' && { set }),
    answer,
  };
}

/** The message that carries a run on, and its queue. A run whose own message cannot be made again is routed again. */
export function carryingOn(run: RunRecord, state: OpenState): { readonly queue: string; readonly body: string } {
  const { lane, StudyInstanceUID, revision } = run;
  const step = STEP_OF[state];
  const message = step === 'intake' ? undefined : messageOf(run);
  return message === undefined
    ? { queue: queueName({ step: 'intake', lane }), body: s3EventOf(manifestKey(lane, StudyInstanceUID, revision)) }
    : { queue: queueName(roleOf(step, run)), body: JSON.stringify(message) };
}

/** What is known of work that waits. Times are milliseconds since the epoch. */
export interface Waiting {
  readonly lane: RunRecord['lane'];
  /** When it last moved, or was sent again. */
  readonly quietSinceMs: number;
  /** The same, or its latest attempt. */
  readonly silentSinceMs: number;
  /** When all queues that could hold its message were last seen empty. */
  readonly emptyAtMs: number | undefined;
  /** How often it was sent again since its last sign. The patience doubles with each, up to a day. */
  readonly resends: number;
}

/**
 * Whether the message of work is lost. It is if its queues were seen empty after the work had been quiet for some time, whatever
 * they hold now, and it may be if the work was silent for days.
 */
export function isLost(waiting: Waiting, nowMs: number): boolean {
  const { lane, silentSinceMs } = waiting;
  return wasMissed(waiting) || (nowMs - silentSinceMs) / 1000 >= SILENT_AFTER_S[lane];
}

export function wasMissed({ quietSinceMs, emptyAtMs = 0, resends }: Omit<Waiting, 'lane' | 'silentSinceMs'>): boolean {
  return (emptyAtMs - quietSinceMs) / 1000 >= Math.min(DAY_S, LOST_AFTER_S * 2 ** resends);
}

/** When a run last moved, or was sent again. */
export const quietSinceMs = ({ changed, resent }: Pick<RunRecord, 'changed' | 'resent'>): number =>
  Math.max(...[changed, resent?.at].map(timeMs));

/** The time in milliseconds; without one, it was never. */
export const timeMs = (time: string | undefined): number => (time === undefined ? 0 : Date.parse(time));
