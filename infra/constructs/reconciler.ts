/** The function that compares bucket, table and queues and sends lost work again, and its schedule. */
import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ToolManifest } from '../../core/tool-manifest.ts';
import { STEPS } from '../../pipeline/environment.ts';
import { LANES, manifestPrefix } from '../../pipeline/keys.ts';
import { StepFunction, type Surroundings } from './step-function.ts';

export interface ReconcilerProps {
  readonly tools: readonly ToolManifest[];
  readonly surroundings: Surroundings;
}

export class Reconciler extends Construct {
  constructor(scope: Construct, id: string, { tools, surroundings }: ReconcilerProps) {
    super(scope, id);
    const { config, key, bucket, table } = surroundings;
    const reconcile = new StepFunction(this, 'Reconcile', {
      surroundings,
      name: 'reconcile',
      contents: { catalog: tools },
      packaging: 'zip',
      description: 'Sends lost work again',
      memoryMb: 512,
      timeout: Duration.minutes(2),
      isStep: false,
    }).function;

    // It lists, and reads and writes no object. Of the table it deletes only entries of the ledger.
    const allow = (actions: readonly string[], resources: readonly string[], conditions?: Record<string, unknown>) =>
      reconcile.addToRolePolicy(
        new PolicyStatement({ actions: [...actions], resources: [...resources], ...(conditions && { conditions }) }),
      );
    const prefixes = [...LANES.map((lane) => `${manifestPrefix(lane)}*`), 'runs/*'];
    allow(['s3:ListBucket'], [bucket.bucketArn], { StringLike: { 's3:prefix': prefixes } });
    allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [table.tableArn]);
    allow(['dynamodb:Query'], [`${table.tableArn}/index/*`]);
    allow(['dynamodb:DeleteItem'], [table.tableArn], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['work/*'] },
    });
    key.grantEncryptDecrypt(reconcile);
    // By their steps: a policy has a greatest length, so that tools are not named one by one.
    const queues = STEPS.map((step) =>
      Stack.of(this).formatArn({ service: 'sqs', resource: `${config.name}-${step}-*` }),
    );
    allow(['sqs:SendMessage', 'sqs:GetQueueAttributes'], queues);

    new Rule(this, 'Schedule', {
      description: `${config.name}: sends lost work again`,
      schedule: Schedule.rate(Duration.minutes(config.reconcileMinutes)),
      // The next round does what a failed one left.
      targets: [new LambdaFunction(reconcile, { retryAttempts: 0 })],
    });
  }
}
