import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { AccessKey } from '#adapters/aws/signature.ts';
import { proveWritable } from '#adapters/writable-folder.ts';
import { ConfigurationError, SystemRefusalError } from '#core/errors.ts';
import { DEFAULT_HOME } from './place.mjs';
import type { ProcessRecord, ServiceUser } from './processes.ts';

/** The PACS of the local environment. */
export interface OrthancEnvironment {
  /** REST API, without a trailing slash. */
  readonly url: string;
  /** DICOMweb root, with a trailing slash. */
  readonly dicomWebUrl: string;
  readonly username: string;
  readonly password: string;
}

/** The deployed local cloud. Names are those of the stack's outputs. */
export interface CloudEnvironment {
  /** Where every AWS service answers. */
  readonly endpoint: string;
  readonly region: string;
  /** The access key of this home, the only one that the local cloud accepts. */
  readonly credentials: AccessKey;
  readonly bucket: string;
  readonly runsTable: string;
  /** What the URLs of all queues start with: the base that `queueUrl` of `pipeline/environment.ts` takes. */
  readonly queues: string;
  /** The SSM parameter that lists the deployed tools. */
  readonly toolsParameter: string;
  /** ARN of the secret that holds Orthanc's address and credentials. */
  readonly archiveSecret: string;
}

/** Everything a program needs to talk to the local cloud and the local PACS. */
export interface LocalEnvironment extends CloudEnvironment {
  readonly home: string;
  readonly orthanc: OrthancEnvironment;
}

export const SERVICES = ['postgresql', 'orthanc', 'cloud'] as const;
export type Service = (typeof SERVICES)[number];

/** The viewer's default port. */
export const VIEWER_PORT = 8043;

/** Ports of this machine that lead into Docker. */
export interface DockerPorts {
  readonly orthanc: number;
  readonly cloud: number;
}

/** The state that is kept between commands, in `local.json`. */
export interface LocalState extends Partial<LocalEnvironment> {
  readonly ports?: Readonly<Partial<Record<Service, number>>>;
  /** The viewer's port, which Orthanc's pages link to. */
  readonly viewerPort?: number;
  readonly processes?: Readonly<Partial<Record<Service | 'guard', ProcessRecord>>>;
  /** Digest of the sources that the running cloud's stack was deployed from. */
  readonly deployed?: string;
  /** Set if PostgreSQL and Orthanc run in Docker, and with `hasCloud` the cloud too. */
  readonly docker?: { readonly ports: DockerPorts; readonly hasCloud: boolean };
  /** The settings of the deployed app. */
  readonly context?: Readonly<Record<string, string>>;
}

/** The secrets of a home, generated once. Only the owner can read their file. */
export interface Secrets {
  readonly orthancPassword: string;
  readonly postgresPassword: string;
  readonly orthancDatabasePassword: string;
  /** The access key that the local cloud accepts. */
  readonly cloudKey: AccessKey;
}

/** The folder that holds the local environment: HILUM_HOME, else the one of `localstack/place.mjs`. */
export function localHome(home?: string): string {
  const { HILUM_HOME } = process.env;
  // An empty HILUM_HOME counts as not set: it would mean the working directory, which `purge` would remove.
  return resolve(home ?? (HILUM_HOME || DEFAULT_HOME));
}

/** The folder of `hilum edge` and of the demo, with the record of their uploads to this home's cloud. */
export const edgeFolder = (home: string): string => join(home, 'edge');

/** A file that holds only Orthanc's password, for people who sign in. */
export const passwordFile = (home: string): string => join(home, 'orthanc-password');

/**
 * Tests that the home can be written to, before anything is started in it.
 *
 * @throws SystemRefusalError if it cannot; the message names HILUM_HOME
 */
export function proveHome(home: string): void {
  try {
    proveWritable(home);
  } catch (error) {
    if (!(error instanceof SystemRefusalError)) throw error;
    const fix = 'HILUM_HOME names the folder of the local environment.';
    throw new SystemRefusalError(error.code, `${error.message} ${fix}`, { cause: error });
  }
}

/** Makes the home. A home of root must let the users of PostgreSQL and Orthanc pass through; its private files have mode 0600. */
export function makeHome(home: string): void {
  mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
  chmodSync(home, isRoot() ? 0o711 : 0o700);
}

/**
 * The state; empty if nothing was ever started here.
 *
 * @throws ConfigurationError if the file is damaged
 */
export function readState(home: string): LocalState {
  return (readJson(join(home, 'local.json')) as LocalState | undefined) ?? {};
}

/** The contents of a JSON file of the home; undefined if it does not exist. */
function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fix =
      'stop the processes of this local environment, remove the folder of that file, and run `hilum local up`';
    throw new ConfigurationError(`${file} is damaged (it is not JSON): ${fix}`, { cause });
  }
}

