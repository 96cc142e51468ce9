/** What several looks at one spine agree on: each kind of disagreement, on bodies made from numbers. */
import { describe, expect, it } from 'vitest';
import { settle } from '#tools/vertebral-fracture/agree.ts';
import type { Grade } from '#tools/vertebral-fracture/grade.ts';
import type { Look } from '#tools/vertebral-fracture/look.ts';

interface Seen {
  readonly heightMm?: number;
  readonly lossPercent?: number;
  readonly grade?: Grade;
  readonly probability?: number;
  readonly fits?: boolean;
  /** How far from where the best look finds it, mm. */
  readonly asideMm?: number;
}

/** A look at a single body. */
function lookOf(seen: Seen): Look {
  const { heightMm = 25, lossPercent = 0, grade = 0, probability = 0.9, fits = true, asideMm = 0 } = seen;
  const centre = [asideMm, 0, 0] as const;
  const heights = {
    anteriorMm: heightMm,
    middleMm: heightMm,
    posteriorMm: heightMm,
    depthMm: 34,
    widthMm: 45,
    centre,
    axes: { lateral: [1, 0, 0], depth: [0, 1, 0], up: [0, 0, 1] } as const,
    endpoints: [],
  };
  const grid = { columns: 1, rows: 1, slices: 1, spacingMm: [2, 1.5, 1.5], origin: [0, 0, 0] } as const;
  const shape = { columns: 1, rows: 1, slices: 1 };
  return {
    view: { magnification: 1, offset: [0, 0, 0] },
    map: { grid, shape, tissue: new Uint8Array(1), bodyProbability: new Uint8Array(1) },
    spine: {
      labels: new Uint8Array(1),
      occupancy: new Uint8Array(1),
      bodies: [{ label: 1, centre, volumeMl: 30, complete: true, probability }],
      onSacrum: false,
    },
    candidates: [{ complete: true, probability, heights }],
    fits: [{ fits }],
    names: [{ id: 'body-1' }],
    gradings: [{ lossPercent, grade }],
  };
}

const settled = (best: Seen, ...others: readonly Seen[]) => settle(lookOf(best), 0, others.map(lookOf));

describe('a body is given', () => {
  it('where all looks see it alike', () => expect(settled({}, {}, {})).toEqual({}));

  it('with the middle loss, where all see a fracture but not of one grade', () => {
    const { grading, noGrade } = settled(
      { lossPercent: 27, grade: 2 },
      { lossPercent: 24, grade: 1 },
      { lossPercent: 26, grade: 2 },
    );

    expect(noGrade).toBeUndefined();
    expect(grading?.lossPercent).toBe(26);
  });
});

describe('a body is withheld', () => {
  it.each<readonly [string, string, Seen, Seen]>([
    ['another look does not find it', 'unsteady', {}, { asideMm: 9 }],
    ['another look finds it unfit', 'unsteady', {}, { fits: false }],
    ['another look measures it differently', 'unsteady', {}, { heightMm: 20 }],
    ['one look sees a fracture and one does not', 'near-limit', { lossPercent: 19 }, { lossPercent: 22, grade: 1 }],
    [
      'all see a fracture of which the model is not sure',
      'unsure',
      { lossPercent: 28, grade: 2, probability: 0.78 },
      { lossPercent: 27, grade: 2, probability: 0.8 },
    ],
  ])('where %s', (_, reason, best, other) => expect(settled(best, other).noGrade).toBe(reason));

  it('but not where the model is as unsure of a sound one', () => {
    expect(settled({ probability: 0.78 }, { probability: 0.78 })).toEqual({});
  });
});
