import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type LocalCloud, localCloudAnswers } from '#adapters/aws/local-cloud.ts';
import { cloudRuns, localCloud, startCloud, stopCloud } from './cloud.ts';
import { connect, type DeployContext, deploy, sourcesDigest, synthesise } from './deploy.ts';
import { dockerDown, dockerUp, ORTHANC_IN_DOCKER } from './docker.ts';
import { readLocalEnvironment } from './environment.ts';
import {
  edgeFolder,
  forgetServices,
  type LocalEnvironment,
  type LocalState,
  localHome,
  makeHome,
  type OrthancEnvironment,
  passwordFile,
  proveHome,
  purge,
  readState,
  SERVICES,
  type Service,
  secretsOf,
  updateState,
  VIEWER_PORT,
  writeKeyFile,
  writePrivately,
} from './home.ts';
import { removeEdgeFolder, withLock } from './lock.ts';
import { miniStackPython, REGION } from './ministack.ts';
import { orthancAnswers, orthancEnvironment, orthancProgram, startOrthancServer } from './orthanc.ts';
import { refuseAsHome, refuseToPurge } from './own-home.ts';
import { postgresAnswers, postgresPrograms, startPostgres } from './postgres.ts';
import { freePort, isRunning, type ProcessRecord, stop } from './processes.ts';

export { readLocalEnvironment } from './environment.ts';
export type { CloudEnvironment, LocalEnvironment, OrthancEnvironment } from './home.ts';

export interface LocalOptions {
  /** The folder of this local environment; HILUM_HOME, else the one of `localstack/place.mjs`. */
  readonly home?: string;
  /** Ports to use if none is remembered. A port that is taken is replaced by a free one. `free`: any port. */
  readonly ports?: 'free' | Readonly<Partial<Record<Service, number>>>;
  /** Seconds without a new instance until Orthanc calls a study stable. */
  readonly stableAgeS?: number;
  /** Runs PostgreSQL and Orthanc in Docker, and the cloud (LocalStack) too if LOCALSTACK_AUTH_TOKEN is set. */
  readonly docker?: boolean;
  /** A running PACS to use instead of Hilum's own Orthanc. */
  readonly pacs?: OrthancEnvironment;
  /** Settings for the deployed app. The default is those of the home's last deployment. */
  readonly context?: DeployContext;
  /** Called with a few words at each step. */
  readonly onProgress?: (step: string) => void;
}

const DEFAULT_PORTS: Readonly<Record<Service, number>> = { postgresql: 5442, orthanc: 8042, cloud: 4566 };
const NAMES: Readonly<Record<Service, string>> = {
  postgresql: 'PostgreSQL',
  orthanc: 'Orthanc',
  cloud: 'the local cloud',
};

/**
 * Starts PostgreSQL and Orthanc if they do not run yet.
 *
 * @throws ConfigurationError if a part is not installed or does not start
 */
export async function orthancUp(options: LocalOptions = {}): Promise<OrthancEnvironment> {
  const home = localHome(options.home);
  makeHome(home);
  const secrets = secretsOf(home);
  const postgresPort = await ensure('postgresql', options, (port) => startPostgres({ home, port, secrets }));
  const { stableAgeS } = options;
  const viewerUrl = `http://127.0.0.1:${await viewerPort(home, options)}`;
  const port = await ensure('orthanc', options, (chosen) =>
    startOrthancServer({
      home,
      port: chosen,
      postgresPort,
      secrets,
      viewerUrl,
      ...(stableAgeS === undefined ? {} : { stableAgeS }),
    }),
  );
  const orthanc = orthancEnvironment({ port, secrets });
  updateState(home, { orthanc });
  return orthanc;
}

/** The viewer's port. It is chosen once, because Orthanc gets it at its start. */
async function viewerPort(home: string, { ports }: LocalOptions): Promise<number> {
  const known = readState(home).viewerPort;
  const port = known ?? (await freePort(ports === 'free' ? undefined : VIEWER_PORT));
  if (known === undefined) updateState(home, { viewerPort: port });
  return port;
}

/**
 * Starts an empty local cloud if none runs yet.
 *
 * @throws ConfigurationError if the cloud is not installed or does not start
 */
export async function cloudUp(options: LocalOptions = {}): Promise<LocalCloud> {
  const home = localHome(options.home);
  makeHome(home);
  const state = readState(home);
  const choosePort = async (): Promise<number> => {
    const port = await freePort(wantedPort('cloud', options));
    options.onProgress?.(`starting ${NAMES.cloud} on port ${port}`);
    return port;
  };
  const known = cloudRuns(home, state) ? state.ports?.cloud : undefined;
  const cloud = localCloud(home, known ?? (await startCloud(home, choosePort)));
  updateState(home, cloud);
  return cloud;
}

