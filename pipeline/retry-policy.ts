/** Decides by cause and age whether failed work is tried again, and when. The queue's own count decides nothing. */
import type { Budget, Cause } from './ends.ts';

/** How long a failed message waits before its next attempt. */
export interface RetryPolicy {
  /** The first wait, seconds. It doubles with every attempt. */
  readonly baseS: number;
  /** The longest wait, seconds. */
  readonly capS: number;
}

/** What is known of work that fails. */
export interface Failing {
  /** The cause of the latest failure. */
  readonly cause: Cause;
  /** When the failures for this cause began, without another in between (ISO 8601, UTC). */
  readonly since: string;
  /** How many failures there were since then. */
  readonly inRow: number;
  /** All failures by cause. */
  readonly counts: Readonly<Partial<Record<Cause, number>>>;
}

/** Work that ended its process this often without a word is given up. */
export const MOST_DEATHS = 3;
/**
 * A time is over only after so many attempts: a message that was throttled for a day between two attempts has not been tried
 * for a day.
 */
const LEAST_TRIES = 8;

export type Decision =
  | { readonly kind: 'wait'; readonly seconds: number; readonly alarm: boolean }
  | { readonly kind: 'give-up' };

/** What is known after one more failure. */
export function failedAgain(earlier: Failing | undefined, cause: Cause, nowMs: number): Failing {
  const counts = { ...earlier?.counts, [cause]: (earlier?.counts[cause] ?? 0) + 1 };
  if (earlier?.cause !== cause) return { cause, since: new Date(nowMs).toISOString(), inRow: 1, counts };
  return { cause, since: earlier.since, inRow: earlier.inRow + 1, counts };
}

export function decide(budget: Budget, failing: Failing, nowMs: number, retry: RetryPolicy): Decision {
  const { cause, since, inRow, counts } = failing;
  const ageS = (nowMs - Date.parse(since)) / 1000;
  if (budget.kind === 'tries' && (counts[cause] ?? 0) >= budget.tries) return { kind: 'give-up' };
  if (budget.kind === 'time' && ageS >= budget.seconds && inRow >= LEAST_TRIES) return { kind: 'give-up' };
  const alarm = budget.kind === 'waits' && ageS >= budget.alarmAfterS;
  return { kind: 'wait', seconds: waitSeconds(retry, inRow), alarm };
}

/** @param attempt the attempt that failed, counted from 1 */
export function waitSeconds({ baseS, capS }: RetryPolicy, attempt: number): number {
  return Math.min(capS, baseS * 2 ** (attempt - 1));
}

/** SQS keeps a message for 14 days from when it was sent. An older one is sent anew, with its next attempt. */
const OLDEST_MS = 10 * 24 * 3600 * 1000;
/** Below the number of receipts after which a queue moves a message to its dead-letter queue. */
const MOST_RECEIPTS = 900;

export const isSentAnew = (
  message: { readonly sentMs: number; readonly receiveCount: number },
  nowMs: number,
): boolean => nowMs - message.sentMs > OLDEST_MS || message.receiveCount >= MOST_RECEIPTS;
