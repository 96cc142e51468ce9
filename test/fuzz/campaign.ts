/** Runs many cases in child processes that are watched from outside. If one hangs or dies, the next continues after its case. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Assignment, Find, Report } from './protocol.ts';

export interface CampaignOptions {
  readonly cases: number;
  readonly seed: number;
  /** Whether real files are among the seeds. */
  readonly realFiles: boolean;
  /** The folder for failing cases, one JSON file each. */
  readonly folder: string;
  readonly processes?: number;
  /** Ends the campaign. The summary covers the cases done by then. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
  /** The child processes' program, and the wall-clock limit per case; for the campaign's own test. */
  readonly program?: string;
  readonly hangsAfterMs?: number;
}

export interface Summary {
  readonly seed: number;
  readonly cases: number;
  readonly seconds: number;
  readonly casesPerSecond: number;
  /** How many cases ended how: refusals by code, and `image` or `object` where nothing was refused. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** CPU time of the slowest case, including its threads, and its number. */
  readonly slowest: { readonly case: number; readonly cpuMs: number };
  /** The most memory of any process, and of each. */
  readonly peakRssBytes: number;
  readonly processes: readonly { readonly pid: number; readonly peakRssBytes: number }[];
  /** Saved failing cases; there should be none. */
  readonly finds: readonly { readonly case: number; readonly what: string; readonly file: string }[];
}

/** A process that works on one case for this long hangs. Cases that only use much CPU time end far sooner and report it. */
const HANGS_AFTER_MS = 20_000;
const PROGRAM = join(import.meta.dirname, 'fuzz-process.ts');
const LOOK_EVERY_MS = 500;
/** Stops a campaign in which every process dies at once, because of the machine or a mistake. */
const MAX_RESTARTS = 200;

export async function runCampaign(options: CampaignOptions): Promise<Summary> {
  const { processes = 2, seed } = options;
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'hilum-fuzz-'));
  await mkdir(options.folder, { recursive: true });
  const tally = createTally(options);
  try {
    await Promise.all(
      Array.from({ length: processes }, (_, lane) => runLane({ ...options, processes }, lane, folder, tally)),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const seconds = (performance.now() - began) / 1000;
  const { done, ...rest } = tally.result();
  return { seed, cases: done, seconds, casesPerSecond: done / seconds, ...rest };
}

type Tally = ReturnType<typeof createTally>;

function createTally({ folder, seed, onProgress }: CampaignOptions) {
  const outcomes: Record<string, number> = {};
  const peaks = new Map<number, number>();
  const finds: Summary['finds'][number][] = [];
  let slowest = { case: 0, cpuMs: 0 };
  let done = 0;
  return {
    report(pid: number, report: Report): void {
      for (const [outcome, count] of Object.entries(report.outcomes)) {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
        done += count;
      }
      if (report.slowest.cpuMs > slowest.cpuMs) slowest = report.slowest;
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, report.peakRssBytes));
      onProgress?.(done);
    },
    async find(find: Find): Promise<void> {
      const file = join(folder, `${seed}-${find.case}.json`);
      await writeFile(file, `${JSON.stringify({ seed, ...find }, undefined, 1)}\n`);
      finds.push({ case: find.case, what: find.what, file });
    },
    count(outcome: string): void {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      done += 1;
    },
    result: () => ({
      done,
      outcomes: Object.fromEntries(Object.entries(outcomes).sort(([, a], [, b]) => b - a)),
      slowest,
      peakRssBytes: Math.max(0, ...peaks.values()),
      processes: [...peaks].map(([pid, peakRssBytes]) => ({ pid, peakRssBytes })),
      finds,
    }),
  };
}

/** Every n-th case, in one process after the other until all are done. */
async function runLane(
  options: CampaignOptions & { readonly processes: number },
  lane: number,
  folder: string,
  tally: Tally,
): Promise<void> {
  const { cases, seed, realFiles, processes, signal } = options;
  const stateFile = join(folder, `lane-${lane}`);
  const stopped = (): boolean => signal?.aborted === true;
  let next = lane;
  for (let starts = 0; next < cases && !stopped(); starts += 1) {
    if (starts > MAX_RESTARTS) throw new Error(`Fuzzing stops after ${MAX_RESTARTS} processes that ended early`);
    const assignment: Assignment = { seed, realFiles, from: next, to: cases, step: processes, stateFile };
    await writeFile(stateFile, stateOf(next));
    const ended = await runProcess(assignment, tally, options);
    if (stopped()) return;
    const at = readState(await readFile(stateFile));
    if (ended === 'done') return;
    next = at + processes;
    if (ended === 'restart') continue;
    tally.count(ended);
    await tally.find({ case: at, what: ended, name: '', bytes: '', stack: '' });
  }
}

async function runProcess(
  assignment: Assignment,
  tally: Tally,
  { signal, program = PROGRAM, hangsAfterMs = HANGS_AFTER_MS }: CampaignOptions,
): Promise<'done' | 'restart' | 'hang' | 'death'> {
  const child = fork(program, [JSON.stringify(assignment)], {
    execArgv: ['--unhandled-rejections=strict'],
  });
  const pid = child.pid ?? 0;
  const saved: Promise<void>[] = [];
  let answer: 'done' | 'restart' | undefined;
  child.on('message', (message: Report | Find | 'done' | 'restart') => {
    if (typeof message === 'string') answer = message;
    else if ('what' in message) saved.push(tally.find(message));
    else tally.report(pid, message);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', end);
  const hung = await watch(child, exited, { stateFile: assignment.stateFile, hangsAfterMs });
  signal?.removeEventListener('abort', end);
  await Promise.all(saved);
  return answer ?? (hung ? 'hang' : 'death');
}

/** Whether the process had to be ended: its case did not change for too long. */
async function watch(
  child: ChildProcess,
  exited: Promise<void>,
  { stateFile, hangsAfterMs }: { readonly stateFile: string; readonly hangsAfterMs: number },
): Promise<boolean> {
  let running = true;
  void exited.then(() => {
    running = false;
  });
  let [at, since] = [Number.NaN, performance.now()];
  while (running) {
    await Promise.race([exited, setTimeout(LOOK_EVERY_MS, undefined, { ref: false })]);
    const now = readState(await readFile(stateFile));
    if (now !== at) [at, since] = [now, performance.now()];
    if (running && performance.now() - since > hangsAfterMs) {
      child.kill('SIGKILL');
      await exited;
      return true;
    }
  }
  return false;
}

/** The number of a process's present case, from its state file. */
export function stateOf(number: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number);
  return bytes;
}

const readState = (bytes: Buffer): number => bytes.readDoubleLE();
