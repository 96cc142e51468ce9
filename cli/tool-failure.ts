/**
 * What a tool's developer is told of a failure at once, on the terminal of `hilum run`: what was thrown and where in the tool.
 * What was thrown may quote the data set. It stays on this terminal, and no report, object or log of a function holds it.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isKnown } from '#core/errors.ts';

/** Calls of the tool's own code that are shown of one error, the innermost first. */
const MOST_CALLS = 5;

/**
 * Lines about `error` and its causes: the kind and text of what is not ours, whose text the report leaves out, and the places in
 * `tools/<id>/` that led to it. Nothing where the report has said everything.
 */
export function toolFailureLines(error: unknown, id: string, root: string): readonly string[] {
  const lines = causesOf(error).flatMap((one) => [
    ...(isKnown(one) ? [] : [`  ${textOf(one)}`]),
    ...placesIn(one, id, root).map((place) => `    at ${place}`),
  ]);
  return lines.length === 0 ? [] : [`${id} failed here:`, ...new Set(lines)];
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let one = error; one !== undefined && !causes.includes(one); one = one instanceof Error ? one.cause : undefined)
    causes.push(one);
  return causes;
}

const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;

/** `tools/<id>/tool.ts:23:14 (assess)` of each call in the tool's folder. */
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
