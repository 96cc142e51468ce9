/** Tries mutations, two at a time: each in a copy of the tree, with the tests of its file. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';
import { runTests, runUnmutated } from './run-tests.ts';
import { copyTree, withText } from './scratch.ts';
import { createTestFinder } from './tests-of.ts';

export interface CampaignOptions {
  readonly root: string;
  readonly mutants: readonly Mutant[];
  readonly signal: AbortSignal;
  readonly onDone: (tried: Tried) => void;
}

export interface Tried {
  readonly mutant: Mutant;
  /** `stuck`: the tests did not end. */
  readonly outcome: 'caught' | 'stuck' | 'survived';
  readonly seconds: number;
}

const COPIES = 2;
const UNMUTATED_LIMIT_MS = 900_000;
/** Tests that take this many times longer than without the mutation count as hanging. */
const SLOWER = 4;
const START_MS = 30_000;
/** The closest test first, since it is most likely to fail; then these many tests, then all. */
const STAGES = [0, 1, 3, 8, 32];

/**
 * @returns the outcomes of the mutations tried before `signal` was aborted
 * @throws Error if a test fails without a mutation, or if a file has no test
 */
export async function tryMutants({ root, mutants, onDone, ...options }: CampaignOptions): Promise<readonly Tried[]> {
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  const scratch = await mkdtemp(join(tmpdir(), 'hilum-mutate-'));
  try {
    const holdersOf = createTestFinder(root);
    const unmutated = join(scratch, 'unmutated');
    copyTree(root, unmutated);
    const durationsOf = createTimer(unmutated, signal);
    const waiting = [...mutants];
    const done: Tried[] = [];
    const work = async (copy: number): Promise<void> => {
      const folder = join(scratch, String(copy));
      copyTree(root, folder);
      for (let mutant = waiting.shift(); mutant !== undefined && !signal.aborted; mutant = waiting.shift()) {
        const tried = await tryMutant({ folder, mutant, holders: holdersOf(mutant.file), durationsOf, signal });
        if (signal.aborted) return;
        done.push(tried);
        onDone(tried);
      }
    };
    const workers = Array.from({ length: COPIES }, (_, copy) => work(copy));
    // An error in one copy ends the tests in the other, so that no process is left behind.
    for (const worker of workers) worker.catch((error: unknown) => broken.abort(error));
    await Promise.allSettled(workers);
    broken.signal.throwIfAborted();
    return done;
  } catch (error) {
    // Tests that were ended together with the run did not fail because of the mutation.
    if (options.signal.aborted) return [];
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Timer = (tests: readonly string[]) => Promise<number>;

/** Runs every test once without mutations to check that it passes. Returns how long the tests take, in ms. */
function createTimer(folder: string, signal: AbortSignal): Timer {
  const known = new Map<string, Promise<number>>();
  return async (tests) => {
    const unknown = tests.filter((test) => !known.has(test));
    if (unknown.length > 0) {
      const durations = runUnmutated({ folder, tests: unknown, limitMs: UNMUTATED_LIMIT_MS, signal });
      for (const test of unknown)
        known.set(
          test,
          durations.then((each) => each.get(test) ?? 0),
        );
    }
    const each = await Promise.all(tests.map((test) => known.get(test) ?? 0));
    return each.reduce((sum, ms) => sum + ms, 0);
  };
}

interface Trial {
  readonly folder: string;
  readonly mutant: Mutant;
  /** The tests of its file, the closest first. */
  readonly holders: readonly string[];
  readonly durationsOf: Timer;
  readonly signal: AbortSignal;
}

async function tryMutant({ folder, mutant, holders, durationsOf, signal }: Trial): Promise<Tried> {
  const { file, text } = mutant;
  if (holders.length === 0) throw new Error(`No test leads to ${file}`);
  const began = performance.now();
  const original = await readFile(join(folder, file), 'utf8');
  const end = (outcome: Tried['outcome']): Tried => ({ mutant, outcome, seconds: (performance.now() - began) / 1000 });
  for (const [index, from] of STAGES.entries()) {
    const tests = holders.slice(from, STAGES[index + 1]);
    if (tests.length === 0 || signal.aborted) break;
    const limitMs = START_MS + SLOWER * (await durationsOf(tests));
    const verdict = await withText(folder, file, { text, original }, () =>
      runTests({ folder, tests, limitMs, signal }),
    );
    if (verdict !== 'passed') return end(verdict === 'stuck' ? 'stuck' : 'caught');
  }
  return end('survived');
}
