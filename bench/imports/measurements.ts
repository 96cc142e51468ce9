/** The measurements of the imports bench, for its report. */

/** Times of one process, ms: CPU and wall time of the import, and CPU time of the process at its end. */
export interface StartTimes {
  readonly importMs: number;
  readonly wallMs: number;
  readonly processMs: number;
}

/** An import and its times in each repetition. */
export interface MeasuredStart {
  readonly name: string;
  /** The size of a function's scripts, without the packages that are copied into its bundle. */
  readonly codeBytes?: number;
  /** The goal for the CPU time, ms. */
  readonly goalMs?: number;
  readonly times: readonly StartTimes[];
}
