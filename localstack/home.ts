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
  /** The access key of this home, the only one that the local cloud takes. */
  readonly credentials: AccessKey;
  readonly bucket: string;
  readonly runsTable: string;
  /** What the URLs of all queues start with: the base that `queueUrl` of `pipeline/environment.ts` takes. */
  readonly queues: string;
  /** The SSM parameter that tells which tools are deployed. */
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

/** Where the viewer is found, unless this home has another port for it. */
export const VIEWER_PORT = 8043;

/** Ports of this machine that lead into Docker. */
export interface DockerPorts {
  readonly orthanc: number;
  readonly cloud: number;
}

/** What is remembered between commands, in `local.json`. */
export interface LocalState extends Partial<LocalEnvironment> {
  readonly ports?: Readonly<Partial<Record<Service, number>>>;
  /** Where the viewer is, when it runs: Orthanc's pages lead there. */
  readonly viewerPort?: number;
  readonly processes?: Readonly<Partial<Record<Service | 'guard', ProcessRecord>>>;
  /** Digest of the sources that the running cloud's stack was deployed from. */
  readonly deployed?: string;
  /** Where PostgreSQL and Orthanc, and perhaps the cloud, run in Docker. */
  readonly docker?: { readonly ports: DockerPorts; readonly hasCloud: boolean };
  /** The settings it was deployed with. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Generated once per home; they live in a file that only its owner can read. */
export interface Secrets {
  readonly orthancPassword: string;
  readonly postgresPassword: string;
  readonly orthancDatabasePassword: string;
  /** The access key that the local cloud takes. */
  readonly cloudKey: AccessKey;
}

/** The folder that holds the local environment: HILUM_HOME, else the one of `localstack/place.mjs`. */
export function localHome(home?: string): string {
  const { HILUM_HOME } = process.env;
  // An empty one is not set: it would be the working directory, and `purge` removes the home.
  return resolve(home ?? (HILUM_HOME || DEFAULT_HOME));
}

/** What `hilum edge` and the demo remember of what they put into the cloud of this home. */
export const edgeFolder = (home: string): string => join(home, 'edge');

/** Holds Orthanc's password and nothing else, for a person who signs in. */
export const passwordFile = (home: string): string => join(home, 'orthanc-password');

/**
 * Proves that the home can be written to, before anything is started in it.
 *
 * @throws SystemRefusalError where it cannot, with the setting that names another one
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

/** Makes the home. Root's must let the users of PostgreSQL and Orthanc pass through; what matters in it is 0600. */
export function makeHome(home: string): void {
  mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
  chmodSync(home, isRoot() ? 0o711 : 0o700);
}

/**
 * The remembered state; empty where nothing was ever started here.
 *
 * @throws ConfigurationError where the file is damaged
 */
export function readState(home: string): LocalState {
  return (readJson(join(home, 'local.json')) as LocalState | undefined) ?? {};
}

/** What a file of the home holds; undefined where there is none. */
function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fix = 'stop what runs of it, remove the folder that holds the file, and run `hilum local up`';
    throw new ConfigurationError(`${file} is damaged, it is no JSON: ${fix}`, { cause });
  }
}

/** Merges into the remembered state and writes it, whole or not at all. */
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

/** Forgets what ended with the services: the deployment, and that they ran in Docker. */
export function forgetServices(home: string): void {
  if (!existsSync(join(home, 'local.json'))) return;
  const { deployed: _deployed, docker: _docker, processes: _processes, ...kept } = readState(home);
  writePrivately(join(home, 'local.json'), JSON.stringify(kept, undefined, 2));
}

/** Writes a file that only its owner can read; readers see the old one or the new one, never a part. */
export function writePrivately(file: string, text: string, owner?: ServiceUser): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  if (owner !== undefined) chownSync(draft, owner.uid, owner.gid);
  renameSync(draft, file);
}

/** The secrets of this home, made at the first call; a home of an earlier version gets those that it lacks. */
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
 * As long as AWS's. The id is no number of an account, nor begins as AWS's own ids do: from both, local clouds would read
 * the account to work in.
 */
function newAccessKey(): AccessKey {
  const id = Array.from(randomBytes(15), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('');
  return { accessKeyId: `HILUM${id}`, secretAccessKey: randomBytes(30).toString('base64url') };
}

/** The access key that the local cloud of this home takes. */
export const cloudKey = (home: string): AccessKey => secretsOf(home).cloudKey;

/** The file in which AWS's programs find that key: AWS_SHARED_CREDENTIALS_FILE. */
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
 * The folder for the data of PostgreSQL and Orthanc. As root both run as users of their own, who must be able to reach it:
 * where the home lies under a folder that is closed to others (say /root), it is a folder of this home's under /var/tmp.
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
 * @throws ConfigurationError where somebody else made the folder for the data of all services, or a link to another one
 */
export function makeServiceFolder(home: string, name: string, owner: ServiceUser | undefined): string {
  const parent = serviceFolder(home);
  refuseOfOthers(parent);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  // Again, for what somebody put there between the look and the making.
  refuseOfOthers(parent);
  chmodSync(parent, isRoot() ? 0o711 : 0o700);
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/** Its name under /var/tmp can be foreseen, and there everybody may make folders and links. */
function refuseOfOthers(folder: string): void {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  const uid = process.getuid?.() ?? stats?.uid;
  if (stats === undefined || (stats.isDirectory() && stats.uid === uid)) return;
  throw new ConfigurationError(
    `${folder} is to hold the data of PostgreSQL and Orthanc, and is a link or belongs to another user: see who made it, and remove it`,
  );
}

/**
 * The user that a service runs as: the current one, and for root the named one (the Debian packages make them) or nobody.
 *
 * @throws ConfigurationError where root has no such users
 */
export function serviceUser(name: string): ServiceUser | undefined {
  if (!isRoot()) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([user]) => user === name) ?? users.find(([user]) => user === 'nobody') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new ConfigurationError(`Services do not run as root: neither the user ${name} nor nobody exists`);
  }
  return { uid: Number(uid), gid: Number(gid) };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Removes the home and the services' data. Call it only when nothing runs.
 *
 * @throws ConfigurationError where the folder of the data is not ours
 */
export function purge(home: string): void {
  refuseOfOthers(serviceFolder(home));
  rmSync(serviceFolder(home), { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}
