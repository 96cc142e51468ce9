/** Which bodies of a chain get a grade: each criterion on both of its sides, on straight spines made from numbers. */
import { describe, expect, it } from 'vitest';
import { type Candidate, fitBodies, standsOnSacrum } from '#tools/vertebral-fracture/fit.ts';
import type { NoGrade } from '#tools/vertebral-fracture/no-grade.ts';

interface Drawn {
  readonly heightsMm?: readonly [anterior: number, middle: number, posterior: number];
  readonly depthMm?: number;
  readonly widthMm?: number;
  /** Distance to the body below. */
  readonly discMm?: number;
  readonly probability?: number;
  readonly complete?: boolean;
  readonly hasEndplates?: boolean;
}

/** A lumbar spine from the lowest body up, its axis along z. By default bodies are sound with 26 mm, and discs have 9 mm. */
function spineOf(drawn: readonly Drawn[]): readonly Candidate[] {
  let top = 0;
  return drawn.map((one): Candidate => {
    const { heightsMm = [26, 25, 26], depthMm = 34, widthMm = 45, discMm = 9 } = one;
    const { probability = 0.9, complete = true, hasEndplates = true } = one;
    const half = Math.max(...heightsMm) / 2;
    const z = top + discMm + half;
    top = z + half;
    if (!complete || !hasEndplates) return { complete, probability };
    const [anteriorMm, middleMm, posteriorMm] = heightsMm;
    const heights = {
      anteriorMm,
      middleMm,
      posteriorMm,
      depthMm,
      widthMm,
      centre: [0, 0, z] as const,
      axes: { lateral: [1, 0, 0], depth: [0, 1, 0], up: [0, 0, 1] } as const,
      endpoints: heightsMm.map((mm, station) => {
        const y = (station - 1) * 0.35 * depthMm;
        return [[0, y, z + mm / 2] as const, [0, y, z - mm / 2] as const] as const;
      }),
    };
    return { complete, probability, heights };
  });
}

const SOUND: Drawn = {};
const graded = undefined;
const reasonsOf = (drawn: readonly Drawn[]): readonly (NoGrade | undefined)[] =>
  fitBodies(spineOf(drawn)).map(({ noGrade }) => noGrade);
/** The reason for one body in the middle of six; the others are sound. */
const saidOf = (one: Drawn): NoGrade | undefined => reasonsOf([SOUND, SOUND, SOUND, one, SOUND, SOUND])[3];

describe('the lowest body', () => {
  it('has no grade, all others of a sound spine have one', () => {
    expect(reasonsOf([SOUND, SOUND, SOUND, SOUND])).toEqual(['lowest', graded, graded, graded]);
  });

  it('has one where a disc and the sacrum are below it', () => {
    const fits = fitBodies(spineOf([SOUND, SOUND, SOUND, SOUND]), { lowestIsL5: true });

    expect(fits.map(({ noGrade }) => noGrade)).toEqual([graded, graded, graded, graded]);
  });

  it('is the lowest that fits, where the bodies below do not', () => {
    const s1 = { heightsMm: [13, 16, 15], probability: 0.72 } as const;

    expect(reasonsOf([s1, SOUND, SOUND, SOUND, SOUND])).toEqual(['unsure', 'lowest', graded, graded, graded]);
  });

  it('is the one that the border cuts off, where there is one', () => {
    expect(reasonsOf([{ complete: false }, SOUND, SOUND, SOUND])).toEqual(['partly-in-view', graded, graded, graded]);
  });

  it('gives the levels only where it fits or is cut off', () => {
    const lowest = (one: Drawn) => standsOnSacrum(fitBodies(spineOf([one, SOUND, SOUND, SOUND])));

    expect([lowest(SOUND), lowest({ complete: false }), lowest({ probability: 0.72 })]).toEqual([true, true, false]);
  });
});

