import { afterAll } from 'vitest';

/** How much of the chaos is tried: one seed in CI, three with `npm run test:chaos`. */
export const THOROUGH = process.env['HILUM_CHAOS'] === 'all';

export const SEEDS: readonly number[] = THOROUGH ? [1, 2, 3] : [1];

/** Counts trials. `npm run test:chaos` prints how many there were, once all have ended as they should. */
export function counting(words: string): () => void {
  let count = 0;
  afterAll(() => {
    if (THOROUGH) console.info(`${words}: ${count} trials`);
  });
  return () => {
    count += 1;
  };
}
