/** Which deployment a command talks to: the local cloud of `hilum local up`, or the one that the environment names. */
import { ConfigurationError } from '#core/errors.ts';
import { readLocalEnvironment } from '#localstack/local.ts';

/** What commands need of a deployment. */
export interface Deployment {
  readonly bucket: string;
  readonly runsTable: string;
}

/**
 * The deployment that HILUM_BUCKET and HILUM_RUNS_TABLE name, with the AWS account of the environment; else the local
 * cloud, whose address and credentials are set for this process.
 *
 * @throws ConfigurationError where there is neither, with what to do
 */
export async function findDeployment(): Promise<Deployment> {
  const { HILUM_BUCKET, HILUM_RUNS_TABLE } = process.env;
  if (HILUM_BUCKET !== undefined && HILUM_RUNS_TABLE !== undefined) {
    return { bucket: HILUM_BUCKET, runsTable: HILUM_RUNS_TABLE };
  }
  const local = await readLocalEnvironment();
  if (local === undefined) {
    throw new ConfigurationError(
      'There is no deployment to talk to: start the local one with `hilum local up`, or set HILUM_BUCKET and HILUM_RUNS_TABLE to the outputs of your stack',
    );
  }
  Object.assign(process.env, localCredentials(local));
  return { bucket: local.bucket, runsTable: local.runsTable };
}

/** Environment variables that lead the AWS SDK to the local cloud, which takes any credentials. */
export function localCredentials({ endpoint, region }: { readonly endpoint: string; readonly region: string }) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}
