/**
 * Keeps a tool's code from ending or blocking the command that runs it. An error outside of the tool's promise, a call of
 * process.exit, a promise that never settles and an endless loop all fail the tool's run. What the tool prints goes to
 * standard error.
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { ToolFailedError } from '#core/errors.ts';
import type { ImageProcessingTool } from '#core/tool.ts';

/**
 * Runs `work`, which runs a tool's code.
 *
 * @throws ToolFailedError if the code throws outside of its promise, or its promise never settles
 */
export async function guarded<T>(tool: string, work: () => Promise<T>): Promise<T> {
  const { promise: stray, reject } = Promise.withResolvers<never>();
  const fail = (why: string, cause?: unknown): void =>
    reject(new ToolFailedError(`The tool ${tool} failed: ${why}`, { cause, facts: { tool } }));
  const onUncaught = (cause: unknown): void =>
    fail('its code threw outside of its promise: in a timer, or in a promise without await', cause);
  const onIdle = (): void => fail('its code waits for a promise that never settles');
  const onExit = (): void => {
    writeSync(2, `hilum: The tool ${tool} ended this process (process.exit): throw an error instead (tool-failed)\n`);
    process.exitCode = 1;
  };
  // Standard output belongs to the command: a script reads it as JSON.
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

/** How long after its deadline a loop is broken off. A tool that pauses has noticed the deadline by then. */
const GRACE_MS = 1000;

/** Breaks off the code that the main thread runs. The main thread's own timers cannot fire while it computes. */
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
 * The tool with a `process` that is broken off some time after the deadline. The timer of the deadline then fires and fails the
 * run. In a Lambda the function's own timeout does the same.
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
