/** How long a failed message waits before its next attempt. */
export interface RetryPolicy {
  /** The first wait, seconds. It doubles with every attempt. */
  readonly baseS: number;
  /** The longest wait, seconds. */
  readonly capS: number;
}

/** @param receiveCount how often the message was received, including the attempt that failed: 1 or more */
export function waitSeconds({ baseS, capS }: RetryPolicy, receiveCount: number): number {
  return Math.min(capS, baseS * 2 ** (receiveCount - 1));
}
