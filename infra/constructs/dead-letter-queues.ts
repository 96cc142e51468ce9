/** The dead-letter queues: one for each step and lane. All tools share the one of inference, because a letter names its tool. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type DeadLetterRole, deadLetterQueueName, STEPS } from '../../pipeline/environment.ts';
import { LANES } from '../../pipeline/keys.ts';
import { QUEUE } from './work-queue.ts';

export interface DeadLetterQueuesProps {
  /** The deployment's name. */
  readonly deployment: string;
  readonly alarms: ITopic;
}

export class DeadLetterQueues extends Construct {
  readonly #queues = new Map<string, Queue>();

  constructor(scope: Construct, id: string, { deployment, alarms }: DeadLetterQueuesProps) {
    super(scope, id);
    for (const step of STEPS) {
      for (const lane of LANES) {
        const name = deadLetterQueueName({ step, lane });
        const queue = new Queue(this, `${step}-${lane}`, {
          ...QUEUE,
          queueName: `${deployment}-${name}`,
          visibilityTimeout: Duration.minutes(5),
        });
        this.#queues.set(name, queue);
        new Alarm(this, `${step}-${lane}-alarm`, {
          alarmDescription: `${deployment}-${name}: dead letters are not being consumed. See the log of the dead-letter function.`,
          metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' }),
          threshold: 1,
          comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          evaluationPeriods: 3,
          treatMissingData: TreatMissingData.NOT_BREACHING,
        }).addAlarmAction(new SnsAction(alarms));
      }
    }
  }

  of(role: DeadLetterRole): Queue {
    const queue = this.#queues.get(deadLetterQueueName(role));
    if (queue === undefined) throw new Error(`There is no dead-letter queue of ${role.step}`);
    return queue;
  }

  get all(): readonly Queue[] {
    return [...this.#queues.values()];
  }

  /** The consumer sends a letter anew before it is too old for SQS. */
  consumedBy(consumer: IFunction): void {
    for (const queue of this.all) {
      queue.grantSendMessages(consumer);
      consumer.addEventSource(
        new SqsEventSource(queue, { batchSize: 1, reportBatchItemFailures: true, maxConcurrency: 2 }),
      );
    }
  }
}
