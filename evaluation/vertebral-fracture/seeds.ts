/**
 * Which phantoms are for what. Frozen before anything was tuned: no rule, threshold or weight is ever chosen on the held-out
 * ones, the training (`layers/models/spine-sagittal/training`) uses seeds
 * from 1,000,000 up, and post-processing was tuned on 500,000 to 500,159.
 */
const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** Judged at the end, by `npm run evaluate`: more than 200 of them have slices that the tool takes. */
export const HELD_OUT = seedsFrom(700_000, 235);
/** Of which copies are made that must be graded alike. */
export const ROBUSTNESS = seedsFrom(710_000, 24);