/** Merges a change into the state, and writes the file atomically. */
export function updateState(home: string, change: LocalState): LocalState {
  const before = readState(home);
  const state: LocalState = {
    ...before,
    ...change,
    home,
    ports: { ...before.ports, ...change.ports },
    processes: { ...before.processes, ...change.processes },
  };
  writePrivately(join(home, 'local.json'), JSON.stringify(state, undefined, 2));
  return state;
}

/** Removes from the state what ended with the services: the deployment, the processes and Docker. */
export function forgetServices(home: string): void {
  if (!existsSync(join(home, 'local.json'))) return;
  const { deployed: _deployed, docker: _docker, processes: _processes, ...kept } = readState(home);
  writePrivately(join(home, 'local.json'), JSON.stringify(kept, undefined, 2));
}

/** Writes a file that only its owner can read. It is replaced atomically. */
export function writePrivately(file: string, text: string, owner?: ServiceUser): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  if (owner !== undefined) chownSync(draft, owner.uid, owner.gid);
  renameSync(draft, file);
}

/** The secrets of this home, made at the first call. Secrets that an earlier version did not have are added. */
export function secretsOf(home: string): Secrets {
  const file = join(home, 'secrets.json');
  const known = (readJson(file) as Partial<Secrets> | undefined) ?? {};
  const secret = (): string => randomBytes(24).toString('base64url');
  const secrets: Secrets = {
    orthancPassword: secret(),
    postgresPassword: secret(),
    orthancDatabasePassword: secret(),
    cloudKey: newAccessKey(),
    ...known,
  };
  if (Object.keys(known).length < Object.keys(secrets).length)
    writePrivately(file, JSON.stringify(secrets, undefined, 2));
  return secrets;
}

/**
 * A key as long as AWS's. Its id is not an account number and does not begin like AWS's ids, because local clouds would
 * derive the account from it.
 */
function newAccessKey(): AccessKey {
  const id = Array.from(randomBytes(15), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('');
  return { accessKeyId: `HILUM${id}`, secretAccessKey: randomBytes(30).toString('base64url') };
}

/** The access key that this home's local cloud accepts. */
export const cloudKey = (home: string): AccessKey => secretsOf(home).cloudKey;

/** The file with that key for AWS's programs (AWS_SHARED_CREDENTIALS_FILE). */
export const keyFile = (home: string): string => join(home, 'aws-credentials');

export function writeKeyFile(home: string, region: string): void {
  const { accessKeyId, secretAccessKey } = cloudKey(home);
  const lines = [
    '[default]',
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    `region = ${region}`,
  ];
  writePrivately(keyFile(home), `${lines.join('\n')}\n`);
}

/**
 * The folder for the data of PostgreSQL and Orthanc. Under root, both run as users of their own, who must be able to reach
 * it. If the home lies in a folder that is closed to them (such as /root), the data lies under /var/tmp.
 */
export function serviceFolder(home: string): string {
  if (!isRoot() || isOpenToOthers(dirname(home))) return join(home, 'services');
  return `/var/tmp/hilum-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;
}

function isOpenToOthers(folder: string): boolean {
  const passable = !existsSync(folder) || (statSync(folder).mode & 0o001) !== 0;
  return passable && (folder === dirname(folder) || isOpenToOthers(dirname(folder)));
}

/**
 * Makes a service's own folder, closed to everybody else, and returns its path.
 *
 * @throws ConfigurationError if the folder for the data of all services is a link or belongs to another user
 */
export function makeServiceFolder(home: string, name: string, owner: ServiceUser | undefined): string {
  const parent = serviceFolder(home);
  refuseOfOthers(parent);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  // Checked again, because another user may have made the folder in between.
  refuseOfOthers(parent);
  chmodSync(parent, isRoot() ? 0o711 : 0o700);
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/**
 * Refuses a link and another user's folder. The name under /var/tmp is predictable, and everybody may make folders and links
 * there.
 */
function refuseOfOthers(folder: string): void {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  const uid = process.getuid?.() ?? stats?.uid;
  if (stats === undefined || (stats.isDirectory() && stats.uid === uid)) return;
  throw new ConfigurationError(
    `${folder} is meant for the data of PostgreSQL and Orthanc, but it is a link or belongs to another user: find out who made it, and remove it`,
  );
}

/**
 * The user that a service runs as: the current user. For root it is the named user, which the Debian packages make, or
 * `nobody`.
 *
 * @throws ConfigurationError if root finds neither user
 */
export function serviceUser(name: string): ServiceUser | undefined {
  if (!isRoot()) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([user]) => user === name) ?? users.find(([user]) => user === 'nobody') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new ConfigurationError(
      `Services must not run as root, but neither the user ${name} nor the user nobody exists`,
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Removes the home and the services' data. Call it only when nothing runs.
 *
 * @throws ConfigurationError if the data folder belongs to another user
 */
export function purge(home: string): void {
  refuseOfOthers(serviceFolder(home));
  rmSync(serviceFolder(home), { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}
