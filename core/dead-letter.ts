/** `dead-letters/<queue>/<messageId>.json`: a message that could not be worked off, kept so that it can be sent again. */
import { z } from 'zod';
import { MessageError } from './errors.ts';

const DeadLetterSchema = z.object({
  format: z.literal('hilum.dead-letter/1'),
  /** The queue it was for, without the deployment's prefix. */
  queue: z.string(),
  messageId: z.string(),
  reason: z.object({ code: z.string(), message: z.string() }),
  body: z.string(),
});
export type DeadLetter = Readonly<z.infer<typeof DeadLetterSchema>>;

export function encodeDeadLetter({ queue, messageId, reason, body }: Omit<DeadLetter, 'format'>): Uint8Array {
  const letter: DeadLetter = { format: 'hilum.dead-letter/1', queue, messageId, reason, body };
  return new TextEncoder().encode(JSON.stringify(letter));
}

/** @throws MessageError where `bytes` is no dead letter */
export function parseDeadLetter(bytes: Uint8Array): DeadLetter {
  try {
    return DeadLetterSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new MessageError('The object is not a hilum.dead-letter/1', { cause });
  }
}
