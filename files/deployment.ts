/** Which deployment a command talks to: the one that the environment names, else the local cloud of `hilum local up`. */
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';

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

/** Leads the AWS clients of this process to a local cloud. To be called before the first of them is made. */
export function useLocalCloud({ endpoint, region, credentials }: LocalCloud): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
}
