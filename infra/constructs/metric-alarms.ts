/** The alarms on what the functions count. */
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface MetricAlarmsProps {
  /** The deployment's name, which is the dimension of the metrics. */
  readonly deployment: string;
  readonly alarms: ITopic;
}

/** Alarm descriptions by metric (`adapters/aws/observe.ts`). Each needs a person. A count raises its alarm in each period anew. */
const ALARMS = {
  Halted:
    'Processing cannot continue until a person acts. Possible causes: wrong credentials, a missing permission, a model file with a wrong digest. `hilum status` shows the runs that wait, and the logs name the function.',
  Quarantined: 'The output gate refused a result. The object and the reason are under quarantine/ in the bucket.',
  DeadLetters:
    'A message could not be processed, and is under dead-letters/ in the bucket. `hilum status` shows the run, and `hilum redrive` gives it back to work.',
  Stuck:
    'A run was sent again several times, and none of its steps took its message. `hilum status` shows the run; look for a function that is disabled.',
} as const;

/** One alarm for each metric, for all functions together. */
export class MetricAlarms extends Construct {
  constructor(scope: Construct, id: string, { deployment, alarms }: MetricAlarmsProps) {
    super(scope, id);
    for (const [metricName, meaning] of Object.entries(ALARMS)) {
      new Alarm(this, metricName, {
        alarmDescription: `${deployment}: ${meaning}`,
        metric: new Metric({
          namespace: 'Hilum',
          metricName,
          dimensionsMap: { Deployment: deployment },
          statistic: 'Sum',
        }),
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(new SnsAction(alarms));
    }
  }
}
