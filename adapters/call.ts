/** Aborts calls to the outside at the caller's signal or at their deadline. */
import type { CallOptions } from '#pipeline/ports.ts';

/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1;
/** The same reason as that of `AbortSignal.timeout`. */
const TIMED_OUT = new DOMException('The deadline has passed', 'TimeoutError');

/** The limit of a call that names no deadline: enough for four attempts of the SDK on a server that is silent. */
const LONGEST_CALL_MS = 150_000;
/** The slowest connection that still counts as one, for calls that carry much. */
const LEAST_BYTES_PER_SECOND = 50_000;

/** One signal for both; undefined if the call has neither. Its timer does not keep the process alive. */
export function abortSignalOf({ signal, deadlineMs }: CallOptions): AbortSignal | undefined {
  if (deadlineMs === undefined) return signal;
  const leftMs = deadlineMs - Date.now();
  // A timer of 0 ms would let the call start first.
  const atDeadline =
    leftMs > 0 ? AbortSignal.timeout(Math.min(LONGEST_MS, Math.ceil(leftMs))) : AbortSignal.abort(TIMED_OUT);
  return signal === undefined ? atDeadline : AbortSignal.any([signal, atDeadline]);
}

/**
 * Runs `work` until it ends or the call is aborted, whichever comes first. The call ends even if `work` ignores its signal:
 * the AWS SDK does not look at it while it waits between two attempts. A call without a deadline gets one, because the sources
 * of credentials (a program, a sign-in service) have none of their own.
 *
 * @param bytes the most that the call may carry
 * @throws the signal's reason if the caller aborted the call
 * @throws the translation of any other error, including the `TimeoutError` at the deadline
 */
export async function limited<T>(
  options: CallOptions,
  work: (signal: AbortSignal | undefined) => Promise<T>,
  translate: (error: unknown) => Error,
  bytes = 0,
): Promise<T> {
  const longestMs = LONGEST_CALL_MS + (bytes / LEAST_BYTES_PER_SECOND) * 1_000;
  const signal = abortSignalOf({ ...options, deadlineMs: options.deadlineMs ?? Date.now() + longestMs });
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
