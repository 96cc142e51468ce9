/**
 * The lines that `hilum run` prints when a tool fails: what was thrown, and where in the tool's code. What was thrown may
 * quote the data set. It goes to this terminal only, never into a report, an object or a log.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isKnown, ModelError } from '#core/errors.ts';
import type { InferenceEngine } from '#core/ports.ts';

/** The most calls of the tool's own code that are shown for one error, innermost first. */
const MOST_CALLS = 5;

/**
 * An engine that remembers the tool's failed call. The error of a shared session does not lead back to the calls that wait
 * for it.
 */
export interface WatchedEngine {
  readonly engine: InferenceEngine;
  /** The call that failed, as an error whose stack leads to the tool; undefined if none failed. */
  failedCall(): Error | undefined;
}

export function watchCalls(engine: InferenceEngine): WatchedEngine {
  let failed: Error | undefined;
  return {
    engine: {
      async run(model, inputs, expected) {
        const call = new Error(model);
        try {
          return await engine.run(model, inputs, expected);
        } catch (error) {
          failed = call;
          throw error;
        }
      },
    },
    failedCall: () => failed,
  };
}

export interface Failure {
  readonly error: unknown;
  /** The tool's id. */
  readonly tool: string;
  /** The folder that holds `tools/`. */
  readonly root: string;
  readonly failedCall?: Error | undefined;
}

/**
 * Lines about an error and its causes. They give the text of errors that are not Hilum's, which the report leaves out, and
 * the places in `tools/<id>/` that led to the error. Empty if the report already says everything.
 */
export function toolFailureLines({ error, tool, root, failedCall }: Failure): readonly string[] {
  // The cause of a ModelError is the runtime's reason, which the report already gives.
  const own = error instanceof ModelError ? [error] : causesOf(error);
  const lines = own.flatMap((one) => [
    ...(isKnown(one) ? [] : [`  ${textOf(one)}`]),
    ...placesIn(one, tool, root).map((place) => `    at ${place}`),
  ]);
  const call = error instanceof ModelError ? placesIn(failedCall, tool, root).map((place) => `    at ${place}`) : [];
  const told = call.length > 0 ? call : lines;
  return told.length === 0 ? [] : [`${tool} failed here:`, ...new Set(told)];
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let one = error; one !== undefined && !causes.includes(one); one = one instanceof Error ? one.cause : undefined)
    causes.push(one);
  return causes;
}

const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;

/** `tools/<id>/tool.ts:23:14 (assess)` for each call in the tool's folder. */
function placesIn(error: unknown, id: string, root: string): readonly string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const folder = ['', 'tools', id, ''].join(sep);
  return stack
    .split('\n')
    .flatMap((line) => {
      const [, called, url, path, at] =
        /^\s+at (?:async )?(?:(.+?) \()?(file:\/\/)?(.+?):(\d+:\d+)\)?$/.exec(line) ?? [];
      if (path === undefined || at === undefined) return [];
      const file = url === undefined ? path : fileURLToPath(`${url}${path}`);
      if (!file.includes(folder)) return [];
      return [`${relative(root, file)}:${at}${called === undefined ? '' : ` (${called})`}`];
    })
    .slice(0, MOST_CALLS);
}