describe('a fractured body between sound ones has a grade', () => {
  it.each<readonly [string, Drawn]>([
    ['a wedge', { heightsMm: [14, 19, 26] }],
    ['a biconcave one', { heightsMm: [22, 12, 22] }],
    ['a crushed one', { heightsMm: [13, 12, 14] }],
    ['a crushed one that spread', { heightsMm: [14, 13, 14], depthMm: 38, widthMm: 50 }],
  ])('%s', (_, one) => expect(saidOf(one)).toBe(graded));

  it('and so has a sound one among crushed ones', () => {
    const crushed = { heightsMm: [19, 18, 20] } as const;

    expect(reasonsOf([crushed, crushed, crushed, SOUND, crushed, crushed])[3]).toBe(graded);
  });

  it('and so have two crushed ones side by side', () => {
    const crushed = { heightsMm: [15, 14, 16] } as const;

    expect(reasonsOf([SOUND, SOUND, crushed, crushed, SOUND, SOUND]).slice(2, 4)).toEqual([graded, graded]);
  });
});

describe('a candidate that is not a whole body among its neighbours has none', () => {
  it.each<readonly [NoGrade, string, Drawn, Drawn]>([
    ['partly-in-view', 'cut by the border', { complete: false }, SOUND],
    ['no-endplates', 'without two endplates', { hasEndplates: false }, SOUND],
    ['unsure', 'that the model is unsure of', { probability: 0.78 }, { probability: 0.82 }],
    ['shape', 'that misses a side', { widthMm: 31 }, { widthMm: 34 }],
    ['shape', 'far wider than deep', { widthMm: 68, depthMm: 28 }, { widthMm: 56, depthMm: 28 }],
    ['size', 'that is shallow', { depthMm: 24, widthMm: 36 }, { depthMm: 26, widthMm: 36 }],
    ['size', 'that is deep', { depthMm: 47, widthMm: 55 }, { depthMm: 44, widthMm: 55 }],
    ['size', 'that is wide', { widthMm: 62 }, { widthMm: 58 }],
    ['too-high', 'whose back reaches into the arch', { heightsMm: [25, 25, 34] }, { heightsMm: [25, 25, 29] }],
    ['too-high', 'that two grew together to', { heightsMm: [58, 57, 58] }, { heightsMm: [37, 36, 37] }],
    [
      'distance',
      'far above the next',
      { heightsMm: [15, 15, 15], discMm: 22 },
      { heightsMm: [15, 15, 15], discMm: 14 },
    ],
    ['distance', 'that overlaps the next', { discMm: -5 }, { discMm: 0 }],
  ])('%s: one %s', (reason, _, misfit, fitting) => {
    expect(saidOf(misfit)).toBe(reason);
    expect(saidOf(fitting)).toBe(graded);
  });

  it('two halves of one body', () => {
    const half = { heightsMm: [12, 12, 12], discMm: 1 } as const;

    expect(reasonsOf([SOUND, SOUND, half, half, SOUND, SOUND]).slice(2, 4)).toEqual(['split', 'split']);
  });
});

describe('a body beside one that does not fit', () => {
  const speck = { probability: 0.6 };

  it('has a grade where one next to it fits', () => {
    expect(reasonsOf([SOUND, SOUND, SOUND, speck, SOUND, SOUND])).toEqual([
      'lowest',
      graded,
      graded,
      'unsure',
      graded,
      graded,
    ]);
  });

  it('has none between two that do not fit, nor where most around it do not', () => {
    expect(reasonsOf([SOUND, SOUND, speck, SOUND, speck, SOUND, SOUND])[3]).toBe('neighbours');
    expect(reasonsOf([SOUND, SOUND, speck, speck, SOUND, SOUND, speck, speck])[4]).toBe('neighbours');
  });

  it('is not compared with it', () => {
    const fits = fitBodies(spineOf([SOUND, SOUND, SOUND, speck, SOUND, SOUND])).map((one) => one.fits);

    expect(fits).toEqual([true, true, true, false, true, true]);
  });
});