/**
 * Starts the whole local environment: PostgreSQL, Orthanc, the local cloud, and the CDK app on it. Running services are left
 * alone. The app is deployed if the cloud is new, and thus empty, or if the app's sources changed.
 *
 * @throws ConfigurationError if a part is not installed, does not start or cannot be deployed, or the home holds other files
 * @throws SystemRefusalError if the home cannot be written; in both of the latter cases, nothing has been started
 */
export async function localUp(options: LocalOptions = {}): Promise<LocalEnvironment> {
  const home = localHome(options.home);
  proveHome(home);
  refuseAsHome(home);
  return withLock(home, async () => {
    makeHome(home);
    const { docker } = readState(home);
    const isInDocker = options.docker ?? docker !== undefined;
    let parts = isInDocker ? await partsInDocker(home, options) : await nativeParts(options);
    const { deployed, context: deployedContext } = readState(home);
    const asked = options.context ?? deployedContext ?? {};
    // In Docker, OHIF is Orthanc's plugin, without the viewer's proxy.
    const context = isInDocker ? { wholeByteMasks: 'true', ...asked } : asked;
    const sources = sourcesDigest(context);
    if (deployed !== `${parts.cloudMark}/${sources}`) {
      options.onProgress?.('deploying the CDK app on the local cloud');
      const canUpdate = await synthesise(home, parts.cloud, context);
      if (!canUpdate && deployed?.startsWith(`${parts.cloudMark}/`)) {
        options.onProgress?.("the stack's resources have changed: starting with an empty cloud");
        await stopService(home, 'cloud');
        parts = await nativeParts(options);
      }
      const environment = await deploy(home, parts.cloud);
      updateState(home, { ...environment, deployed: `${parts.cloudMark}/${sources}`, context });
    }
    const environment = readLocalEnvironment({ home });
    writePrivately(passwordFile(home), `${parts.orthanc.password}\n`);
    const { dicomWebUrlForFunctions: dicomWebUrl, plainHttpHost } = parts;
    await connect(environment, { ...parts.orthanc, dicomWebUrl, plainHttpHost });
    return environment;
  });
}

/** What the CDK app is deployed on and connected to. */
interface Parts {
  readonly orthanc: OrthancEnvironment;
  readonly cloud: LocalCloud;
  /** Identifies this run of the cloud. Another run has nothing deployed. */
  readonly cloudMark: string;
  readonly dicomWebUrlForFunctions: string;
  /** The host of that address, where it is reached without TLS and is not this machine. */
  readonly plainHttpHost?: string;
}

async function nativeParts(options: LocalOptions): Promise<Parts> {
  // Before anything is started: it would go on running without the part that is missing.
  miniStackPython();
  if (options.pacs === undefined) {
    postgresPrograms();
    orthancProgram();
  }
  const { url, dicomWebUrl, username, password } = options.pacs ?? (await orthancUp(options));
  const orthanc = { url, dicomWebUrl, username, password };
  updateState(localHome(options.home), { orthanc });
  return { ...(await nativeCloud(options)), orthanc, dicomWebUrlForFunctions: orthanc.dicomWebUrl };
}

async function nativeCloud(options: LocalOptions): Promise<Pick<Parts, 'cloud' | 'cloudMark'>> {
  const cloud = await cloudUp(options);
  const { pid, startMark } = readState(localHome(options.home)).processes?.cloud ?? {};
  return { cloud, cloudMark: `${pid}/${startMark}` };
}

async function partsInDocker(home: string, options: LocalOptions): Promise<Parts> {
  const { stableAgeS } = options;
  const { docker } = readState(home);
  const wanted: Partial<Record<Service, number>> =
    options.ports === 'free' ? {} : { ...DEFAULT_PORTS, ...options.ports };
  // Running containers hold their ports, so remembered ports are used without looking for free ones.
  const ports = docker?.ports ?? { orthanc: await freePort(wanted.orthanc), cloud: await freePort(wanted.cloud) };
  const secrets = secretsOf(home);
  options.onProgress?.('starting the containers of localstack/compose.yaml');
  const { hasCloud } = dockerUp({ home, ports, secrets, ...(stableAgeS === undefined ? {} : { stableAgeS }) });
  const orthanc = orthancEnvironment({ port: ports.orthanc, secrets });
  updateState(home, { orthanc, docker: { ports, hasCloud } });
  if (!hasCloud) return { ...(await nativeCloud(options)), orthanc, dicomWebUrlForFunctions: orthanc.dicomWebUrl };
  writeKeyFile(home, REGION);
  const cloud = localCloud(home, ports.cloud);
  updateState(home, cloud);
  // The container may have been recreated. The CDK itself finds out whether there is anything to deploy.
  return { orthanc, cloud, cloudMark: randomUUID(), ...ORTHANC_IN_DOCKER };
}

