/** The edge's settings, as its commands read them: with those of the local environment as defaults. */
import type { EdgeConfig } from '#edge/config.ts';
import { useLocalCloud } from '#files/deployment.ts';

export interface EdgeSettings {
  /** @throws ConfigurationError */
  read(): EdgeConfig;
  /** Makes the AWS clients of this process use the cloud of these settings. For the local bucket, it is the local cloud. */
  useCloud(config: EdgeConfig): void;
  /** Identifies the run of the local cloud and what is deployed there: after `hilum local up`, the bucket may be another one. */
  localDeployment(): string | undefined;
}

/** Reads the settings, with those of the local environment as defaults, as often as asked. */
export async function edgeSettings(file: string | undefined): Promise<EdgeSettings> {
  const [{ readEdgeConfig }, { edgeFolder, localHome, readState }] = await Promise.all([
    import('#edge/config.ts'),
    import('#localstack/home.ts'),
  ]);
  const home = localHome();
  // The settings for the AWS SDK are written to the environment below, and must not come back as the user's.
  const environment = { ...process.env };
  return {
    localDeployment() {
      try {
        return readState(home).deployed;
      } catch {
        return undefined; // The settings are needed at the next start only, which says what is wrong.
      }
    },
    read() {
      const { orthanc, bucket, toolsParameter } = readState(home);
      return readEdgeConfig({
        environment,
        file,
        defaults: [
          { HILUM_EDGE_FOLDER: edgeFolder(home) },
          orthanc && {
            HILUM_ORTHANC_URL: orthanc.url,
            HILUM_ORTHANC_USERNAME: orthanc.username,
            HILUM_ORTHANC_PASSWORD: orthanc.password,
          },
          bucket && { HILUM_BUCKET: bucket, HILUM_TOOLS_PARAMETER: toolsParameter },
        ].filter((group) => group !== undefined && group !== ''),
      });
    },
    useCloud(config) {
      const { bucket, endpoint, region, credentials } = readState(home);
      for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
      Object.assign(process.env, environment);
      const isLocal = config.bucket === bucket && (config.aws['AWS_ENDPOINT_URL'] ?? endpoint) === endpoint;
      if (isLocal && endpoint !== undefined && region !== undefined && credentials !== undefined)
        useLocalCloud({ endpoint, region, credentials });
      else Object.assign(process.env, config.aws);
    },
  };
}
