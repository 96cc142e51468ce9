/** Queues, on SQS. */
import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Queue } from '#pipeline/ports.ts';
import { sqs, translated } from './clients.ts';

const QUEUE = 'a queue (HILUM_QUEUES)';

/** @throws ConfigurationError, ServiceUnavailableError (from `send`) */
export function createSqsQueue({ url, client = sqs() }: { readonly url: string; readonly client?: SQSClient }): Queue {
  return {
    async send(body) {
      try {
        await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
      } catch (error) {
        throw translated(error, QUEUE);
      }
    },
  };
}

/** A message as its consumer holds it. */
interface HeldMessage {
  readonly queueUrl: string;
  readonly receiptHandle: string;
}

/** Hides a message that failed for a while, at most 43,200 s after it was received, before it is tried again. */
export type PostponeMessage = (message: HeldMessage, seconds: number) => Promise<void>;

/** @throws ConfigurationError, ServiceUnavailableError (from the function it makes) */
export function createPostpone(client: SQSClient = sqs()): PostponeMessage {
  return async ({ queueUrl, receiptHandle }, seconds) => {
    try {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    } catch (error) {
      throw translated(error, QUEUE);
    }
  };
}
