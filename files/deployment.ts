/** The deployment that a command queries: the one that the environment names, else the local cloud of `hilum local up`. */
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { ConfigurationError } from '#core/errors.ts';

/** Where runs are recorded. */
export interface RunsTable {
  readonly runsTable: string;
  /** The address of a local cloud; undefined on AWS. */
  readonly endpoint?: string;
}

/**
 * The runs table that HILUM_RUNS_TABLE names, in the AWS account of the environment. Without that name, it is the local
 * cloud's table, and the AWS clients of this process then use the local cloud.
 *
 * @param readLocal reads the settings of the local cloud
 * @throws ConfigurationError if there is neither; the message says what to do
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

/** The parts of a deployment that commands work with. */
export interface Deployment {
  readonly runsTable: string;
  readonly bucket: string;
  /** What the URLs of all queues start with (`queueUrl` in `pipeline/environment.ts`). */
  readonly queues: string;
  /** The name of the parameter that lists the deployed tools. */
  readonly toolsParameter: string;
}

/** The environment variable and the stack's output of each part. */
export const DEPLOYMENT_SETTINGS: Readonly<
  Record<keyof Deployment, { readonly variable: string; readonly output: string }>
> = {
  runsTable: { variable: 'HILUM_RUNS_TABLE', output: 'RunsTableName' },
  bucket: { variable: 'HILUM_BUCKET', output: 'BucketName' },
  queues: { variable: 'HILUM_QUEUES', output: 'QueueUrlBase' },
  toolsParameter: { variable: 'HILUM_TOOLS_PARAMETER', output: 'ToolsParameterName' },
};

/**
 * The parts of the deployment that the environment names, else those of the local cloud; see `findRunsTable`.
 *
 * @throws ConfigurationError if there is neither, or the environment names only some of them
 */
export function findDeployment<Part extends keyof Deployment>(
  readLocal: () => Deployment & LocalCloud,
  parts: readonly Part[],
): Pick<Deployment, Part> {
  const named = parts.map((part) => [part, process.env[DEPLOYMENT_SETTINGS[part].variable] ?? ''] as const);
  const given = named.filter(([, value]) => value !== '');
  if (given.length === parts.length) return Object.fromEntries(named) as unknown as Pick<Deployment, Part>;
  if (given.length > 0) {
    const settings = parts.map((part) => DEPLOYMENT_SETTINGS[part]);
    const [variables, outputs] = [settings.map(({ variable }) => variable), settings.map(({ output }) => output)];
    throw new ConfigurationError(
      `Set ${listed(variables)}, to the stack's outputs ${listed(outputs)}, or none of them for the local cloud.`,
    );
  }
  const local = localOr(readLocal);
  useLocalCloud(local);
  return local;
}

const listed = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The settings of the local cloud. If there is none, the error also says how to query a deployment on AWS. */
function localOr<T>(readLocal: () => T): T {
  try {
    return readLocal();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const fix = 'or set HILUM_RUNS_TABLE and AWS_REGION to query a deployment on AWS';
    throw new ConfigurationError(`${error.message}, ${fix}`, { cause: error });
  }
}

/**
 * Makes the AWS clients of this process use a local cloud, whatever account the environment names. Must be called before the
 * first client is made.
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

/** Variables that the SDK prefers to a key or an address in the environment, or sends in addition. */
const STRONGER = /^AWS_(PROFILE|SESSION_TOKEN|ENDPOINT_URL_.+|IGNORE_CONFIGURED_ENDPOINT_URLS)$/;
