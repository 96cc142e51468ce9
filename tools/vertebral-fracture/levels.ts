/** Which vertebra a body is: counted up from the sacrum where it is in view. */
import type { SpineBodies } from './bodies.ts';
import { distance, median } from './chain-geometry.ts';

/** Thoracic and lumbar levels from the lowest up. */
const LEVELS = [
  ...[5, 4, 3, 2, 1].map((n) => `L${n}`),
  ...[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `T${n}`),
  ...[7, 6, 5, 4, 3].map((n) => `C${n}`),
];

export interface LevelName {
  /** `L3`; or `body-2`, the second from below, where no landmark tells the level. */
  readonly id: string;
  /** The level, where it is known. */
  readonly level?: string;
}

/** A step to the next body this much longer than those around it has a body missing in it, or two taken for one. */
const LONG_STEP = 1.35;

/**
 * Names of a spine's bodies from the lowest up. The first body above the sacrum is taken to be L5: six lumbar
 * vertebrae, or a fifth grown to the sacrum, are named wrongly by one, as the report says. Beyond a step that is too long
 * for one vertebra nothing is named.
 */
export function nameLevels({ bodies, onSacrum }: Pick<SpineBodies, 'bodies' | 'onSacrum'>): readonly LevelName[] {
  const steps = bodies.slice(1).map(({ centre }, index) => distance(centre, bodies[index]?.centre ?? centre));
  const tooLong = steps.findIndex(
    (step, index) => step > LONG_STEP * median(steps.slice(Math.max(0, index - 3), index + 4)),
  );
  const sure = !onSacrum ? 0 : tooLong === -1 ? bodies.length : tooLong + 1;
  return bodies.map((_, index) => {
    const level = index < sure ? LEVELS[index] : undefined;
    return level === undefined ? { id: `body-${index + 1}` } : { id: level, level };
  });
}
