/** The AWS clients, made once a process. Region, credentials and `AWS_ENDPOINT_URL` are read by the SDK itself. */
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

/** Local clouds have no wildcard host names for buckets, so a custom endpoint means the bucket goes into the path. */
const forcePathStyle = (): boolean => {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  return AWS_ENDPOINT_URL !== undefined || AWS_ENDPOINT_URL_S3 !== undefined;
};

// Marked as pure, so that a function's bundle holds only the clients that it asks for.
export const s3 = /* @__PURE__ */ once(() => new S3Client({ forcePathStyle: forcePathStyle(), maxAttempts: 4 }));
export const sqs = /* @__PURE__ */ once(() => new SQSClient({ maxAttempts: 4 }));
export const dynamoDb = /* @__PURE__ */ once(() => new DynamoDBClient({ maxAttempts: 4 }));
export const secretsManager = /* @__PURE__ */ once(() => new SecretsManagerClient({ maxAttempts: 4 }));

export const ssm = /* @__PURE__ */ once(() => new SSMClient({ maxAttempts: 4 }));

/** The SDK's option by which a call is given up. */
export const within = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });

/**
 * One of ours for an error of the SDK, which stays as the cause; one of ours is returned as it is.
 *
 * @param what the service and the resource's setting, for people: `the bucket (HILUM_BUCKET)`
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
