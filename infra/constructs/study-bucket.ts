/** The bucket of studies and results. A manifest's arrival notifies the intake queue of its lane. */
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, type LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type Lane, MANIFEST_SUFFIX } from '../../pipeline/keys.ts';
import type { Config } from '../config.ts';
import { onlyOverTls, type WorkQueue } from './work-queue.ts';

export interface StudyBucketProps {
  readonly config: Config;
  readonly key: IKey;
  readonly intake: Readonly<Record<Lane, WorkQueue>>;
}

const versionsExpireAfter = (days: number): LifecycleRule => ({
  noncurrentVersionExpiration: Duration.days(days),
  expiredObjectDeleteMarker: true,
});

export class StudyBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { config, key, intake }: StudyBucketProps) {
    super(scope, id);
    const days = config.noncurrentVersionDays;
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      versioned: days !== undefined,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(2) },
        ...(days === undefined ? [] : [versionsExpireAfter(days)]),
      ],
    });

    // Set on the CfnBucket: `addEventNotification` would make a custom resource, which local clouds may not support.
    const cfnBucket = this.bucket.node.defaultChild as CfnBucket;
    cfnBucket.notificationConfiguration = {
      queueConfigurations: Object.entries(intake).map(([lane, { queue }]) => ({
        event: 's3:ObjectCreated:*',
        queue: queue.queueArn,
        filter: {
          s3Key: {
            rules: [
              { name: 'prefix', value: `${lane}/` },
              { name: 'suffix', value: MANIFEST_SUFFIX },
            ],
          },
        },
      })),
    };
    for (const { queue } of Object.values(intake)) {
      queue.addToResourcePolicy(onlyOverTls());
      // The condition names the account: the bucket depends on this policy, so naming the bucket would be a cycle.
      const result = queue.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('s3.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
        }),
      );
      if (result.policyDependable !== undefined) cfnBucket.node.addDependency(result.policyDependable);
    }
  }
}
