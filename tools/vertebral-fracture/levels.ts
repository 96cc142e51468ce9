/** Names each body's vertebra, counted up from the sacrum where it is in view. */
import type { SpineBodies } from './bodies.ts';
import { distance, median } from './chain-geometry.ts';

/** Thoracic and lumbar levels from the lowest up. */
const LEVELS = [
  ...[5, 4, 3, 2, 1].map((n) => `L${n}`),
  ...[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `T${n}`),
  ...[7, 6, 5, 4, 3].map((n) => `C${n}`),
];

export interface LevelName {
  /** `L3`; or `body-2`, the second from below, where no landmark shows the level. */
  readonly id: string;
  /** The level, where it is known. */
  readonly level?: string;
}

/** A step this much longer than those around it lacks a body, or two bodies were taken for one. */
const LONG_STEP = 1.35;

/**
 * Names of a spine's bodies from the lowest up. The first body above the sacrum is taken to be L5. Six lumbar vertebrae, or a
 * fifth one fused to the sacrum, shift all names by one, as the report says. No body beyond a step too long for one vertebra is
 * named.
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
