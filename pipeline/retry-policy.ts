/** How long work that failed waits before it is tried again. */
export interface RetryPolicy {
  /** The first wait, seconds; it doubles with every try. */
  readonly baseS: number;
  /** The longest wait, seconds. */
  readonly capS: number;
}

/** @param receiveCount how often the message was received, the time that failed included: 1 or more */
export function waitSeconds({ baseS, capS }: RetryPolicy, receiveCount: number): number {
  return Math.min(capS, baseS * 2 ** (receiveCount - 1));
}
