/** One Lambda of the pipeline, from its bundle folder: as a zip archive or as a container image. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Architecture,
  Code,
  DockerImageCode,
  DockerImageFunction,
  Runtime,
  Function as ZipFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface StepFunctionProps {
  readonly folder: string;
  readonly packaging: 'image' | 'zip';
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  readonly alarms: ITopic;
}

/** Counted by the functions themselves (`adapters/aws/observe.ts`); each calls for a person. */
const ALARMS = {
  Halted: 'cannot go on until a person acts: wrong credentials, missing permission, a model that is not the one named',
  Quarantined: 'made an object that breaks DICOM; it lies under quarantine/ with the reason',
  DeadLetters: 'found messages that could not be worked off; `hilum status` says why, `hilum redrive` sends them again',
} as const;
export type StepAlarm = keyof typeof ALARMS;

export class StepFunction extends Construct {
  readonly function: ZipFunction;

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    const { folder, packaging, description, memoryMb, timeout, environment, alarms } = props;
    const shared = {
      description,
      memorySize: memoryMb,
      timeout,
      environment,
      architecture: Architecture.X86_64,
      logGroup: new LogGroup(this, 'Log', { retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.DESTROY }),
    };
    this.function =
      packaging === 'zip'
        ? new ZipFunction(this, 'Function', {
            ...shared,
            runtime: Runtime.NODEJS_24_X,
            handler: 'index.handler',
            code: Code.fromAsset(folder),
          })
        : new DockerImageFunction(this, 'Function', {
            ...shared,
            code: DockerImageCode.fromImageAsset(folder, { platform: Platform.LINUX_AMD64 }),
          });

    for (const [metricName, meaning] of Object.entries(ALARMS)) {
      new Alarm(this, `${metricName}Alarm`, {
        alarmDescription: `${description}: it ${meaning}.`,
        metric: new Metric({
          namespace: 'Hilum',
          metricName,
          dimensionsMap: { FunctionName: this.function.functionName },
          period: Duration.minutes(5),
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
