/** Runs test files in a copy of the tree, in processes of their own that can be ended as a whole. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../../localstack/parts.mjs';

export interface TestRun {
  readonly folder: string;
  readonly tests: readonly string[];
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** `stuck`: still running when the limit was over. */
export type Verdict = 'passed' | 'failed' | 'stuck';

/** Stops at the first failure. */
export async function runTests(run: TestRun): Promise<Verdict> {
  return await runVitest(run, ['--bail', '1', '--maxWorkers', '1', '--reporter', 'dot']);
}

/** What every test file says and how long it takes where nothing is mutated. */
export interface Baseline {
  readonly failed: readonly string[];
  readonly durationsMs: ReadonlyMap<string, number>;
}

/** @throws Error where the tests do not end, or say nothing */
export async function runBaseline(run: TestRun): Promise<Baseline> {
  const report = join(run.folder, '.mutation-baseline.json');
  const verdict = await runVitest(run, ['--reporter', 'json', '--outputFile', report]);
  if (verdict === 'stuck') throw new Error('The tests do not end without a mutation');
  const { testResults }: { testResults: readonly FileResult[] } = JSON.parse(readFileSync(report, 'utf8'));
  return {
    failed: testResults.filter(({ status }) => status !== 'passed').map(({ name }) => name),
    durationsMs: new Map(testResults.map(({ name, startTime, endTime }) => [name, endTime - startTime])),
  };
}

interface FileResult {
  /** Absolute path. */
  readonly name: string;
  readonly status: string;
  readonly startTime: number;
  readonly endTime: number;
}

function runVitest({ folder, tests, limitMs, signal }: TestRun, options: readonly string[]): Promise<Verdict> {
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  // A group of its own: what the tests started ends with it.
  const child = spawn(process.execPath, [vitest, 'run', ...tests, ...options], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, HILUM_DATA: dataFolder(), CI: '1' },
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  };
  return new Promise((resolve, reject) => {
    let stuck = false;
    const timer = setTimeout(() => {
      stuck = true;
      end();
    }, limitMs);
    signal.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      end();
      if (stuck) resolve('stuck');
      else resolve(code === 0 ? 'passed' : 'failed');
    });
  });
}
