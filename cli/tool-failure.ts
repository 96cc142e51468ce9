/**
 * The lines that `hilum run` prints when a tool fails: what was thrown, and where in the tool's code. What was thrown may
 * quote the data set. It goes to this terminal only, never into a report, an object or a log.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isKnown, ModelError } from '#core/errors.ts';
import type { InferenceEngine } from '#core/ports.ts';

/** The most calls of the tool's own code that are shown for one error, innermost first. */
const MOST_CALLS = 5;
const MOST_CAUSES = 10;
const MOST_CHARACTERS = 2000;

/**
 * An engine that remembers the tool's failed call. The error of a shared session does not lead back to the calls that wait
 * for it.
 */
export interface WatchedEngine {
  readonly engine: InferenceEngine;
  /** The call that threw this error, as an error whose stack leads to the tool; undefined where none did. */
  failedCall(error: unknown): Error | undefined;
}

export function watchCalls(engine: InferenceEngine): WatchedEngine {
  const failed = new Map<unknown, Error>();
  return {
    engine: {
      async run(model, inputs, expected) {
        const call = new Error(model);
        try {
          return await engine.run(model, inputs, expected);
        } catch (error) {
          failed.set(error, call);
          throw error;
        }
      },
    },
    failedCall: (error) => failed.get(error),
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
  // An error of ours that the engine threw says all there is to say: the report tells it.
  const isTold = error instanceof ModelError || (failedCall !== undefined && isKnown(error));
  const own = isTold ? [error] : causesOf(error);
  const lines = own.flatMap((one) => [
    ...(isKnown(one) ? [] : [`  ${textOf(one)}`]),
    ...placesIn(one, tool, root).map((place) => `    at ${place}`),
  ]);
  const call = isTold ? placesIn(failedCall, tool, root).map((place) => `    at ${place}`) : [];
  const told = call.length > 0 ? call : lines;
  return told.length === 0 ? [] : [`${tool} failed here:`, ...new Set(told)];
}

/** The error, what caused it and what it gathers (AggregateError), each once; the first ten. */
function causesOf(error: unknown): readonly unknown[] {
  const causes = new Set<unknown>();
  const add = (one: unknown): void => {
    if (causes.has(one) || causes.size >= MOST_CAUSES) return;
    causes.add(one);
    if (!(one instanceof Error)) return;
    if (one instanceof AggregateError) one.errors.forEach(add);
    if (one.cause !== undefined) add(one.cause);
  };
  add(error);
  return [...causes];
}

/** Any value can be thrown, also one that does not say what it is. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${shownValue(error)}`;
  const shown = text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
  return shown.replaceAll('\n', '\n    ');
}

const shownValue = (value: unknown): string =>
  typeof value === 'string' ? value : inspect(value, { depth: 1, customInspect: false, breakLength: Infinity });

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
