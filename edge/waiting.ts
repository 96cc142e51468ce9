/** How the edge waits. */
import { setTimeout as sleep } from 'node:timers/promises';

/** 1 s, doubled with each attempt before, at most `capMs`. */
export const backoffMs = (attempts: number, capMs: number): number =>
  Math.min(capMs, 1_000 * 2 ** Math.min(attempts, 20));

/** Waits until `early` resolves or `signal` is aborted, but no longer than `ms`. */
export async function pause(ms: number, signal: AbortSignal, early?: Promise<void>): Promise<void> {
  const woken = new AbortController();
  early?.then(() => woken.abort());
  await sleep(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
}
