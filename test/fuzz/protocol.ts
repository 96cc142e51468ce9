/** What the campaign and its processes tell each other. */

/** Which cases a process works on: `from`, then every `step`-th up to `to`, and where it says which it is at. */
export interface Assignment {
  readonly seed: number;
  readonly realFiles: boolean;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly stateFile: string;
}

/** What became of cases since the last report. */
export interface Report {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowest: { readonly case: number; readonly cpuMs: number };
  /** Of the process so far. */
  readonly peakRssBytes: number;
}

/** A case that must not be: enough to run it again, even when the seeds have changed. */
export interface Find {
  readonly case: number;
  readonly what: string;
  /** The seed's name. */
  readonly name: string;
  /** The mutated file in base64; empty where the process ended before it could tell. */
  readonly bytes: string;
  readonly stack: string;
}
