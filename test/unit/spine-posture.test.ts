/** Which spines are refused before anything is measured: each rule on both of its sides, on spines made from numbers. */
import { describe, expect, it } from 'vitest';
import type { Look } from '#tools/vertebral-fracture/look.ts';
import { requireAdult, requireOneUprightSpine } from '#tools/vertebral-fracture/posture.ts';
import { TISSUE } from '#tools/vertebral-fracture/segment.ts';

interface Drawn {
  /** Where the arches are: behind the bodies (1), in front of them (−1), or nowhere (0). */
  readonly arches?: 1 | 0 | -1;
  /** How far the spinous processes hang below the arches beside them, mm. */
  readonly hangMm?: number;
  /** Width of each body in that of the one below. */
  readonly growth?: number;
  readonly heightMm?: number;
  readonly depthMm?: number;
  readonly level?: string;
  readonly hasSecondChain?: boolean;
}

const PITCH_MM = 34;

/** Five bodies along z with their posterior elements, on a grid of 2 mm. */
function lookOf(drawn: Drawn): Look {
  const { arches = 1, hangMm = 10, growth = 0.98, heightMm = 26, depthMm = 32, level, hasSecondChain = false } = drawn;
  const shape = { columns: 80, rows: 120, slices: 40 };
  const grid = { columns: 40, rows: 80, slices: 120, spacingMm: [2, 2, 2], origin: [-40, -80, -40] } as const;
  const tissue = new Uint8Array(shape.columns * shape.rows * shape.slices);
  const mark = (x: number, y: number, z: number): void => {
    const [plane, column, row] = [(x + 40) / 2, (y + 80) / 2, (z + 40) / 2].map(Math.round);
    tissue[((plane ?? 0) * shape.rows + (row ?? 0)) * shape.columns + (column ?? 0)] = TISSUE.posterior;
  };
  const candidates = Array.from({ length: 5 }, (_, n) => {
    const z = n * PITCH_MM;
    if (arches !== 0) {
      for (let dz = -6; dz <= 6; dz += 2) {
        for (let dy = 2; dy <= 10; dy += 2) {
          for (const x of [-14, -12, -10, 10, 12, 14]) mark(x, arches * (depthMm / 2 + dy), z + dz + hangMm / 2);
        }
        for (let dy = 18; dy <= 40; dy += 2) {
          for (const x of [-2, 0, 2]) mark(x, arches * (depthMm / 2 + dy), z + dz - hangMm / 2);
        }
      }
    }
    const heights = {
      anteriorMm: heightMm,
      middleMm: heightMm,
      posteriorMm: heightMm,
      depthMm,
      widthMm: 44 * growth ** n,
      centre: [0, 0, z] as const,
      axes: { lateral: [1, 0, 0], depth: [0, 1, 0], up: [0, 0, 1] } as const,
      endpoints: [],
    };
    return { complete: true, probability: 0.9, heights };
  });
  return {
    view: { magnification: 1, offset: [0, 0, 0] },
    map: { grid, shape, tissue, bodyProbability: new Uint8Array(tissue.length) },
    spine: { labels: new Uint8Array(0), occupancy: new Uint8Array(0), bodies: [], onSacrum: false, hasSecondChain },
    candidates,
    fits: candidates.map(() => ({ fits: true })),
    names: candidates.map((_, n) => ({ id: level ?? `body-${n + 1}`, ...(level && { level }) })),
    gradings: candidates.map(() => undefined),
  };
}

const answerTo = (drawn: Drawn): string => {
  try {
    const look = lookOf(drawn);
    requireOneUprightSpine(look);
    requireAdult(look);
    return 'accepted';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
};

describe('one upright spine of an adult', () => {
  it.each<readonly [string, string, Drawn]>([
    ['is accepted', 'accepted', {}],
    ['may have bodies of one size', 'accepted', { growth: 1 }],
    ['may have spinous processes that lie flat', 'accepted', { hangMm: 0 }],
    ['is not exchanged front to back', 'no-posterior-elements', { arches: -1 }],
    ['is not a pile of cylinders', 'no-posterior-elements', { arches: 0 }],
    ['is not upside down by its spinous processes', 'upside-down', { hangMm: -10, growth: 1 }],
    ['is not upside down by its sections', 'upside-down', { hangMm: -1, growth: 1.04 }],
    ['has no second spine beside it', 'two-spines', { hasSecondChain: true }],
    ['may be small', 'accepted', { heightMm: 22, level: 'L3' }],
    ['is not a child', 'child-sized', { heightMm: 19, depthMm: 24, level: 'L3' }],
    ['may be large', 'accepted', { heightMm: 32, depthMm: 43, level: 'L3' }],
    ['is not a giant', 'implausible-size', { heightMm: 32, depthMm: 52 }],
    ['is not drawn out', 'implausible-size', { heightMm: 36, depthMm: 36 }],
    ['may have crushed bodies', 'accepted', { heightMm: 15, level: 'L3' }],
    ['may be thoracic', 'accepted', { heightMm: 17, depthMm: 22 }],
    ['is not an infant', 'child-sized', { heightMm: 11, depthMm: 14 }],
  ])('%s', (_, answer, drawn) => expect(answerTo(drawn)).toBe(answer));
});
