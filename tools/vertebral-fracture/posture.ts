/** Whether what was found can be one adult's spine, the right way round, before anything is measured on it. */
import { NotEvaluableError } from '#core/errors.ts';
import { dot, subtract } from './chain-geometry.ts';
import { normalHeightMm } from './expected-heights.ts';
import type { BodyHeights } from './heights.ts';
import type { Look } from './look.ts';
import { pointAt, TISSUE } from './segment.ts';

/** Only bodies of at least this mean probability are asked. */
const SURE = 0.75;
/** A body has an arch behind it. Less than this much posterior elements within its height is none, mL. */
const ARCH = { leastMl: 0.8, reachMm: 8, asideMm: 45 } as const;
/** Depth times width falls from each body to the next one above it. Where it rises by this part, the head is at the feet. */
const RISING = { part: 0.02, bodies: 4 } as const;
/**
 * Adults' bodies keep this part of the usual height at their level (10th percentile of women: 0.9; Black et al. 1995). The second
 * largest counts, because fractures take height. Without levels, the largest bodies of a long view are lower thoracic at least.
 */
const ADULT = { part: 0.78, leastMm: 14.5, longView: { bodies: 8, leastMm: 17 } } as const;

/** @throws NotEvaluableError `two-spines`, `no-posterior-elements`, `upside-down`, `child-sized` */
export function requireOneAdultUpright(look: Look): void {
  if (look.spine.hasSecondChain === true) throw secondSpine();
  const bodies = sureBodies(look);
  requireArches(look, bodies);
  if (!look.spine.onSacrum) requireShrinkingUpwards(bodies);
  requireAdult(look, bodies);
}

export function secondSpine(): NotEvaluableError {
  return new NotEvaluableError(
    'two-spines',
    'The series shows a second row of vertebral bodies beside the first, so findings could not be told apart. A series of one person alone can be evaluated.',
  );
}

/** Whether a look at another part of the image shows a spine, too. */
export const showsSpine = (look: Look): boolean => sureBodies(look).length >= LEAST_OF_SECOND;
const LEAST_OF_SECOND = 3;

interface Sure {
  readonly index: number;
  readonly heights: BodyHeights;
}

function sureBodies({ candidates }: Look): readonly Sure[] {
  return candidates.flatMap(({ heights, probability }, index) =>
    heights === undefined || probability < SURE ? [] : [{ index, heights }],
  );
}

function requireArches({ map }: Look, bodies: readonly Sure[]): void {
  const { shape, tissue, grid } = map;
  const voxelMl = (grid.spacingMm[0] * grid.spacingMm[1] * grid.spacingMm[2]) / 1000;
  const behindMl = bodies.map(() => 0);
  for (let at = 0; at < tissue.length; at += 1) {
    if (tissue[at] !== TISSUE.posterior) continue;
    const row = Math.floor(at / shape.columns);
    const point = pointAt(map, [at % shape.columns, row % shape.rows, Math.floor(row / shape.rows)]);
    for (const [n, { heights }] of bodies.entries()) {
      const from = subtract(point, heights.centre);
      const isBehind =
        dot(from, heights.axes.depth) > heights.depthMm / 2 &&
        Math.abs(dot(from, heights.axes.up)) < heights.middleMm / 2 + ARCH.reachMm &&
        Math.abs(dot(from, heights.axes.lateral)) < ARCH.asideMm;
      if (isBehind) behindMl[n] = (behindMl[n] ?? 0) + voxelMl;
    }
  }
  const bare = behindMl.filter((ml) => ml < ARCH.leastMl).length;
  if (bodies.length < 2 || 2 * bare <= bodies.length) return;
  throw new NotEvaluableError(
    'no-posterior-elements',
    `No arch or spinous process is seen behind ${bare} of ${bodies.length} vertebral bodies, and each body has one. The image may be exchanged front to back, or show something other than a spine.`,
    { facts: { bodies: bodies.length, bare } },
  );
}

function requireShrinkingUpwards(bodies: readonly Sure[]): void {
  if (bodies.length < RISING.bodies) return;
  const meanIndex = bodies.reduce((sum, { index }) => sum + index, 0) / bodies.length;
  let [products, squares] = [0, 0];
  for (const { index, heights } of bodies) {
    products += (index - meanIndex) * Math.log(heights.depthMm * heights.widthMm);
    squares += (index - meanIndex) ** 2;
  }
  const rise = products / squares;
  if (rise < RISING.part) return;
  throw new NotEvaluableError(
    'upside-down',
    `The vertebral bodies grow by ${(100 * rise).toFixed(0)} % of their section from each to the next above it, and no sacrum is seen below. Bodies grow towards the feet, so the image may be upside down.`,
    { facts: { risePercent: Math.round(100 * rise) } },
  );
}

function requireAdult({ names }: Look, bodies: readonly Sure[]): void {
  const highest = (heights: BodyHeights): number => Math.max(heights.anteriorMm, heights.middleMm, heights.posteriorMm);
  const second = (values: readonly number[]): number => values.toSorted((a, b) => b - a)[1] ?? Infinity;
  const parts = bodies.flatMap(({ index, heights }) => {
    const normalMm = normalHeightMm(names[index]?.level);
    return normalMm === undefined ? [] : [highest(heights) / normalMm];
  });
  const highestMm = second(bodies.map(({ heights }) => highest(heights)));
  const leastMm = bodies.length < ADULT.longView.bodies ? ADULT.leastMm : ADULT.longView.leastMm;
  if (second(parts) >= ADULT.part && highestMm >= leastMm) return;
  throw new NotEvaluableError(
    'child-sized',
    `The vertebral bodies are at most ${highestMm.toFixed(0)} mm high, which is too small for an adult's trunk. This tool is made for adults: in children, bodies that grow look like fractures.`,
    { facts: { highestMm: Math.round(highestMm) } },
  );
}
