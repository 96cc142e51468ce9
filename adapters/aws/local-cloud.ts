/** What a local cloud needs before and after the deployment; on AWS a person or the bootstrap stack does the same. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ArchiveSecret } from '#pipeline/environment.ts';
import { translated } from './clients.ts';
import { errorName } from './refusal.ts';

/** A cloud that is not AWS: its address, the region it plays, and the credentials that it does not check. */
export interface LocalCloud {
  readonly endpoint: string;
  readonly region: string;
}

/** Credentials that every local engine takes; they open nothing on AWS. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/**
 * Makes a bucket where it is not there yet.
 *
 * @throws ServiceUnavailableError where the cloud does not answer
 */
export async function createBucket({ endpoint, region }: LocalCloud, bucket: string): Promise<void> {
  const client = new S3Client({ endpoint, region, credentials: LOCAL_CREDENTIALS, forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (errorName(error) !== 'BucketAlreadyOwnedByYou') throw translated(error, `the bucket ${bucket}`);
  } finally {
    client.destroy();
  }
}

/**
 * Puts the archive's address and credentials where `readArchiveSecret` finds them.
 *
 * @throws ConfigurationError where there is no such secret
 * @throws ServiceUnavailableError where the cloud does not answer
 */
export async function writeArchiveSecret(cloud: LocalCloud, arn: string, secret: ArchiveSecret): Promise<void> {
  const { endpoint, region } = cloud;
  const client = new SecretsManagerClient({ endpoint, region, credentials: LOCAL_CREDENTIALS });
  try {
    await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: JSON.stringify(secret) }));
  } catch (error) {
    throw translated(error, "the archive's secret");
  } finally {
    client.destroy();
  }
}
