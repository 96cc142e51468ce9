/** Finds the body of a vertebra in a mask of whole vertebrae. */
import type { PointLps } from '#core/image/geometry.ts';
import { add, axisOf, cross, dot, median, subtract, times, unit } from '#tools/vertebral-fracture/chain-geometry.ts';

/**
 * Tests whether a point of a vertebra is in its body, in front of the canal. The canal is found from the
 * body's centre. `numbers` are the vertebrae from the lowest up.
 */
export function bodyTest(
  vertebraAt: (point: PointLps) => number,
  centres: ReadonlyMap<number, PointLps>,
  numbers: readonly number[],
): (number: number, point: PointLps) => boolean {
  const chain = numbers.map((number) => centres.get(number)).filter((centre) => centre !== undefined);
  const walls = new Map(
    numbers.flatMap((number, index) => {
      const centre = centres.get(number);
      if (centre === undefined) return [];
      const up = axisOf(chain, index);
      const lateral = unit(subtract([1, 0, 0], times(up, up[0])));
      const depth = cross(up, lateral);
      // On each line from front to back, the body ends where the canal begins. Few lines hit a crushed body, so the largest
      // value of several heights is taken.
      const ends = [-4, -2, 0, 2, 4].map((s) =>
        Math.max(
          ...[-6, -4, -2, 0, 2, 4, 6].map((h) => {
            const from = add(centre, add(times(lateral, s), times(up, h)));
            let t = 0;
            while (t < 40 && vertebraAt(add(from, times(depth, t))) === number) t += 0.5;
            return t;
          }),
        ),
      );
      return [[number, { centre, depth, wall: median(ends) }] as const];
    }),
  );
  return (number, point) => {
    const wall = walls.get(number);
    return wall !== undefined && dot(subtract(point, wall.centre), wall.depth) <= wall.wall;
  };
}
