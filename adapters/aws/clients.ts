/** The AWS clients, created once per process. The SDK itself reads region, credentials and `AWS_ENDPOINT_URL`. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { ConfigurationError, HilumError, ServiceUnavailableError } from '#core/errors.ts';

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

/** The SDK's option that aborts a call. */
export const within = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });

/** Errors that no retry fixes: a person has to correct a name or a permission. */
const CONFIGURATION = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'NoSuchBucket',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'ResourceNotFoundException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** The name of an error, which for the SDK's errors is AWS's error code. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/**
 * Translates an error of the SDK to a HilumError with the original as its cause. Returns a HilumError unchanged.
 *
 * @param what the resource and its setting, for the message: `the bucket (HILUM_BUCKET)`
 */
export function translated(error: unknown, what: string): HilumError {
  if (error instanceof HilumError) return error;
  const name = errorName(error);
  const facts = { error: name };
  return CONFIGURATION.has(name)
    ? new ConfigurationError(`AWS refuses ${what}: ${name}. Check its name and this role's permissions.`, {
        cause: error,
        facts,
      })
    : new ServiceUnavailableError(`AWS could not serve ${what}: ${name}.`, { cause: error, facts });
}
