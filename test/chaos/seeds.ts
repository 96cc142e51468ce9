/** How much of the chaos is tried: one seed in CI, three with `npm run test:chaos`. */
export const THOROUGH = process.env['HILUM_CHAOS'] === 'all';

export const SEEDS: readonly number[] = THOROUGH ? [1, 2, 3] : [1];
