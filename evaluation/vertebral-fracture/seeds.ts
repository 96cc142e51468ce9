/**
 * Which phantoms are for what. Frozen before anything was tuned: no rule, threshold or weight is ever chosen on the held-out
 * ones, and the training (`layers/models/spine-sagittal/training`) uses seeds from 1,000,000 up.
 */
const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** Judged at the end, by `npm run evaluate`. */
export const HELD_OUT = seedsFrom(700_000, 200);
/** What post-processing is tuned on. */
export const VALIDATION = seedsFrom(500_000, 60);
/** Of which copies are made that must be graded alike. */
export const ROBUSTNESS = seedsFrom(710_000, 24);
