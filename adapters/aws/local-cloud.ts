/** What a local cloud needs before and after the deployment; on AWS a person or the bootstrap stack does the same. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ArchiveSecretText } from '#pipeline/environment.ts';
import { answersOk } from '../answers-ok.ts';
import { limited } from '../call.ts';
import { translated, within } from './clients.ts';
import { errorName } from './refusal.ts';
import { type AccessKey, signedHeaders } from './signature.ts';

/** A cloud that is not AWS: its address, its region, and the only key that it accepts. */
export interface LocalCloud {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AccessKey;
}

/**
 * Makes a bucket if it does not exist.
 *
 * @throws ServiceUnavailableError if the cloud does not answer
 */
export async function createBucket({ endpoint, region, credentials }: LocalCloud, bucket: string): Promise<void> {
  // A copy, because the client modifies the object.
  const client = new S3Client({ endpoint, region, credentials: { ...credentials }, forcePathStyle: true });
  const make = async (signal: AbortSignal | undefined): Promise<void> => {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }), within(signal));
    } catch (error) {
      if (errorName(error) !== 'BucketAlreadyOwnedByYou') throw error;
    }
  };
  try {
    await limited({}, make, (error) => translated(error, `the bucket ${bucket}`));
  } finally {
    client.destroy();
  }
}

/**
 * Writes the archive's address and credentials to the secret that `readArchiveSecret` reads.
 *
 * @throws ConfigurationError if there is no such secret
 * @throws ServiceUnavailableError if the cloud does not answer
 */
export async function writeArchiveSecret(cloud: LocalCloud, arn: string, secret: ArchiveSecretText): Promise<void> {
  const { endpoint, region, credentials } = cloud;
  const client = new SecretsManagerClient({ endpoint, region, credentials: { ...credentials } });
  const command = new PutSecretValueCommand({ SecretId: arn, SecretString: JSON.stringify(secret) });
  try {
    await limited(
      {},
      (signal) => client.send(command, within(signal)),
      (error) => translated(error, "the archive's secret"),
    );
  } finally {
    client.destroy();
  }
}

/** The health check of MiniStack and LocalStack. MiniStack's guard lets it through only if it is signed. */
export async function localCloudAnswers({ endpoint, region, credentials }: LocalCloud): Promise<boolean> {
  const url = new URL('/_localstack/health', endpoint);
  return answersOk(url.href, await signedHeaders(credentials, { url, region, service: 'sts' }));
}
