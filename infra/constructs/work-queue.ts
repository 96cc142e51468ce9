/** One hop: a queue, and the alarm on its age. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type QueueRole, queueName } from '../../pipeline/environment.ts';
import type { Config } from '../config.ts';

export interface WorkQueueProps {
  readonly role: QueueRole;
  readonly config: Config;
  /** The timeout of the function that consumes the queue. */
  readonly consumerTimeout: Duration;
  readonly deadLetters: IQueue;
  readonly alarms: ITopic;
}

/** What all queues have in common. Messages outlive the stack, and whatever takes a queue out of it. */
export const QUEUE = {
  encryption: QueueEncryption.SQS_MANAGED,
  retentionPeriod: Duration.days(14),
  removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
};

const BACKFILL_ALARM = Duration.days(11);

export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly #deadLetters: IQueue;
  readonly #concurrency: number;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    const { role, config, consumerTimeout, deadLetters, alarms } = props;
    const name = `${config.name}-${queueName(role)}`;
    this.#concurrency = role.lane === 'live' ? config.liveConcurrency : config.backfillConcurrency;
    this.#deadLetters = deadLetters;
    this.queue = new Queue(this, 'Queue', {
      ...QUEUE,
      queueName: name,
      // Longer than the function's timeout, as Lambda wants it. A message that Lambda throttles stays hidden for so long. The
      // function's first act makes it shorter (`adapters/lease/`), and it sets the waits of messages that fail itself.
      visibilityTimeout: consumerTimeout.plus(Duration.seconds(config.visibilityMarginS)),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: config.maxReceiveCount },
    });

    // Backfill waits by design, but SQS deletes what is 14 days old.
    const threshold = role.lane === 'live' ? config.oldestMessageAlarmS : BACKFILL_ALARM.toSeconds();
    new Alarm(this, 'AgeAlarm', {
      alarmDescription: `${name}: a message has waited for longer than ${threshold} s. \`hilum status\` shows why.`,
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5), statistic: 'Maximum' }),
      threshold,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(alarms));
  }

  /**
   * Lets `worker` consume the queue, within the lane's concurrency. It sends a message that it gives up to the dead-letter queue,
   * and a message anew before it is too old for SQS.
   */
  consumedBy(worker: IFunction): void {
    this.queue.grantSendMessages(worker);
    this.#deadLetters.grantSendMessages(worker);
    worker.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 1,
        reportBatchItemFailures: true,
        maxConcurrency: this.#concurrency,
      }),
    );
  }
}

/** One policy for many queues. In the policy of a queue, `*` is that queue; SQS accepts no list there. */
export const onlyOverTls = (): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['sqs:*'],
    resources: ['*'],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  });
