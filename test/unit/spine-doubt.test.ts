/** Bodies that seem sound among fractured ones: each rule on both of its sides. */
import { describe, expect, it } from 'vitest';
import { doubtSound } from '#tools/vertebral-fracture/doubt.ts';
import { gradeOf } from '#tools/vertebral-fracture/grade.ts';

/** A body of one height, 34 mm deep and 45 mm wide, and the loss that it shows. */
function said(bodies: readonly { readonly heightMm?: number; readonly lossPercent?: number }[]) {
  const heights = bodies.map(({ heightMm = 26 }) => ({
    heights: {
      anteriorMm: heightMm,
      middleMm: heightMm,
      posteriorMm: heightMm,
      depthMm: 34,
      widthMm: 45,
      centre: [0, 0, 0] as const,
      axes: { lateral: [1, 0, 0], depth: [0, 1, 0], up: [0, 0, 1] } as const,
      endpoints: [],
    },
  }));
  const gradings = bodies.map(({ lossPercent = 0 }) => ({
    lossPercent,
    grade: gradeOf(lossPercent),
  }));
  const fits = bodies.map(() => ({ fits: true }));
  return doubtSound(fits, heights, gradings).map(({ noGrade }) => noGrade);
}

const CRUSHED = { heightMm: 16 };
const FRACTURED = { heightMm: 18, lossPercent: 32 };

describe('a body without a loss', () => {
  it('is given among bodies like it', () => expect(said([{}, {}, {}])).toEqual([undefined, undefined, undefined]));

  it('is withheld where it is too low for its depth and width', () => {
    expect(said([CRUSHED, CRUSHED, CRUSHED])).toEqual(['too-low', 'too-low', 'too-low']);
  });

  it('is given where it is as low as that and its loss is seen', () => {
    expect(said([{}, { heightMm: 16, lossPercent: 40 }, {}])[1]).toBeUndefined();
  });

  it('is given between fractured ones', () => {
    expect(said([FRACTURED, FRACTURED, {}, FRACTURED, FRACTURED])[2]).toBeUndefined();
  });
});

describe('a body with a little loss', () => {
  const LITTLE = { heightMm: 23, lossPercent: 10 };

  it('is withheld where most bodies around it are fractured', () => {
    expect(said([{}, FRACTURED, LITTLE, FRACTURED, FRACTURED])[2]).toBe('neighbours');
  });

  it('is given where half of them are', () => {
    expect(said([{}, FRACTURED, LITTLE, FRACTURED, {}])[2]).toBeUndefined();
  });
});
