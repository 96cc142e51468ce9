/** Runs cases in child processes, one case at a time in each. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CaseAnswer, CaseCall } from './worker.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

export interface ProcessesOptions {
  readonly tool: string;
  readonly modelsDir?: string;
  readonly processes: number;
}

/** Called for every case, in the order in which they end. */
export type OnAnswer = (call: CaseCall, answer: CaseAnswer) => void;

/**
 * Runs all calls. If a process dies (out of memory, for example), its case gets an error as answer and a new process is
 * started. A case that throws does not stop the others.
 */
export async function runCases(
  calls: readonly CaseCall[],
  options: ProcessesOptions,
  onAnswer: OnAnswer,
): Promise<void> {
  const waiting = calls.values();
  const lanes = Array.from({ length: Math.min(options.processes, calls.length) }, async () => {
    let child = start(options);
    for (const call of waiting) {
      const answer = await ask(child, call);
      onAnswer(call, answer);
      if (child.exitCode !== null || child.signalCode !== null) child = start(options);
    }
    child.kill();
  });
  await Promise.all(lanes);
}

function start({ tool, modelsDir }: ProcessesOptions): ChildProcess {
  return fork(WORKER, [tool, ...(modelsDir === undefined ? [] : [modelsDir])], {
    serialization: 'json',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function ask(child: ChildProcess, call: CaseCall): Promise<CaseAnswer> {
  return new Promise((resolve) => {
    const end = (answer: CaseAnswer): void => {
      child.off('message', told);
      child.off('exit', died);
      resolve(answer);
    };
    const told = (answer: CaseAnswer): void => end(answer);
    const died = (code: number | null, signal: string | null): void =>
      end({ error: `its process ended (${signal ?? code})` });
    child.once('message', told);
    child.once('exit', died);
    child.send(call, (error) => {
      if (error !== null) end({ error: `its process could not be reached: ${error.message}` });
    });
  });
}
