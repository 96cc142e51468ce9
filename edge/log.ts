/** The edge's log: one JSON object a line, made of event names, UIDs, numbers and codes; never of dataset contents. */
import type { Clock } from '#core/ports.ts';

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
}

/** A log that hands each finished line, without its line end, to `write`. */
export function createLog(clock: Clock, write: (line: string) => void): Log {
  const at =
    (level: string) =>
    (event: string, facts: Facts = {}): void =>
      write(JSON.stringify({ time: new Date(clock.now()).toISOString(), level, event, ...facts }));
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
