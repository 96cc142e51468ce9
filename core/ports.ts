/** What tools, and the code that runs them, need from the outside world. `adapters/` implements it, and tests fake it. */
export type { FrameDecoder } from '#dicom/codecs/codec.ts';

/** A named tensor: row-major data and its shape. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The size of each axis; `any` where the model decides it. */
export type ExpectedShape = readonly (number | 'any')[];

/** Runs models. A model is named by its folder in `layers/models/`; its digest is checked before first use. */
export interface InferenceEngine {
  /**
   * The outputs that are asked for, by name, each of the shape that is expected. A model that gives anything else throws:
   * a missing output is never taken for a finding that is not there.
   *
   * @throws ModelDigestError where the file's SHA-256 is not its card's
   * @throws ModelError where the model cannot be loaded, its inputs or outputs are others, or it fails
   */
  run<Output extends string>(
    modelId: string,
    inputs: Readonly<Record<string, Tensor>>,
    expected: Readonly<Record<Output, ExpectedShape>>,
  ): Promise<Readonly<Record<Output, Tensor>>>;
}

/** Time, passed in: core has no clock of its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
