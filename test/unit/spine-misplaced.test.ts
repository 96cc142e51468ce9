/** Fractures that may be a misplaced endplate: each rule on both of its sides. */
import { describe, expect, it } from 'vitest';
import type { Grade } from '#tools/vertebral-fracture/grade.ts';
import { doubtFractures, type SettledBody } from '#tools/vertebral-fracture/misplaced.ts';

type Heights = readonly [anteriorMm: number, middleMm: number, posteriorMm: number];

/** A body with its heights; without a grade where that is null. */
const body = ([anteriorMm, middleMm, posteriorMm]: Heights, grade: Grade | null = 0): SettledBody => ({
  measured: { heights: { anteriorMm, middleMm, posteriorMm } },
  complete: true,
  ...(grade !== null && { grade }),
});

const SOUND: Heights = [25, 24, 26];
const WEDGE: Heights = [16, 19, 26];
const sound = body(SOUND);

describe('a fracture', () => {
  it('is given among sound bodies', () => {
    expect(doubtFractures([sound, sound, body(WEDGE, 2), sound, sound])).toEqual(Array(5).fill(undefined));
  });

  it('is given beside a body that is a little higher than the others', () => {
    expect(doubtFractures([sound, sound, body(WEDGE, 2), body([27, 25, 26]), sound])[2]).toBeUndefined();
  });

  it('is given where the body beside it is high elsewhere', () => {
    expect(doubtFractures([body([31, 25, 25]), body([23, 15, 25], 2), sound, sound])[1]).toBeUndefined();
  });

  it.each([
    ['above', [sound, sound, body(WEDGE, 2), body([33, 29, 26]), sound], [2, 3]],
    ['below', [sound, body([33, 29, 26]), body(WEDGE, 2), sound, sound], [1, 2]],
  ])('is withheld with the body %s that has what it lacks', (_where, bodies, doubted) => {
    const reasons = doubtFractures(bodies);
    expect(reasons.flatMap((reason, at) => (reason === 'shared-endplate' ? [at] : []))).toEqual(doubted);
  });

  it('is withheld where no body near it has a grade', () => {
    const unsure = body(SOUND, null);
    expect(doubtFractures([body(WEDGE, 2), unsure, unsure, sound])[0]).toBe('neighbours');
    expect(doubtFractures([body(WEDGE, 2), unsure, sound, sound])[0]).toBeUndefined();
  });
});

describe('a sound body', () => {
  it('is given beside a higher one', () => {
    expect(doubtFractures([sound, body([33, 29, 26]), sound])).toEqual([undefined, undefined, undefined]);
  });

  it('is given where no body near it has a grade', () => {
    expect(doubtFractures([sound, body(SOUND, null), body(SOUND, null)])[0]).toBeUndefined();
  });
});
