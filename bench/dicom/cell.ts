/** One cell of the bench: a fresh process that does one thing once and tells what it measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { TELEMETRY_OFF } from '#pipeline/environment.ts';

/** What a process measured of itself, and what it took as a whole. */
export interface Cell<T> {
  readonly measured: T;
  /** From before the process was started until it had ended, ms. */
  readonly processMs: number;
}

/** One thread for whoever would take more: what is compared is the work, not over how many cores it is spread. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', OPJ_NUM_THREADS: '1' };

/** Variables of a program besides this process's own. */
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
 * Runs a program to its end and returns what it printed.
 *
 * @throws Error where it fails; what it says of that goes to the terminal
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
