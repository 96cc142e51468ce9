/** The local cloud, one service of two processes: MiniStack on a Unix socket, and the guard in front of it on a port. */
import { join } from 'node:path';
import { type LocalCloud, localCloudAnswers } from '#adapters/aws/local-cloud.ts';
import { cloudKey, type LocalState, readState, updateState, writeKeyFile } from './home.ts';
import { endpointOf, hasSocket, REGION, startGuard, startMiniStack } from './ministack.ts';
import { isRunning, stop, waitUntilReady } from './processes.ts';

/** The address and the access key of this home's cloud. */
export const localCloud = (home: string, port: number): LocalCloud => ({
  endpoint: endpointOf(port),
  region: REGION,
  credentials: cloudKey(home),
});

/** Whether both processes run. */
export const cloudRuns = (home: string, { processes }: LocalState): boolean =>
  isRunning(processes?.cloud) && isRunning(processes?.guard) && hasSocket(home);

/**
 * Starts the processes that do not run. A running MiniStack keeps its contents if the guard can take the port that MiniStack
 * was started with.
 *
 * A new cloud is empty. The edge's journal stays: what waits there waits on, and the edge puts again what the bucket no longer has.
 *
 * @param choosePort called after the old guard has released its port
 * @throws ConfigurationError if the cloud is not installed or does not start
 */
export async function startCloud(home: string, choosePort: () => Promise<number>): Promise<number> {
  const { ports, processes } = readState(home);
  await stopGuard(home);
  const port = await choosePort();
  if (!(isRunning(processes?.cloud) && hasSocket(home) && ports?.cloud === port)) {
    await stopMiniStack(home);
    const cloud = await startMiniStack(home, port);
    updateState(home, { ports: { cloud: port }, processes: { cloud } });
  }
  writeKeyFile(home, REGION);
  const guard = await startGuard(home, port);
  updateState(home, { processes: { guard } });
  await waitUntilReady(
    guard,
    { name: "the local cloud's guard", log: join(home, 'logs', 'guard.log'), withinMs: 30_000 },
    () => localCloudAnswers(localCloud(home, port)),
  );
  return port;
}

/** Stops both. */
export async function stopCloud(home: string): Promise<void> {
  await stopGuard(home);
  await stopMiniStack(home);
}

async function stopGuard(home: string): Promise<void> {
  const guard = readState(home).processes?.guard;
  if (guard !== undefined) await stop(guard, { signal: 'SIGTERM', graceMs: 5_000 });
}

async function stopMiniStack(home: string): Promise<void> {
  const cloud = readState(home).processes?.cloud;
  if (cloud !== undefined) await stop(cloud, { signal: 'SIGTERM', graceMs: 10_000 });
}
