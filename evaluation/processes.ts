/** Cases in child processes, as many at a time as there are processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CaseAnswer, CaseCall } from './worker.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

export interface ProcessesOptions {
  readonly tool: string;
  readonly modelsDir?: string;
  readonly processes: number;
}

/** Told for every case, in the order in which they end. */
export type OnAnswer = (call: CaseCall, answer: CaseAnswer) => void;

/**
 * Runs all calls. A process that dies (out of memory) answers its case with an error, and another one takes its place; a case
 * that throws does not stop the others.
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
      if (error !== null) end({ error: `its process could not be asked: ${error.message}` });
    });
  });
}
