/** Aborts calls to the outside at the caller's signal or at their deadline. */
import type { CallOptions } from '#pipeline/ports.ts';

/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1;
/** The same reason as that of `AbortSignal.timeout`. */
const TIMED_OUT = new DOMException('The deadline has passed', 'TimeoutError');

/** One signal for both; undefined if the call has neither. Its timer does not keep the process alive. */
export function abortSignalOf({ signal, deadlineMs }: CallOptions): AbortSignal | undefined {
  if (deadlineMs === undefined) return signal;
  const leftMs = deadlineMs - Date.now();
  // A timer of 0 ms would let the call start first.
  const atDeadline = leftMs > 0 ? AbortSignal.timeout(Math.min(LONGEST_MS, leftMs)) : AbortSignal.abort(TIMED_OUT);
  return signal === undefined ? atDeadline : AbortSignal.any([signal, atDeadline]);
}

/**
 * Runs `work` until it ends or the call is aborted, whichever comes first. The call ends even if `work` ignores its signal:
 * the AWS SDK does not look at it while it waits between two attempts.
 *
 * @throws the signal's reason if the caller aborted the call
 * @throws the translation of any other error, including the `TimeoutError` at the deadline
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
    // At the deadline the caller did not abort, so the error is translated.
    throw options.signal?.aborted === true ? options.signal.reason : translate(error);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
