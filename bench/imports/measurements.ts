/** What the bench of imports measures, and its page tells. */

/** Of one process, ms: CPU and wall time of the import, and CPU time of the process when it was over. */
export interface StartTimes {
  readonly importMs: number;
  readonly wallMs: number;
  readonly processMs: number;
}

/** What is imported, and how long it took in each repetition. */
export interface MeasuredStart {
  readonly name: string;
  /** Of a function: bytes of its scripts, the packages that are copied not counted. */
  readonly codeBytes?: number;
  /** At most so much CPU time is wanted, ms. */
  readonly goalMs?: number;
  readonly times: readonly StartTimes[];
}
