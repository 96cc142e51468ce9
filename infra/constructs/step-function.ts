/** One Lambda of the pipeline: its bundle as a zip archive or a container image, its role and its log. */
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  type AddToPrincipalPolicyResult,
  ManagedPolicy,
  PolicyDocument,
  type PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  DockerImageCode,
  DockerImageFunction,
  type IFunction,
  Runtime,
  Function as ZipFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { TELEMETRY_OFF } from '../../pipeline/environment.ts';
import type { BundleContents, Bundler } from '../bundle.ts';
import type { Config } from '../config.ts';

/** What all functions share. */
export interface Surroundings {
  readonly config: Config;
  readonly key: IKey;
  readonly bundle: Bundler;
  readonly bucket: IBucket;
  readonly table: ITable;
  readonly environment: Readonly<Record<string, string>>;
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

/** A function's role. Its permissions are part of it, and no resource of their own: a stack has at most 500. */
class FunctionRole extends Role {
  readonly #access: PolicyDocument;

  constructor(scope: Construct, id: string) {
    const access = new PolicyDocument();
    super(scope, id, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaBasicExecutionRole')],
      inlinePolicies: { Access: access },
    });
    this.#access = access;
  }

  override addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    this.#access.addStatements(statement);
    return { statementAdded: true, policyDependable: this };
  }
}

export class StepFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    const { surroundings, name, contents, packaging, reads = [], writes = [], isStep = true } = props;
    const { description, memoryMb, timeout } = props;
    const { config, key, bundle, bucket, table } = surroundings;
    const folder = bundle(name, contents);
    const shared = {
      description,
      memorySize: memoryMb,
      timeout,
      role: new FunctionRole(this, 'Role'),
      environment: { ...surroundings.environment, ...props.environment, ...TELEMETRY_OFF },
      architecture: Architecture.X86_64,
      // A production's logs outlive its tools.
      logGroup: new LogGroup(this, 'Log', {
        retention: config.logRetentionDays,
        encryptionKey: key,
        removalPolicy: config.stage === 'prod' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      }),
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
  }
}
