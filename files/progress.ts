import { SingleBar } from 'cli-progress';

/** The progress of long work, for a person at a terminal. */
export interface Progress {
  /** One more piece is done. */
  step(): void;
  /** The work is over; clears the line. */
  end(): void;
}

/** A progress bar if standard error is a terminal, and otherwise nothing. */
export function createProgress(what: string, total: number): Progress {
  if (!process.stderr.isTTY) return { step: () => undefined, end: () => undefined };
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total} {eta_formatted}`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), end: () => bar.stop() };
}
