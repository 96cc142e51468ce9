/** How a call to the outside is given up: by its caller's signal, or at its deadline. */
import type { CallOptions } from '#pipeline/ports.ts';

/** The longest that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;
/** What `AbortSignal.timeout` gives as its reason. */
const TIMED_OUT = new DOMException('The deadline has passed', 'TimeoutError');

/** One signal for both; undefined where the call has neither. Its timer does not keep a process alive. */
export function abortSignalOf({ signal, deadlineMs }: CallOptions): AbortSignal | undefined {
  if (deadlineMs === undefined) return signal;
  const leftMs = deadlineMs - Date.now();
  // A timer of 0 ms would let the call begin first.
  const atDeadline = leftMs > 0 ? AbortSignal.timeout(Math.min(LONGEST_MS, leftMs)) : AbortSignal.abort(TIMED_OUT);
  return signal === undefined ? atDeadline : AbortSignal.any([signal, atDeadline]);
}

/**
 * Does `work` until it ends or the call is given up, whichever comes first, also where `work` does not heed its signal (the
 * AWS SDK waits between two tries without looking at it).
 *
 * @throws the signal's reason where the caller gave the call up
 * @throws what `translate` makes of every other error, a `TimeoutError` at the deadline included
 */
export async function limited<T>(
  options: CallOptions,
  work: (signal: AbortSignal | undefined) => Promise<T>,
  translate: (error: unknown) => Error,
): Promise<T> {
  const signal = abortSignalOf(options);
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', end);
  try {
    signal?.throwIfAborted();
    return await (signal === undefined ? work(signal) : Promise.race([work(signal), ended]));
  } catch (error) {
    // At its deadline nobody gave the call up.
    throw options.signal?.aborted === true ? options.signal.reason : translate(error);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
