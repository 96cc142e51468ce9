/** The messages between the campaign and its processes. */

/** The cases of a process (`from`, then every `step`-th up to `to`), and the file in which it records its progress. */
export interface Assignment {
  readonly seed: number;
  readonly realFiles: boolean;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly stateFile: string;
}

/** The outcomes of cases since the last report. */
export interface Report {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowest: { readonly case: number; readonly cpuMs: number };
  /** Of the process so far. */
  readonly peakRssBytes: number;
}

/** A failing case, with enough to repeat it even after the seeds have changed. */
export interface Find {
  readonly case: number;
  readonly what: string;
  /** The seed's name. */
  readonly name: string;
  /** The mutated file in base64; empty where the process ended before it could tell. */
  readonly bytes: string;
  readonly stack: string;
}
