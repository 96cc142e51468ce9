/** Runs test files in a copy of the tree, in processes of their own that can be ended as a whole. */
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
 * Runs tests where nothing is mutated.
 *
 * @returns how long each test file takes, in milliseconds
 * @throws Error where a test fails or does not end
 */
export async function runUnmutated(run: TestRun): Promise<ReadonlyMap<string, number>> {
  const report = join(run.folder, `.unmutated-${randomUUID()}.json`);
  const verdict = await runVitest(run, ['--maxWorkers', '1', '--reporter', 'json', '--outputFile', report]);
  if (verdict === 'stuck') throw new Error(`Without a mutation there is no end to ${run.tests.join(', ')}`);
  const { testResults }: { testResults: readonly FileResult[] } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = testResults.filter(({ status }) => status !== 'passed').map(({ name }) => relative(run.folder, name));
  if (failed.length > 0) throw new Error(`Without a mutation there are failures in ${failed.join(', ')}`);
  return new Map(testResults.map(({ name, startTime, endTime }) => [relative(run.folder, name), endTime - startTime]));
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
