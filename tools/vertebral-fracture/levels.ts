/** Which vertebra a body is: counted up from the sacrum where it is in view. */
import type { SpineBodies } from './bodies.ts';

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

/**
 * Names of a spine's bodies from the lowest up. The first body above the sacrum is taken to be L5: six lumbar
 * vertebrae, or a fifth grown to the sacrum, are named wrongly by one, as the report says.
 */
export function nameLevels({ bodies, onSacrum }: Pick<SpineBodies, 'bodies' | 'onSacrum'>): readonly LevelName[] {
  return bodies.map((_, index) => {
    const level = onSacrum ? LEVELS[index] : undefined;
    return level === undefined ? { id: `body-${index + 1}` } : { id: level, level };
  });
}
