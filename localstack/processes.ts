import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError } from '#core/errors.ts';

/** A service process as it is remembered between commands. The start mark tells it from a later one with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startMark: string;
}

/** The user a service runs as, by number; undefined: the current user. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

export interface LaunchOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard output and error are appended to this file (0600). */
  readonly log: string;
  readonly user: ServiceUser | undefined;
}

/**
 * Starts a service in a session of its own, so that it outlives this process and a Ctrl-C here does not reach it.
 *
 * @throws ConfigurationError where the program cannot be started
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

/** What tells a running process from all others. */
export function recordOf(pid: number): ProcessRecord {
  return { pid, startMark: processTable().get(pid)?.startMark ?? '' };
}

/** True while the recorded process lives; a zombie and a stranger with its pid do not count. */
export function isRunning(record: ProcessRecord | undefined): boolean {
  return record !== undefined && processTable().get(record.pid)?.startMark === record.startMark;
}

export interface StopOptions {
  /** What asks the service to end. */
  readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL';
  /** How long it may take until it is killed. */
  readonly graceMs: number;
}

/** Stops a service and everything it started: asks, waits, then kills who is left. Does nothing where it is gone. */
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
    // It may have ended between the look and the signal, which is what was wanted.
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

/** The process and all its descendants, as they are now: once it is gone, nothing says whose the children were. */
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
 * A port that nobody holds: the wanted one, else one from 20000 to 32000, below what systems give to outgoing connections.
 * Tried on every interface, since Orthanc listens on all.
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
 * Asks `ready` until it says so.
 *
 * @throws ConfigurationError where it does not within `withinMs` or the process ends before, naming the log to read; the
 *   process is stopped then
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
      throw new ConfigurationError(`${service.name} was not ready in ${service.withinMs} ms: see ${service.log}`);
    }
    await sleep(40);
  }
}
