import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import type { DockerPorts, Secrets } from './home.ts';
import { ORTHANC_USERNAME } from './orthanc.ts';
import { findProgram, ROOT } from './parts.mjs';

/**
 * Orthanc's address for the functions of a LocalStack in Docker: its name in the compose file's network, which does not leave the
 * machine. The archive's secret names the host as one that is reached without TLS.
 */
export const ORTHANC_IN_DOCKER = {
  plainHttpHost: 'orthanc',
  dicomWebUrlForFunctions: 'http://orthanc:8042/dicom-web/',
} as const;

export interface DockerOptions {
  readonly home: string;
  readonly ports: DockerPorts;
  readonly secrets: Secrets;
  readonly stableAgeS?: number;
}

/**
 * Starts PostgreSQL and Orthanc with the compose file, and LocalStack if LOCALSTACK_AUTH_TOKEN is set. Waits until all are
 * healthy. Running containers are left alone.
 *
 * @throws ConfigurationError where Docker Compose is missing or fails
 */
export function dockerUp(options: DockerOptions): { readonly hasCloud: boolean } {
  writeDockerSecrets(options);
  const { LOCALSTACK_AUTH_TOKEN = '' } = process.env;
  const hasCloud = LOCALSTACK_AUTH_TOKEN !== '';
  const profile = hasCloud ? ['--profile', 'localstack'] : [];
  compose(options, [...profile, 'up', '--detach', '--wait', '--wait-timeout', '300']);
  return { hasCloud };
}

/**
 * Stops them; `purge` removes their data too.
 *
 * @throws ConfigurationError where Docker Compose is missing or fails
 */
export function dockerDown(options: DockerOptions, { purge }: { readonly purge: boolean }): void {
  compose(options, ['--profile', 'localstack', 'down', ...(purge ? ['--volumes'] : [])]);
}

const secretsFolder = (home: string): string => join(home, 'docker-secrets');

/**
 * Writes the files that the compose file names as secrets. Other users in the containers must be able to read the files,
 * which keep their mode there. Therefore only their folder is closed to other users of this machine.
 */
export function writeDockerSecrets({ home, secrets }: Pick<DockerOptions, 'home' | 'secrets'>): void {
  const folder = secretsFolder(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const orthanc = {
    RegisteredUsers: { [ORTHANC_USERNAME]: secrets.orthancPassword },
    PostgreSQL: { Password: secrets.orthancDatabasePassword },
  };
  const files = {
    'postgres-password': secrets.postgresPassword,
    'orthanc-database-password': secrets.orthancDatabasePassword,
    'orthanc.json': JSON.stringify(orthanc),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
}

function compose({ home, ports, stableAgeS }: DockerOptions, args: readonly string[]): void {
  const docker = findProgram('docker');
  if (docker === undefined)
    throw new ConfigurationError('Docker is not installed: `hilum doctor` says what the way without Docker needs');
  const file = join(ROOT, 'localstack/compose.yaml');
  const result = spawnSync(docker, ['compose', '--file', file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      HILUM_DOCKER_SECRETS: secretsFolder(home),
      HILUM_ORTHANC_PORT: String(ports.orthanc),
      HILUM_CLOUD_PORT: String(ports.cloud),
      ...(stableAgeS === undefined ? {} : { HILUM_STABLE_AGE_S: String(stableAgeS) }),
    },
  });
  if (result.status !== 0) {
    throw new ConfigurationError(
      '`docker compose` failed, with the message above. It needs Compose 2 and a running engine',
    );
  }
}
