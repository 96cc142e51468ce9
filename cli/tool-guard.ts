/**
 * Keeps a tool's code from ending or holding up the command that runs it: an error that no promise of the tool carries, a call
 * of process.exit, a wait for what never comes and a loop without a pause all fail the tool's run. What it prints goes to
 * standard error.
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { ToolFailedError } from '#core/errors.ts';
import type { ImageProcessingTool } from '#core/tool.ts';

/**
 * Does what runs a tool's code.
 *
 * @throws ToolFailedError where the code throws outside of its promise, or waits for what never comes
 */
export async function guarded<T>(tool: string, work: () => Promise<T>): Promise<T> {
  const { promise: stray, reject } = Promise.withResolvers<never>();
  const fail = (why: string, cause?: unknown): void =>
    reject(new ToolFailedError(`The tool ${tool} failed: ${why}`, { cause, facts: { tool } }));
  const onUncaught = (cause: unknown): void =>
    fail('its code threw where nothing waits for it: in a timer, or in a promise without await', cause);
  const onIdle = (): void => fail('its code waits for what never comes');
  const onExit = (): void => {
    writeSync(2, `hilum: The tool ${tool} ended this process (process.exit): throw an error instead (tool-failed)\n`);
    process.exitCode = 1;
  };
  // Standard output is for the command's own data: a script reads it as JSON.
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.on('uncaughtException', onUncaught).on('beforeExit', onIdle).on('exit', onExit);
  try {
    return await Promise.race([work(), stray]);
  } finally {
    process.stdout.write = write;
    process.off('uncaughtException', onUncaught).off('beforeExit', onIdle).off('exit', onExit);
  }
}

/** How long after its deadline a loop is broken off: by then a tool that pauses has been told. */
const GRACE_MS = 1000;

/** Breaks off what this process's main thread is at, which its own timers cannot while it computes. */
const BREAK_OFF = `
const { Session } = require('node:inspector');
const { workerData } = require('node:worker_threads');
setTimeout(() => {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.terminateExecution');
  setTimeout(() => session.disconnect(), 100);
}, workerData);
`;

/**
 * The tool, whose `process` is broken off some time after the deadline: then the timer of the deadline gets its turn, which
 * fails the run. In a Lambda the function's own timeout does that.
 */
export function brokenOffAt(deadlineMs: number, tool: ImageProcessingTool): ImageProcessingTool {
  return {
    name: tool.name,
    versionId: () => tool.versionId(),
    description: () => tool.description(),
    canProcessImage: (image) => tool.canProcessImage(image),
    async process(images, context) {
      const workerData = Math.max(0, deadlineMs - Date.now()) + GRACE_MS;
      const watchdog = new Worker(BREAK_OFF, { eval: true, workerData });
      // Without it the tool runs all the same.
      watchdog.on('error', () => undefined).unref();
      try {
        // In a turn of its own, so that what waits for the tool is not broken off with it.
        await new Promise((resolve) => setImmediate(resolve));
        return await tool.process(images, context);
      } finally {
        await watchdog.terminate();
      }
    },
  };
}

const END_MS = 1000;

/** Ends this process although a tool left something running, such as a timer or a connection; without that it ends by itself. */
export function endSoon(): void {
  setTimeout(() => process.exit(), END_MS).unref();
}
