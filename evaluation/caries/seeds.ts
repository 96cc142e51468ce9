/**
 * Which phantoms serve which purpose. The seeds were frozen before anything was tuned. The held-out ones are used only after
 * a model and its operating point are final, never for training or for choices.
 */
import type { DentalPhantom } from '#phantoms/dental.ts';

export interface Seeds {
  readonly first: number;
  readonly count: number;
}

export type SeedsByView = Readonly<Record<DentalPhantom['kind'], Seeds>>;

/** For the figures of the card. */
export const HELD_OUT: SeedsByView = {
  bitewing: { first: 40_000, count: 100 },
  periapical: { first: 40_000, count: 50 },
  panoramic: { first: 40_000, count: 50 },
};

/** For the operating points and all other choices. Training uses seeds below 10000. */
export const VALIDATION: SeedsByView = {
  bitewing: { first: 20_000, count: 40 },
  periapical: { first: 20_000, count: 25 },
  panoramic: { first: 20_000, count: 20 },
};

export function seedsOf({ first, count }: Seeds): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
