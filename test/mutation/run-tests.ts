/** Runs test files in a copy of the tree, in process groups that can be ended as a whole. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
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

/**
 * Runs tests without mutations. A test that fails is repeated alone, because tests of timing may fail on a busy machine.
 *
 * @returns how long each test file takes, in milliseconds
 * @throws Error where a test fails twice or does not end
 */
export async function runUnmutated(run: TestRun): Promise<ReadonlyMap<string, number>> {
  const first = await resultsOf(run);
  const failed = first.filter(({ passed }) => !passed).map(({ test }) => test);
  const second = failed.length === 0 ? [] : await resultsOf({ ...run, tests: failed });
  const broken = second.filter(({ passed }) => !passed).map(({ test }) => test);
  if (broken.length > 0) throw new Error(`Without a mutation there are failures in ${broken.join(', ')}`);
  return new Map([...first, ...second].map(({ test, ms }) => [test, ms]));
}

interface TestResult {
  readonly test: string;
  readonly passed: boolean;
  readonly ms: number;
}

async function resultsOf(run: TestRun): Promise<readonly TestResult[]> {
  const report = join(run.folder, `.unmutated-${randomUUID()}.json`);
  const verdict = await runVitest(run, ['--maxWorkers', '1', '--reporter', 'json', '--outputFile', report]);
  if (verdict === 'stuck') throw new Error(`Without a mutation there is no end to ${run.tests.join(', ')}`);
  const { testResults }: { testResults: readonly FileResult[] } = JSON.parse(readFileSync(report, 'utf8'));
  return testResults.map(({ name, status, startTime, endTime }) => ({
    test: relative(run.folder, name),
    passed: status === 'passed',
    ms: endTime - startTime,
  }));
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