/** Starts a service unless it runs already. Remembers its port and process, and returns the port. */
async function ensure(
  service: Service,
  options: LocalOptions,
  start: (port: number) => Promise<ProcessRecord>,
): Promise<number> {
  const home = localHome(options.home);
  const { ports: remembered, processes } = readState(home);
  const known = remembered?.[service];
  if (known !== undefined && isRunning(processes?.[service])) return known;
  const port = await freePort(wantedPort(service, options));
  options.onProgress?.(`starting ${NAMES[service]} on port ${port}`);
  const record = await start(port);
  updateState(home, { ports: { [service]: port }, processes: { [service]: record } });
  return port;
}

/** The port to try first: the remembered one, else the requested one. */
function wantedPort(service: Service, { home, ports }: LocalOptions): number | undefined {
  const known = readState(localHome(home)).ports?.[service];
  return known ?? (ports === 'free' ? undefined : (ports?.[service] ?? DEFAULT_PORTS[service]));
}

/**
 * Stops all services of a home. Their data stays, except the cloud's, which is in memory. `purge` removes everything.
 *
 * @throws ConfigurationError if a process cannot be stopped, or if an edge uses the folder that is to be removed
 */
export async function localDown(options: { readonly home?: string; readonly purge?: boolean } = {}): Promise<void> {
  const home = localHome(options.home);
  const shouldPurge = options.purge === true;
  if (shouldPurge) refuseToPurge(home);
  const down = async (): Promise<void> => {
    if (shouldPurge) removeEdgeFolder(edgeFolder(home));
    const { docker } = readState(home);
    for (const service of SERVICES.toReversed()) await stopService(home, service);
    if (docker !== undefined) {
      dockerDown({ home, ports: docker.ports, secrets: secretsOf(home) }, { purge: shouldPurge });
    }
    if (shouldPurge) purge(home);
    else forgetServices(home);
  };
  // The lock lies in the home. If there is no home, no other process can be starting services.
  await (existsSync(home) ? withLock(home, down) : down());
}

/** On SIGTERM, PostgreSQL waits for its clients to disconnect. SIGINT is its fast shutdown. */
async function stopService(home: string, service: Service): Promise<void> {
  if (service === 'cloud') return stopCloud(home);
  const record = readState(home).processes?.[service];
  if (record === undefined) return;
  await stop(record, { signal: service === 'postgresql' ? 'SIGINT' : 'SIGTERM', graceMs: 10_000 });
}

/** Stops Orthanc alone, for tests of a PACS outage. `kill` sends SIGKILL. */
export async function stopOrthanc(home: string, { kill = false }: { readonly kill?: boolean } = {}): Promise<void> {
  const record = readState(home).processes?.orthanc;
  if (record !== undefined) await stop(record, { signal: kill ? 'SIGKILL' : 'SIGTERM', graceMs: 10_000 });
}

/** Starts Orthanc again, on the same port with the same data. */
export async function startOrthanc(home: string): Promise<OrthancEnvironment> {
  return orthancUp({ home });
}

/** A service's state. `unhealthy`: its process runs but does not answer. */
export interface ServiceStatus {
  readonly service: Service;
  readonly state: 'running' | 'unhealthy' | 'stopped';
  readonly port?: number;
  readonly pid?: number;
}

/** Checks the health of every service of a home. */
export async function localStatus(options: { readonly home?: string } = {}): Promise<readonly ServiceStatus[]> {
  const state = readState(localHome(options.home));
  return Promise.all(SERVICES.map((service) => statusOf(service, state)));
}

async function statusOf(service: Service, state: LocalState): Promise<ServiceStatus> {
  const record = state.processes?.[service];
  const port = state.ports?.[service];
  const inDocker = dockerPort(service, state);
  if (inDocker !== undefined) {
    const healthy = await isHealthy(service, state, inDocker);
    return { service, state: healthy ? 'running' : 'unhealthy', port: inDocker };
  }
  const guard = service === 'cloud' ? state.processes?.guard : undefined;
  const lives = isRunning(record) || isRunning(guard);
  if (record === undefined || port === undefined || !lives) return { service, state: 'stopped' };
  const healthy = await isHealthy(service, state, port);
  return { service, state: healthy ? 'running' : 'unhealthy', port, pid: record.pid };
}

/** The port of a service in Docker. PostgreSQL has none on this machine, so Orthanc's port and health stand for it. */
function dockerPort(service: Service, { docker }: LocalState): number | undefined {
  if (docker === undefined || (service === 'cloud' && !docker.hasCloud)) return undefined;
  return service === 'cloud' ? docker.ports.cloud : docker.ports.orthanc;
}

async function isHealthy(service: Service, state: LocalState, port: number): Promise<boolean> {
  const { orthanc, endpoint, region, credentials, docker } = state;
  if (service === 'orthanc' || (docker !== undefined && service === 'postgresql'))
    return orthanc !== undefined && orthancAnswers(orthanc);
  if (service === 'cloud') {
    const isKnown = endpoint !== undefined && region !== undefined && credentials !== undefined;
    return isKnown && localCloudAnswers({ endpoint, region, credentials });
  }
  return postgresAnswers(port);
}
