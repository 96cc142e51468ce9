/** One Lambda of the pipeline: its bundle as a zip archive or a container image, what it may touch, and its alarms. */
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Architecture,
  Code,
  DockerImageCode,
  DockerImageFunction,
  type IFunction,
  Runtime,
  Function as ZipFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { TELEMETRY_OFF } from '../../pipeline/environment.ts';
import type { BundleContents, Bundler } from '../bundle.ts';

/** What all steps share. */
export interface Surroundings {
  readonly bundle: Bundler;
  readonly bucket: IBucket;
  readonly table: ITable;
  readonly environment: Readonly<Record<string, string>>;
  readonly alarms: ITopic;
}

export interface StepFunctionProps {
  readonly surroundings: Surroundings;
  /** Its folder in `functions/`, and what goes into its bundle besides its code. */
  readonly name: string;
  readonly contents?: BundleContents;
  readonly packaging: 'image' | 'zip';
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  /** Variables of its own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Patterns of object keys. Whoever writes may read what it wrote. */
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
}

/** Counted by the functions themselves (`adapters/aws/observe.ts`); each calls for a person. */
const ALARMS = {
  Halted: 'cannot go on until a person acts: wrong credentials, missing permission, a model that is not the one named',
  Quarantined: 'made an object that breaks DICOM; it lies under quarantine/ with the reason',
  DeadLetters: 'found messages that could not be worked off; run `hilum status`, and see dead-letters/ in the bucket',
} as const;

export class StepFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    const { surroundings, name, contents, packaging, description, memoryMb, timeout, reads = [], writes = [] } = props;
    const { bundle, bucket, table, alarms } = surroundings;
    const folder = bundle(name, contents);
    const shared = {
      description,
      memorySize: memoryMb,
      timeout,
      environment: { ...surroundings.environment, ...props.environment, ...TELEMETRY_OFF },
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

    for (const pattern of reads) bucket.grantRead(this.function, pattern);
    for (const pattern of writes) bucket.grantReadWrite(this.function, pattern);
    // Every step keeps messages that it cannot read.
    bucket.grantPut(this.function, 'dead-letters/*');
    table.grantReadWriteData(this.function);

    for (const [metricName, meaning] of Object.entries(ALARMS)) {
      new Alarm(this, `${metricName}Alarm`, {
        alarmDescription: `${description}: it ${meaning}.`,
        metric: new Metric({
          namespace: 'Hilum',
          metricName,
          dimensionsMap: { FunctionName: this.function.functionName },
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
