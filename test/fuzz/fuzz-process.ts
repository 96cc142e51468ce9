/** A child process of the campaign: runs its cases, records its progress, and reports failing cases. */
import { openSync, writeSync } from 'node:fs';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { stateOf } from './campaign.ts';
import { runCase } from './case.ts';
import { type Case, createCaseMaker } from './make-case.ts';
import { peakRssBytes } from './memory.ts';
import type { Assignment, Find, Report } from './protocol.ts';
import { makeSeeds } from './seeds.ts';

const MAX_CASE_CPU_MS = 1000;
const MAX_RSS_BYTES = 512 * 1e6;
const REPORT_EVERY = 100;

const assignment: Assignment = JSON.parse(process.argv[2] ?? '');
const state = openSync(assignment.stateFile, 'r+');
await using decoder = createDecoder({ threads: 1 });
const makeCase = createCaseMaker(await makeSeeds(assignment.realFiles), assignment.seed);

let current = assignment.from;
let outcomes: Record<string, number> = {};
let slowest = { case: 0, cpuMs: 0 };
let count = 0;
let stray: unknown;
process.on('unhandledRejection', (error) => {
  stray = error;
});

function tell(message: Report | Find | 'done' | 'restart'): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

function report(): Promise<void> {
  const message = { outcomes, slowest, peakRssBytes: peakRssBytes() };
  [outcomes, slowest, count] = [{}, { case: 0, cpuMs: 0 }, 0];
  return tell(message);
}

function find({ seed, bytes }: Case, what: string, error?: unknown): Promise<void> {
  const stack = error instanceof Error ? `${error.stack}` : String(error ?? '');
  return tell({ case: current, what, name: seed.name, bytes: Buffer.from(bytes).toString('base64'), stack });
}

async function run({ seed, bytes }: Case): Promise<{ readonly outcome: string; readonly cpuMs: number }> {
  const before = process.cpuUsage();
  const outcome = await runCase(bytes, seed.companions, decoder);
  const { user, system } = process.cpuUsage(before);
  return { outcome, cpuMs: (user + system) / 1000 };
}

for (; current < assignment.to; current += assignment.step) {
  writeSync(state, stateOf(current), 0, 8, 0);
  const made = makeCase(current);
  let outcome = 'find';
  try {
    let ran = await run(made);
    // Garbage collection or the start of a thread may have taken the time: a case is slow only if it is slow each time.
    for (let again = 0; ran.cpuMs > MAX_CASE_CPU_MS && again < 2; again += 1) ran = await run(made);
    if (ran.cpuMs > slowest.cpuMs) slowest = { case: current, cpuMs: ran.cpuMs };
    if (ran.cpuMs > MAX_CASE_CPU_MS) await find(made, `takes ${Math.round(ran.cpuMs)} ms of CPU`);
    else outcome = ran.outcome;
  } catch (error) {
    await find(made, error instanceof Error ? error.message : 'threw something that is no error', error);
  }
  if (stray !== undefined) await find(made, 'left a rejection unhandled', stray);
  stray = undefined;
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  count += 1;
  if (count % REPORT_EVERY === 0) {
    if (peakRssBytes() > MAX_RSS_BYTES) {
      await find(
        made,
        `the process had ${Math.round(peakRssBytes() / 1e6)} MB at this case or up to ${REPORT_EVERY} before`,
      );
      await report();
      await tell('restart');
      process.exit(1);
    }
    await report();
  }
}
await report();
await tell('done');
process.disconnect();
