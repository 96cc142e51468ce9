/** The queue on SQS. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { MeasuredQueue, Queue, ReceivedMessage } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { LONG_SILENCE_MS, limits, once, translated, within } from './clients.ts';

const sqs = once(() => new SQSClient(limits(LONG_SILENCE_MS)));

const failed = (error: unknown): Error => translated(error, 'a queue (HILUM_QUEUES)');

/** @throws ConfigurationError, ServiceUnavailableError (from its methods) */
export function createSqsQueue({
  url,
  client = sqs(),
}: {
  readonly url: string;
  readonly client?: SQSClient;
}): Queue & MeasuredQueue {
  const QueueUrl = url;
  return {
    async send(body, { delayS, ...options } = {}) {
      const command = new SendMessageCommand({
        ...{ QueueUrl, MessageBody: body },
        ...(delayS !== undefined && { DelaySeconds: delayS }),
      });
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
    async depth(options = {}) {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] });
      const { Attributes = {} } = await limited(options, (signal) => client.send(command, within(signal)), failed);
      return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    },
  };
}

/** Visible, hidden and delayed messages. */
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

const received = ({ MessageId, Body, ReceiptHandle, Attributes }: Message): ReceivedMessage => ({
  messageId: MessageId ?? '',
  body: Body ?? '',
  receiptHandle: ReceiptHandle ?? '',
  receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
});
