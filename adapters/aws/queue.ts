/** The queue on SQS. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Queue, ReceivedMessage } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { LONG_SILENCE_MS, limits, once, translated, within } from './clients.ts';

const sqs = once(() => new SQSClient(limits(LONG_SILENCE_MS)));

const failed = (error: unknown): Error => translated(error, 'a queue (HILUM_QUEUES)');

/** @throws ConfigurationError, ServiceUnavailableError (from its methods) */
export function createSqsQueue({ url, client = sqs() }: { readonly url: string; readonly client?: SQSClient }): Queue {
  const QueueUrl = url;
  return {
    async send(body, options = {}) {
      const command = new SendMessageCommand({ QueueUrl, MessageBody: body });
      await limited(options, (signal) => client.send(command, within(signal)), failed);
    },
    async receive({ limit = 1, waitS = 0, hiddenS, ...options } = {}) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: limit,
        WaitTimeSeconds: waitS,
        ...(hiddenS !== undefined && { VisibilityTimeout: hiddenS }),
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const { Messages = [] } = await limited(options, (signal) => client.send(command, within(signal)), failed);
      return Messages.map(received);
    },
    async delete(ReceiptHandle, options = {}) {
      const command = new DeleteMessageCommand({ QueueUrl, ReceiptHandle });
      await limited(options, (signal) => client.send(command, within(signal)), failed);
    },
    async postpone(ReceiptHandle, seconds, options = {}) {
      const command = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: seconds });
      await limited(options, (signal) => client.send(command, within(signal)), failed);
    },
  };
}

const received = ({ MessageId, Body, ReceiptHandle, Attributes }: Message): ReceivedMessage => ({
  messageId: MessageId ?? '',
  body: Body ?? '',
  receiptHandle: ReceiptHandle ?? '',
  receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
});
