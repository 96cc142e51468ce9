/**
 * What all AWS clients share. Each client is made beside the adapter that uses it, so that a program loads no other. The SDK itself
 * reads region, credentials and `AWS_ENDPOINT_URL`.
 */
import { loadSharedConfigFiles } from '@smithy/core/config';
import { ConfigurationError, HilumError, ServiceUnavailableError } from '#core/errors.ts';
import { createPlainAgent, isLoopback } from '../trust/addresses.ts';
import { CHECKED } from '../trust/agent.ts';
import { errorName, reasonOfRefusal } from './refusal.ts';

/** Counts how often the settings were forgotten. A client that was made before the last time is made again. */
let generation = 0;

/** A client that is made once per process, at its first use. */
export const once = <T>(make: () => T): (() => T) => {
  let made: { readonly client: T; readonly generation: number } | undefined;
  return () => {
    if (made?.generation !== generation) made = { client: make(), generation };
    return made.client;
  };
};

/**
 * Makes the next clients read region, address and credentials again. The SDK remembers the files of `~/.aws`, and a key without
 * an expiry, as long as the process lives.
 */
export async function forgetAwsSettings(): Promise<void> {
  await loadSharedConfigFiles({ ignoreCache: true });
  generation += 1;
}

/**
 * Limits for a service that does not answer: no connection, or one without a byte in either direction (a body on its way counts,
 * in pieces). The SDK has none of its own. It repeats a call that was silent.
 */
export const limits = (silenceMs: number) => ({
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 5_000, socketTimeout: silenceMs, ...agents() },
});

/**
 * Connections to the cloud: certificates are always checked, and without TLS there is only the local cloud of this machine. In
 * Lambda the runtime decides where the cloud is; a local one may be in another container, and on AWS the bucket and the queues
 * refuse requests without TLS.
 */
function agents() {
  const { AWS_LAMBDA_FUNCTION_NAME: inLambda } = process.env;
  const plain = inLambda === undefined && {
    httpAgent: createPlainAgent(HERE_ONLY, { keepAlive: true, maxSockets: 50 }),
  };
  return { httpsAgent: CHECKED, ...plain };
}

const HERE_ONLY = {
  mayConnectTo: isLoopback,
  refusal: (host: string, address: string) =>
    new ConfigurationError(
      `The cloud at ${host}${host === address ? '' : ` (${address})`} would be reached without TLS, and it is not on this machine. Use https:// in AWS_ENDPOINT_URL, and in the profile's endpoint_url`,
    ),
};
export const SILENCE_MS = 12_000;
/**
 * SQS is silent on purpose while it waits for a message, for up to 20 s (long polling). S3 is silent until the last megabytes of
 * a chunk, which the kernel has taken from us, have left a slow connection.
 */
export const LONG_SILENCE_MS = 30_000;

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
