/** The AWS clients, created once per process. The SDK itself reads region, credentials and `AWS_ENDPOINT_URL`. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ConfigurationError, HilumError, ServiceUnavailableError } from '#core/errors.ts';
import { errorName, reasonOfRefusal } from './refusal.ts';

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** Local clouds have no wildcard host names for buckets. With a custom endpoint, the bucket is therefore in the path. */
const forcePathStyle = (): boolean => {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  return AWS_ENDPOINT_URL !== undefined || AWS_ENDPOINT_URL_S3 !== undefined;
};

// Marked as pure, so that a function's bundle contains only the clients that it uses.
export const s3 = /* @__PURE__ */ once(() => new S3Client({ forcePathStyle: forcePathStyle(), maxAttempts: 4 }));
export const sqs = /* @__PURE__ */ once(() => new SQSClient({ maxAttempts: 4 }));
export const dynamoDb = /* @__PURE__ */ once(() => new DynamoDBClient({ maxAttempts: 4 }));
export const secretsManager = /* @__PURE__ */ once(() => new SecretsManagerClient({ maxAttempts: 4 }));

export const ssm = /* @__PURE__ */ once(() => new SSMClient({ maxAttempts: 4 }));

/** The SDK's option for aborting a call. */
export const within = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });

/**
 * Translates an error of the SDK to a HilumError with the original as its cause. Returns a HilumError unchanged.
 *
 * @param what the resource and its setting, for the message: `the bucket (HILUM_BUCKET)`
 */
export function translated(error: unknown, what: string): HilumError {
  if (error instanceof HilumError) return error;
  const name = errorName(error);
  const facts = { error: name };
  const { isSetting, why } = reasonOfRefusal(error);
  return isSetting
    ? new ConfigurationError(`Cannot use ${what}: ${why} (${name}).`, { cause: error, facts })
    : new ServiceUnavailableError(`Cannot reach ${what}: ${why} (${name}).`, { cause: error, facts });
}
