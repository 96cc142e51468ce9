/** Which deployment a command talks to: the one that the environment names, else the local cloud of `hilum local up`. */
import { LOCAL_CREDENTIALS, type LocalCloud } from '#adapters/aws/local-cloud.ts';

/** What commands need of a deployment. */
export interface Deployment {
  readonly bucket: string;
  readonly runsTable: string;
}

/**
 * The deployment that HILUM_BUCKET and HILUM_RUNS_TABLE name, in the AWS account of the environment; else the local
 * cloud, which the AWS clients of this process are then led to.
 *
 * @param readLocal what is remembered of the local cloud
 * @throws ConfigurationError where there is neither, with what to do
 */
export function findDeployment(readLocal: () => Deployment & LocalCloud): Deployment {
  const { HILUM_BUCKET, HILUM_RUNS_TABLE } = process.env;
  if (HILUM_BUCKET !== undefined && HILUM_RUNS_TABLE !== undefined) {
    return { bucket: HILUM_BUCKET, runsTable: HILUM_RUNS_TABLE };
  }
  const local = readLocal();
  useLocalCloud(local);
  return local;
}

/**
 * Leads the AWS clients of this process to a local cloud, whatever account the environment names. To be called before the
 * first of them is made.
 */
export function useLocalCloud({ endpoint, region }: LocalCloud): void {
  for (const name of Object.keys(process.env)) if (STRONGER.test(name)) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  });
}

/** What the SDK puts before a key or an address in the environment, or sends beside them. */
const STRONGER = /^AWS_(PROFILE|SESSION_TOKEN|ENDPOINT_URL_.+|IGNORE_CONFIGURED_ENDPOINT_URLS)$/;
