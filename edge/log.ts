/** The edge's log: one JSON object per line, with event names, UIDs, numbers and codes, but no dataset contents. */
import { isKnown } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
}

/** A log that passes each line, without line break, to `write`. */
export function createLog(clock: Clock, write: (line: string) => void): Log {
  const at =
    (level: string) =>
    (event: string, facts: Facts = {}): void =>
      write(JSON.stringify({ time: new Date(clock.now()).toISOString(), level, event, ...facts }));
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** The loggable facts of an error. The message is logged only for Hilum's own errors; other messages may quote a dataset. */
export const factsOf = (error: unknown): Facts =>
  isKnown(error)
    ? { ...error.facts, code: error.code, message: error.message }
    : { code: 'unexpected', error: error instanceof Error ? error.name : typeof error };
