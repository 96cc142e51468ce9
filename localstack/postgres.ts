import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import { makeServiceFolder, type Secrets, serviceUser, writePrivately } from './home.ts';
import { postgresFolder, ROOT } from './parts.mjs';
import { launch, type ProcessRecord, type ServiceUser, waitUntilReady } from './processes.ts';

/** The database and the role that Orthanc uses. */
export const ORTHANC_DATABASE = 'orthanc';

export interface PostgresOptions {
  readonly home: string;
  readonly port: number;
  readonly secrets: Secrets;
}

interface Cluster extends PostgresOptions {
  readonly bin: string;
  readonly folder: string;
  readonly user: ServiceUser | undefined;
}

/**
/**
 * The folder of PostgreSQL's programs.
 *
 * @throws ConfigurationError if it is not installed
 */
export function postgresPrograms(): string {
  const bin = postgresFolder();
  if (bin !== undefined) return bin;
  throw new ConfigurationError('PostgreSQL is not installed: `hilum doctor` says how to get it');
}

/**
 * Starts this home's private PostgreSQL cluster, and makes it first if necessary. It requires scram-sha-256 of all users,
 * listens on the loopback interface only, and has no socket file. Port and data folder are its own: the system's cluster is
 * never used.
 *
 * @throws ConfigurationError if PostgreSQL is not installed or does not start
 */
export async function startPostgres(options: PostgresOptions): Promise<ProcessRecord> {
  const bin = postgresPrograms();
  const user = serviceUser('postgres');
  const cluster: Cluster = { ...options, bin, folder: makeServiceFolder(options.home, 'postgresql', user), user };
  const isNew = !existsSync(join(cluster.folder, 'data', 'PG_VERSION'));
  if (isNew) initialise(cluster);
  const log = join(options.home, 'logs', 'postgresql.log');
  const record = await launch({
    command: join(bin, 'postgres'),
    args: ['-D', join(cluster.folder, 'data'), '-p', String(options.port), '-h', '127.0.0.1', '-k', ''],
    env: ENV,
    cwd: cluster.folder,
    log,
    user,
  });
  await waitUntilReady(record, { name: 'PostgreSQL', log, withinMs: 20_000 }, async () =>
    postgresAnswers(options.port),
  );
  if (isNew || !hasDatabase(cluster)) prepareDatabase(cluster);
  return record;
}

const ENV = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };

function initialise({ bin, folder, user, secrets }: Cluster): void {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  rmSync(data, { recursive: true, force: true });
  writePrivately(passwordFile, secrets.postgresPassword, user);
  const args = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  const result = spawnSync(join(bin, 'initdb'), [...args, '--locale=C.UTF-8'], {
    cwd: folder,
    env: ENV,
    encoding: 'utf8',
    ...user,
  });
  rmSync(passwordFile);
  if (result.status !== 0) {
    throw new ConfigurationError(`PostgreSQL's initdb failed in ${data}: ${result.stderr.trim()}`);
  }
}

/** The health check: true if a PostgreSQL on this port accepts connections. */
export function postgresAnswers(port: number): boolean {
  const program = join(postgresFolder() ?? '', 'pg_isready');
  return spawnSync(program, ['-q', '-h', '127.0.0.1', '-p', String(port)], { env: ENV, timeout: 2_000 }).status === 0;
}

function hasDatabase(cluster: Cluster): boolean {
  return psql(cluster, 'postgres', `SELECT 1 FROM pg_database WHERE datname = '${ORTHANC_DATABASE}';`).includes('1');
}

/** Makes Orthanc's database, with the same statements as the compose file. */
function prepareDatabase(cluster: Cluster): void {
  const statements = readFileSync(join(ROOT, 'localstack/postgresql/orthanc.sql'), 'utf8');
  psql(cluster, 'postgres', `\\set password '${cluster.secrets.orthancDatabasePassword}'\n${statements}`);
}

/**
 * Runs psql. Statements go through standard input and the password through the environment, so that neither shows in the
 * process list.
 */
function psql({ bin, port, secrets }: Cluster, database: string, statements: string): string {
  const args = ['-X', '-q', '-t', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
  const result = spawnSync(join(bin, 'psql'), [...args, '-d', database], {
    input: statements,
    env: { ...ENV, PGPASSWORD: secrets.postgresPassword },
    encoding: 'utf8',
  });
  if (result.status !== 0)
    throw new ConfigurationError(`PostgreSQL could not be prepared for Orthanc (psql ${result.status})`);
  return result.stdout;
}
