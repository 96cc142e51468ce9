/** `dead-letters/<queue>/<messageId>.json`: a message that could not be processed, kept so that it can be sent again. */
import type { Reason } from '#core/errors.ts';

export interface DeadLetter {
  /** The name of the message's queue, without the deployment's prefix. */
  readonly queue: string;
  readonly messageId: string;
  readonly reason: Reason;
  readonly body: string;
}

export function encodeDeadLetter({ queue, messageId, reason, body }: DeadLetter): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: 'hilum.dead-letter/1', queue, messageId, reason, body }));
}
