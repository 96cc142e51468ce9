import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError } from '#core/errors.ts';

/** A service process as remembered between commands. The start mark distinguishes it from a later process with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startMark: string;
}

/** The user and the group that a service runs as. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

export interface LaunchOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard output and error are appended to this file (0600). */
  readonly log: string;
  readonly user: ServiceUser | undefined;
}

/**
 * Starts a service in a session of its own, so that it outlives this process and a Ctrl-C here does not reach it.
 *
 * @throws ConfigurationError if the program cannot be started
 */
export async function launch({ command, args, env, cwd, log, user }: LaunchOptions): Promise<ProcessRecord> {
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', output, output], ...user });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(new ConfigurationError(`${command} could not be started`, { cause })));
    });
    child.unref();
    return recordOf(child.pid ?? 0);
  } finally {
    closeSync(output);
  }
}

/** The record that identifies a running process. */
export function recordOf(pid: number): ProcessRecord {
  return { pid, startMark: processTable().get(pid)?.startMark ?? '' };
}

/** True while the recorded process lives. A zombie, or another process with the same pid, does not count. */
export function isRunning(record: ProcessRecord | undefined): boolean {
  return record !== undefined && processTable().get(record.pid)?.startMark === record.startMark;
}

export interface StopOptions {
  /** The signal that asks the service to end. */
  readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL';
  /** How long it may take until it is killed. */
  readonly graceMs: number;
}

/** Stops a service and everything it started: asks, waits, and then kills what is left. Does nothing if the service is gone. */
export async function stop(record: ProcessRecord, { signal, graceMs }: StopOptions): Promise<void> {
  if (!isRunning(record)) return;
  const family = familyOf(record);
  send(record, signal);
  if (await allGone([record], graceMs)) await allGone(family, 500);
  for (const member of family) if (isRunning(member)) send(member, 'SIGKILL');
  if (!(await allGone(family, 5_000))) {
    throw new ConfigurationError(`process ${record.pid} or a child of it could not be stopped`);
  }
}

function send(record: ProcessRecord, signal: NodeJS.Signals): void {
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    // The process may have ended just before the signal, which is fine.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function allGone(records: readonly ProcessRecord[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (records.some(isRunning)) {
    if (performance.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

/** The process and all its present descendants. Once the process is gone, its descendants can no longer be found. */
function familyOf(root: ProcessRecord): readonly ProcessRecord[] {
  const table = processTable();
  const family = [root];
  for (const member of family) {
    for (const [pid, { parent, startMark }] of table) if (parent === member.pid) family.push({ pid, startMark });
  }
  return family;
}

interface ProcessEntry {
  readonly parent: number;
  readonly startMark: string;
}

/** Every living process by pid: from /proc, and by `ps` where there is none (macOS). */
function processTable(): ReadonlyMap<number, ProcessEntry> {
  return existsSync('/proc/self/stat') ? tableFromProc() : tableFromPs();
}

function tableFromProc(): ReadonlyMap<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = readStat(name);
    // proc(5): after the command in parentheses come state, ppid, … and, as the 20th, the start time.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    const [state, parent] = fields;
    const startMark = fields[19];
    if (state !== 'Z' && startMark !== undefined) table.set(Number(name), { parent: Number(parent), startMark });
  }
  return table;
}

function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It ended while the table was being read.
    return undefined;
  }
}

function tableFromPs(): ReadonlyMap<number, ProcessEntry> {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,lstart='], { encoding: 'utf8' });
  const table = new Map<number, ProcessEntry>();
  for (const line of stdout.split('\n')) {
    const [pid, parent, state, ...start] = line.trim().split(/\s+/);
    if (state?.startsWith('Z') === false)
      table.set(Number(pid), { parent: Number(parent), startMark: start.join(' ') });
  }
  return table;
}

/**
 * A free port: the wanted one, else one from 20000 to 32000, below the range for outgoing connections. It is tried on every
 * interface, because Orthanc listens on all of them.
 */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new ConfigurationError('no free TCP port was found between 20000 and 32000');
}

async function isFree(port: number): Promise<boolean> {
  const listens = (host: string): Promise<boolean> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
    });
  return (await listens('127.0.0.1')) && (await listens('0.0.0.0'));
}

/**
 * Calls `ready` until it returns true.
 *
 * @throws ConfigurationError if the process ends, or is not ready within `withinMs` and is then stopped; the message names
 *   the log
 */
export async function waitUntilReady(
  record: ProcessRecord,
  service: { readonly name: string; readonly log: string; readonly withinMs: number },
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + service.withinMs;
  while (!(await ready())) {
    if (!isRunning(record)) throw new ConfigurationError(`${service.name} ended while starting: see ${service.log}`);
    if (performance.now() > deadline) {
      await stop(record, { signal: 'SIGKILL', graceMs: 5_000 });
      throw new ConfigurationError(
        `${service.name} was not ready within ${service.withinMs / 1000} s: see ${service.log}`,
      );
    }
    await sleep(40);
  }
}
