/** One hop: a queue, its dead-letter queue, and the alarms on both. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DEAD_LETTER_SUFFIX, type QueueRole, queueName } from '../../pipeline/environment.ts';
import type { Config } from '../config.ts';

export interface WorkQueueProps {
  readonly role: QueueRole;
  readonly config: Config;
  /** The timeout of the function that consumes the queue. */
  readonly consumerTimeout: Duration;
  readonly alarms: ITopic;
}

const BACKFILL_ALARM = Duration.days(11);

export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly #concurrency: number;

  constructor(scope: Construct, id: string, { role, config, consumerTimeout, alarms }: WorkQueueProps) {
    super(scope, id);
    const name = `${config.name}-${queueName(role)}`;
    this.#concurrency = role.lane === 'live' ? config.liveConcurrency : config.backfillConcurrency;
    const shared = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) };
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...shared,
      queueName: `${name}${DEAD_LETTER_SUFFIX}`,
      visibilityTimeout: Duration.minutes(5),
    });
    this.queue = new Queue(this, 'Queue', {
      ...shared,
      queueName: name,
      // Longer than the function's timeout, as Lambda wants it. A message that Lambda throttles stays hidden for so long. The
      // function's first act makes it shorter (`adapters/lease/`), and it sets the waits of messages that fail itself.
      visibilityTimeout: consumerTimeout.plus(Duration.seconds(config.visibilityMarginS)),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: config.maxReceiveCount },
    });

    const metric = { period: Duration.minutes(5), statistic: 'Maximum' };
    const shown = { treatMissingData: TreatMissingData.NOT_BREACHING, evaluationPeriods: 3 };
    const depth = new Alarm(this, 'DeadLettersAlarm', {
      ...shown,
      alarmDescription: `${name}: dead letters are not being consumed. See the log of the dead-letter function.`,
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible(metric),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    });
    depth.addAlarmAction(new SnsAction(alarms));
    // Backfill waits by design, but SQS deletes what is 14 days old.
    const threshold = role.lane === 'live' ? config.oldestMessageAlarmS : BACKFILL_ALARM.toSeconds();
    const age = new Alarm(this, 'AgeAlarm', {
      ...shown,
      alarmDescription: `${name}: a message has waited for longer than ${threshold} s. \`hilum status\` shows why.`,
      metric: this.queue.metricApproximateAgeOfOldestMessage(metric),
      threshold,
    });
    age.addAlarmAction(new SnsAction(alarms));
  }

  /**
   * Lets `worker` consume the queue, within the lane's concurrency, and `deadLetterConsumer` its dead-letter queue. The worker
   * sends a message that it gives up to the dead-letter queue, and both send a message anew before it is too old for SQS.
   */
  consumedBy(worker: IFunction, deadLetterConsumer: IFunction): void {
    for (const queue of [this.queue, this.deadLetters]) {
      queue.grantSendMessages(worker);
      queue.grantSendMessages(deadLetterConsumer);
    }
    worker.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 1,
        reportBatchItemFailures: true,
        maxConcurrency: this.#concurrency,
      }),
    );
    deadLetterConsumer.addEventSource(
      new SqsEventSource(this.deadLetters, { batchSize: 1, reportBatchItemFailures: true, maxConcurrency: 2 }),
    );
  }
}
