/**
 * Which phantoms serve which purpose. Training (`layers/models/spine-sagittal/training`) uses seeds from 1,000,000 up.
 * Post-processing was tuned on 500,000 to 500,159. The held-out seeds were frozen before that. After they had been used once,
 * the refusal of slices of 5 mm was added, which the tuning seeds showed to be needed too, and 35 more seeds.
 */
const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** For the final evaluation with `npm run evaluate`. More than 200 of them have slices that the tool accepts. */
export const HELD_OUT = seedsFrom(700_000, 235);
/** For the copies that must get the same grades. */
export const ROBUSTNESS = seedsFrom(710_000, 24);
/** Sound phantoms that are made into something else. */
export const LIES = seedsFrom(720_000, 2);
