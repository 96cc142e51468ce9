/** What tools, and the code that runs them, need from the outside world. `adapters/` implements it, and tests fake it. */
export type { FrameDecoder } from '#dicom/codecs/codec.ts';

/** A named tensor: row-major data and its shape. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}
/** Runs models. A model is named by its folder in `layers/models/`; its digest is checked before first use. */
export interface InferenceEngine {
  /** @throws ModelDigestError where the file's SHA-256 is not its card's */
  run(modelId: string, inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}

/** Time, passed in: core has no clock of its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
