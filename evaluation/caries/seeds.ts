/**
 * Which phantoms are for what. Frozen before anything was tuned on them: the held-out ones are looked at once a model and
 * its operating point stand, and never trained on nor chosen by.
 */
import type { DentalPhantom } from '#phantoms/dental.ts';

export interface Seeds {
  readonly first: number;
  readonly count: number;
}

export type SeedsByView = Readonly<Record<DentalPhantom['kind'], Seeds>>;

/** What the figures of the card are measured on. */
export const HELD_OUT: SeedsByView = {
  bitewing: { first: 40_000, count: 100 },
  periapical: { first: 40_000, count: 50 },
  panoramic: { first: 40_000, count: 50 },
};

/** What operating points and every other choice are made on. Training has the seeds below 10000. */
export const VALIDATION: SeedsByView = {
  bitewing: { first: 20_000, count: 40 },
  periapical: { first: 20_000, count: 25 },
  panoramic: { first: 20_000, count: 20 },
};

export function seedsOf({ first, count }: Seeds): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
