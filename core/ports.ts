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
   * The expected outputs, by name and in the expected shapes. Anything else throws, so that a missing output is never
   * mistaken for the absence of a finding.
   *
   * @throws ModelDigestError if the file's SHA-256 is not the card's
   * @throws ModelError if the model cannot be loaded or run, or its inputs or outputs do not fit
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
