/** One Lambda of the pipeline: its bundle as a zip archive or a container image, its permissions and its alarms. */
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

/** What all functions share. */
export interface Surroundings {
  readonly bundle: Bundler;
  readonly bucket: IBucket;
  readonly table: ITable;
  readonly environment: Readonly<Record<string, string>>;
  readonly alarms: ITopic;
}

export interface StepFunctionProps {
  readonly surroundings: Surroundings;
  /** The name of the function's folder in `functions/`. */
  readonly name: string;
  /** The contents of its bundle besides its code. */
  readonly contents?: BundleContents;
  readonly packaging: 'image' | 'zip';
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  /** Environment variables in addition to the shared ones. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Patterns of the object keys that the function may read or write. Permission to write includes reading. */
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  /** Whether it consumes a queue. Otherwise its permissions besides `reads` and `writes` are the caller's to give. */
  readonly isStep?: boolean;
}

/** Alarm descriptions by metric. The functions count the metrics (`adapters/aws/observe.ts`); each needs a person. */
const ALARMS = {
  Halted:
    'Processing cannot continue until a person acts. Possible causes: wrong credentials, a missing permission, a model file with a wrong digest.',
  Quarantined: 'The output gate refused a result. The object and the reason are under quarantine/ in the bucket.',
  DeadLetters:
    'A message could not be processed, and is under dead-letters/ in the bucket. `hilum status` shows the run, and `hilum redrive` gives it back to work.',
} as const;

/** The same of a function that consumes no queue. */
const OWN_ALARMS = {
  Halted: ALARMS.Halted,
  Stuck:
    'A run was sent again several times, and none of its steps took its message. `hilum status` shows the run; look for a function that is disabled.',
} as const;

export class StepFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    const {
      surroundings,
      name,
      contents,
      packaging,
      description,
      memoryMb,
      timeout,
      reads = [],
      writes = [],
      isStep = true,
    } = props;
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
    if (isStep) {
      // Every step stores the messages that it cannot parse.
      bucket.grantPut(this.function, 'dead-letters/*');
      table.grantReadWriteData(this.function);
    }

    for (const [metricName, meaning] of Object.entries(isStep ? ALARMS : OWN_ALARMS)) {
      new Alarm(this, `${metricName}Alarm`, {
        alarmDescription: `${description}. ${meaning}`,
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
