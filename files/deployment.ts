/** Which deployment a command asks: the one that the environment names, else the local cloud of `hilum local up`. */
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { ConfigurationError } from '#core/errors.ts';

/** Where runs are recorded. */
export interface RunsTable {
  readonly runsTable: string;
  /** Of a local cloud; undefined on AWS. */
  readonly endpoint?: string;
}

/**
 * The runs table that HILUM_RUNS_TABLE names, in the AWS account of the environment; else that of the local cloud, which the
 * AWS clients of this process are then led to.
 *
 * @param readLocal what is remembered of the local cloud
 * @throws ConfigurationError where there is neither, with what to do
 */
export function findRunsTable(readLocal: () => RunsTable & LocalCloud): RunsTable {
  const { HILUM_RUNS_TABLE, AWS_ENDPOINT_URL } = process.env;
  if (HILUM_RUNS_TABLE) {
    return { runsTable: HILUM_RUNS_TABLE, ...(AWS_ENDPOINT_URL && { endpoint: AWS_ENDPOINT_URL }) };
  }
  const local = localOr(readLocal);
  useLocalCloud(local);
  return local;
}

/** What is remembered of the local cloud; where there is nothing, the error says how to ask another one. */
function localOr<T>(readLocal: () => T): T {
  try {
    return readLocal();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const fix = 'or set HILUM_RUNS_TABLE and AWS_REGION to ask a deployment on AWS';
    throw new ConfigurationError(`${error.message}, ${fix}`, { cause: error });
  }
}

/**
 * Leads the AWS clients of this process to a local cloud, whatever account the environment names. To be called before the
 * first of them is made.
 */
export function useLocalCloud({ endpoint, region, credentials }: LocalCloud): void {
  for (const name of Object.keys(process.env)) if (STRONGER.test(name)) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
}

/** What the SDK puts before a key or an address in the environment, or sends beside them. */
const STRONGER = /^AWS_(PROFILE|SESSION_TOKEN|ENDPOINT_URL_.+|IGNORE_CONFIGURED_ENDPOINT_URLS)$/;
