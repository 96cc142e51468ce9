/** One cell of the bench: a fresh process that does one thing once and prints its measurements. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { TELEMETRY_OFF } from '#pipeline/environment.ts';

/** The measurements of a process, and its total time. */
export interface Cell<T> {
  readonly measured: T;
  /** From before the start of the process until its end, ms. */
  readonly processMs: number;
}

/** Limits libraries to one thread, so that the comparison is about the work and not about the number of cores. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', OPJ_NUM_THREADS: '1' };

/** Environment variables in addition to those of this process. */
type Environment = Readonly<Record<string, string>>;

/** Runs a program that prints its measurements as JSON. */
export async function runCell<T>(
  program: string,
  args: readonly string[],
  environment: Environment = {},
): Promise<Cell<T>> {
  const start = performance.now();
  const output = await runProgram(program, args, environment);
  return { measured: JSON.parse(output) as T, processMs: performance.now() - start };
}

/**
 * Runs a program to its end and returns its output.
 *
 * @throws Error if it fails; its error output goes to the terminal
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  environment: Environment = {},
): Promise<string> {
  const env = { ...process.env, ...ONE_THREAD, ...TELEMETRY_OFF, ...environment };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return output;
}
