/** Tries mutations, two at once: each in a copy of the tree, against the tests that hold its file. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';
import { runBaseline, runTests } from './run-tests.ts';
import { copyTree, withText } from './scratch.ts';
import { createTestFinder, type Holder, laneOf } from './tests-of.ts';

export interface CampaignOptions {
  readonly root: string;
  readonly mutants: readonly Mutant[];
  readonly signal: AbortSignal;
  readonly onStart: (tests: number) => void;
  readonly onDone: (tried: Tried) => void;
}

export interface Tried {
  readonly mutant: Mutant;
  readonly outcome: 'caught' | 'stuck' | 'survived';
  /** How many test files hold the source. */
  readonly tests: number;
  readonly seconds: number;
}

const COPIES = 2;
const BASELINE_LIMIT_MS = 900_000;
/** A test that takes so much longer than without the mutation hangs. */
const SLOWER = 4;
const START_MS = 30_000;
/** The closest tests first, since they are likeliest to fail: so many, then up to so many, then all. */
const STAGES = [0, 2, 8, 32];

/** @throws Error where a test fails without a mutation, or no test holds a file */
export async function tryMutants(options: CampaignOptions): Promise<readonly Tried[]> {
  const { root, mutants, signal, onStart, onDone } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'hilum-mutate-'));
  try {
    const folders = Array.from({ length: COPIES }, (_, index) => join(scratch, String(index)));
    for (const folder of folders) copyTree(root, folder);
    const holdersOf = createTestFinder(root);
    const held = new Map(mutants.map(({ file }) => [file, holdersOf(file)]));
    const tests = [...new Set([...held.values()].flatMap((holders) => holders.map(({ test }) => test)))];
    onStart(tests.length);
    const [first = scratch] = folders;
    const baseline = await runBaseline({ folder: first, tests, limitMs: BASELINE_LIMIT_MS, signal });
    if (baseline.failed.length > 0)
      throw new Error(
        `Tests fail without a mutation: ${baseline.failed.map((name) => shortened(first, name)).join(', ')}`,
      );
    const durationOf = (test: string): number => baseline.durationsMs.get(join(first, test)) ?? 0;

    const waiting = [...mutants];
    const done: Tried[] = [];
    const work = async (folder: string): Promise<void> => {
      for (let mutant = waiting.shift(); mutant !== undefined && !signal.aborted; mutant = waiting.shift()) {
        const tried = await tryMutant({ folder, mutant, holders: held.get(mutant.file) ?? [], durationOf, signal });
        if (signal.aborted) return;
        done.push(tried);
        onDone(tried);
      }
    };
    await Promise.all(folders.map(work));
    return done;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Trial {
  readonly folder: string;
  readonly mutant: Mutant;
  readonly holders: readonly Holder[];
  readonly durationOf: (test: string) => number;
  readonly signal: AbortSignal;
}

async function tryMutant({ folder, mutant, holders, durationOf, signal }: Trial): Promise<Tried> {
  const began = performance.now();
  const { file, text } = mutant;
  const original = await readFile(join(folder, file), 'utf8');
  const verdict = await withText(folder, file, { text, original }, async () => {
    for (const tests of stagesOf(holders, durationOf)) {
      const usualMs = tests.reduce((sum, test) => sum + durationOf(test), 0);
      const verdict = await runTests({ folder, tests, limitMs: START_MS + SLOWER * usualMs, signal });
      if (verdict !== 'passed') return verdict;
    }
    return 'passed';
  });
  const outcome = ({ passed: 'survived', failed: 'caught', stuck: 'stuck' } as const)[verdict];
  return { mutant, outcome, tests: holders.length, seconds: (performance.now() - began) / 1000 };
}

function stagesOf(holders: readonly Holder[], durationOf: (test: string) => number): readonly (readonly string[])[] {
  const ordered = [...holders]
    .sort(
      (a, b) => laneOf(a.test) - laneOf(b.test) || a.distance - b.distance || durationOf(a.test) - durationOf(b.test),
    )
    .map(({ test }) => test);
  const stages = STAGES.map((from, index) => ordered.slice(from, STAGES[index + 1]));
  return stages.filter((stage) => stage.length > 0);
}

const shortened = (folder: string, path: string): string => path.replace(`${folder}/`, '');
