/**
 * How long to wait for an archive that sends nothing. A connection whose packets were lost is silent for ever, so a short wait is
 * the quickest cure. An archive on a slow disk may need longer for one answer, so the wait doubles whenever the same path was silent.
 */

/** The first wait. Orthanc begins its answers within seconds, whatever the size of the study. */
const FIRST_MS = 15_000;
/** Paths that are remembered; a busy archive that is away must not fill the memory. */
const MOST_PATHS = 1_000;

export interface Patience {
  /** How long a request of this path may be silent, ms. */
  of(path: string): number;
  /** The path was silent for that long. */
  exhausted(path: string): void;
  /** The path was answered, to the end of its answer. */
  answered(path: string): void;
}

/** @param longestMs the longest wait */
export function createPatience(longestMs: number): Patience {
  const silent = new Map<string, number>();
  return {
    of: (path) => Math.min(longestMs, FIRST_MS * 2 ** (silent.get(path) ?? 0)),
    exhausted(path) {
      if (silent.size >= MOST_PATHS) silent.clear();
      silent.set(path, Math.min(20, (silent.get(path) ?? 0) + 1));
    },
    answered: (path) => void silent.delete(path),
  };
}
