/** The measurements of the models bench, for its report. */
import type { Taken } from '../../test/fixtures/hilum.ts';
import type { InferenceTimes } from './infer-hilum.ts';
import type { ModelInput } from './inputs.ts';

/** One model on one input in both runtimes, with one entry per repetition. */
export interface ModelTimes {
  readonly input: ModelInput;
  readonly hilum: readonly InferenceTimes[];
  readonly python: readonly InferenceTimes[];
}

/** `hilum run` on a CT with `slices` slices. */
export interface RunTaken {
  readonly slices: number;
  readonly taken: readonly Taken[];
  /** The outcome, e.g. `result, 12 findings`. */
  readonly answer: string;
}

export interface ModelMeasurements {
  readonly models: readonly ModelTimes[];
  readonly runs: readonly RunTaken[];
  readonly repetitions: number;
  readonly versions: { readonly hilum: string; readonly python: string };
}
