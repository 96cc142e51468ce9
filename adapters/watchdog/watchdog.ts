/**
 * Ends a program that stands still, so that its service manager starts it again. A thread of its own watches, because a program that
 * computes for ever would not run its own timers.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What the thread is given. */
export interface Watch {
  readonly counter: SharedArrayBuffer;
  readonly limitS: number;
  readonly line: string;
}

export interface Watchdog {
  /** Tells that the program has made progress. */
  moved(): void;
}

/** The thread's program, in a bundle too a file of its own beside this one. */
const THREAD = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);

/**
 * Starts to watch.
 *
 * @param limitS how long the program may stand still, in seconds
 * @param line what is written to standard error before the process ends, with exit code 1 if it still can, else by SIGKILL
 */
export function startWatchdog({ limitS, line }: { readonly limitS: number; readonly line: string }): Watchdog {
  const counter = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const turns = new Int32Array(counter);
  const watch: Watch = { counter, limitS, line };
  const thread = new Worker(THREAD, { workerData: watch, execArgv: [] });
  thread.on('message', () => process.exit(1));
  thread.unref();
  return { moved: () => void Atomics.add(turns, 0, 1) };
}
