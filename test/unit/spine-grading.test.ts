/** Heights of a body before its fracture, and the resulting grade, on spines with known truth. */
import { describe, expect, it } from 'vitest';
import { makeAnatomy, type Vertebra } from '#phantoms/spine/anatomy.ts';
import { expectedHeights, type Measured } from '#tools/vertebral-fracture/expected-heights.ts';
import { gradeBodies } from '#tools/vertebral-fracture/grade.ts';

const measuredOf = ({ level, heights }: Pick<Vertebra, 'level' | 'heights'>, named = true): Measured => ({
  ...(named && { level }),
  heights: { anteriorMm: heights.anterior, middleMm: heights.middle, posteriorMm: heights.posterior },
});
const trunk = (options: Parameters<typeof makeAnatomy>[0]) => makeAnatomy(options).vertebrae.slice(0, 14);

describe('expected heights', () => {
  it('are close to those of sound bodies', () => {
    const errors = [1, 2, 3, 4, 5].flatMap((seed) => {
      const vertebrae = trunk({ seed, fractures: [] });
      const bodies = vertebrae.map((one) => measuredOf(one));
      return vertebrae.map(({ heights }, index) => Math.abs(expectedHeights(bodies, index)[0] / heights.anterior - 1));
    });

    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.04);
    expect(Math.max(...errors)).toBeLessThan(0.14);
  });

  it('are those of the sound bodies where neighbours on both sides are crushed', () => {
    const vertebrae = trunk({
      seed: 3,
      fractures: (['L3', 'L2', 'L1'] as const).map((level) => ({ level, type: 'crush', loss: 0.35 })),
    });
    const bodies = vertebrae.map((one) => measuredOf(one));
    const index = vertebrae.findIndex(({ level }) => level === 'L2');

    const [, middle] = expectedHeights(bodies, index);

    const intact = vertebrae[index]?.intactHeights.middle ?? 0;
    expect(Math.abs(middle / intact - 1)).toBeLessThan(0.08);
  });

  it('are the body’s own shape where it stands alone', () => {
    const [, middle, posterior] = expectedHeights(
      [{ level: 'L3', heights: { anteriorMm: 20, middleMm: 22, posteriorMm: 27 } }],
      0,
    );

    expect(posterior).toBe(27);
    expect(middle / posterior).toBeCloseTo(25 / 26.5, 1);
  });
});

describe('grades', () => {
  const gradesOf = (vertebrae: readonly Vertebra[], named: boolean) =>
    gradeBodies(vertebrae.map((one) => measuredOf(one, named)));

  it.each([true, false])(
    'distinguish a wedge, a crush and a biconcave body from sound ones (levels named: %s)',
    (named) => {
      const vertebrae = trunk({
        seed: 4,
        fractures: [
          { level: 'L3', type: 'wedge', loss: 0.35 },
          { level: 'T12', type: 'crush', loss: 0.35 },
          { level: 'T9', type: 'biconcave', loss: 0.5 },
        ],
      }).slice(0, 12);

      const gradings = gradesOf(vertebrae, named);

      const called = vertebrae.flatMap(({ level }, n) =>
        (gradings[n]?.grade ?? 0) >= 2 ? [[level, gradings[n]?.deformity]] : [],
      );
      expect(called).toEqual([
        ['L3', 'wedge'],
        ['T12', 'crush'],
        ['T9', 'biconcave'],
      ]);
    },
  );
});
