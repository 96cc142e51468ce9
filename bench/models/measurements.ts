/** What the bench of models measures, and its page tells. */
import type { Taken } from '../../test/fixtures/hilum.ts';
import type { InferenceTimes } from './infer-hilum.ts';
import type { ModelInput } from './inputs.ts';

/** A model on one input, by both runtimes, once a repetition. */
export interface ModelTimes {
  readonly input: ModelInput;
  readonly hilum: readonly InferenceTimes[];
  readonly python: readonly InferenceTimes[];
}

/** `hilum run` on a CT of so many slices. */
export interface RunTaken {
  readonly slices: number;
  readonly taken: readonly Taken[];
  /** What it answered, e.g. `result, 12 findings`. */
  readonly answer: string;
}

export interface ModelMeasurements {
  readonly models: readonly ModelTimes[];
  readonly runs: readonly RunTaken[];
  readonly repetitions: number;
  readonly versions: { readonly hilum: string; readonly python: string };
}
