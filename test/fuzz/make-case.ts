import { createRandom } from '#phantoms/random.ts';
import { mutate } from './mutate.ts';
import type { Seed } from './seeds.ts';

/** The file of a case: the same for the same seeds, seed number and case number. */
export interface Case {
  readonly seed: Seed;
  readonly bytes: Uint8Array;
}

export function createCaseMaker(seeds: readonly Seed[], seedNumber: number): (number: number) => Case {
  const ends: number[] = [];
  for (const { weight } of seeds) ends.push((ends.at(-1) ?? 0) + weight);
  const total = ends.at(-1) ?? 0;
  const pick = (at: number): Seed => {
    const seed = seeds[ends.findIndex((end) => at < end)];
    if (seed === undefined) throw new RangeError('There is no seed');
    return seed;
  };
  return (number) => {
    const random = createRandom(Math.imul(seedNumber + 1, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b));
    const seed = pick(random.next() * total);
    return { seed, bytes: mutate(seed, pick(random.next() * total), random) };
  };
}
