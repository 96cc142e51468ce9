/** Draws mutations by a seed. */
import { createRandom, type Random } from '#phantoms/random.ts';
import type { Mutant } from './mutants.ts';
import { isSyntax } from './syntax.ts';

/**
 * `count` of the mutations, or all where there are fewer: one of each file in turn, and in a file one of any operator, so
 * that neither a long file nor a frequent operator is most of what is drawn.
 */
export function draw(mutants: readonly Mutant[], count: number, seed: number): readonly Mutant[] {
  const random = createRandom(seed);
  const files = shuffled([...groups(mutants, 'file').values()], random).map((ofFile) => ({
    operators: shuffled(
      [...groups(ofFile, 'operator').values()].map((ofOperator) => shuffled(ofOperator, random)),
      random,
    ),
  }));
  const drawn: Mutant[] = [];
  for (
    let left = files;
    left.length > 0 && drawn.length < count;
    left = left.filter((file) => file.operators.length > 0)
  )
    for (const file of left) {
      const [operator = [], ...others] = file.operators;
      const [mutant, ...rest] = operator;
      file.operators = rest.length > 0 ? [...others, rest] : others;
      if (mutant !== undefined && drawn.length < count && isSyntax(mutant.text)) drawn.push(mutant);
    }
  return drawn;
}

function groups(mutants: readonly Mutant[], by: 'file' | 'operator'): ReadonlyMap<string, readonly Mutant[]> {
  return Map.groupBy(mutants, (mutant) => mutant[by]);
}

/** Every order as likely: each item goes to a place among those before it. */
function shuffled<T>(list: readonly T[], random: Random): T[] {
  const mixed: T[] = [];
  for (const item of list) {
    const place = random.int(0, mixed.length);
    mixed.splice(place, 0, item);
  }
  return mixed;
}
