/** Whether what was found can be one adult's spine, the right way round, before anything is measured on it. */
import { NotEvaluableError } from '#core/errors.ts';
import { dot, median, subtract } from './chain-geometry.ts';
import { normalHeightMm } from './expected-heights.ts';
import type { BodyHeights } from './heights.ts';
import type { Look } from './look.ts';
import { pointAt, TISSUE } from './segment.ts';

/** Only bodies of at least this mean probability are asked. */
const SURE = 0.75;
/** A body has an arch behind it. Less than this much posterior elements within its height is none, mL. */
const ARCH = { leastMl: 0.8, reachMm: 8, asideMm: 45 } as const;
/**
 * Spinous processes hang below the middles of their bodies, and pedicles and transverse processes spring from above them; and the
 * section of bodies (depth times width) grows towards the feet. Each scatters, so both are added: the height of the spinous processes
 * over the parts beside them, in `heightMm`, and the growth towards the head from body to body, in `growth`. Upright spines have a sum
 * below 0, images upside down above 2.
 */
const UPSIDE_DOWN = { most: 1, heightMm: 7, growth: 0.03, bodies: 4 } as const;
/** Spinous processes lie in the midline, and this far behind the bodies, mm. Less than `leastMl` of either part says nothing. */
const SPINOUS = { asideMm: 6, behindMm: 15, leastMl: 1, reachMm: 25 } as const;
/**
 * Adults' bodies keep this part of the usual height at their level (10th percentile of women: 0.9; Black et al. 1995). The second
 * largest counts, because fractures take height. Without levels, the largest bodies of a long view are lower thoracic at least.
 */
const ADULT = { part: 0.78, leastMm: 14.5, longView: { bodies: 8, leastMm: 17 } } as const;
/**
 * A body that is lower than this part of its depth was crushed, or only a part of it is in view: its height does not tell the
 * patient's size. Sound bodies, of children too, are above 0.65. A size is told by three bodies.
 */
const WHOLE = { heightForDepth: 0.62, bodies: 3 } as const;

/**
 * mm. The deepest and highest bodies, those of the lumbar spine, measure about 35 and 27 (Panjabi et al., Spine 1992;17:299). Three that
 * are a quarter larger are no one's.
 */
const LARGEST = { depthMm: 45, heightMm: 33.5 } as const;

/** @throws NotEvaluableError `two-spines`, `no-posterior-elements`, `upside-down` */
export function requireOneUprightSpine(look: Look): void {
  if (look.spine.hasSecondChain === true) throw secondSpine();
  const bodies = sureBodies(look);
  const { spacingMm } = look.map.grid;
  const voxelMl = (spacingMm[0] * spacingMm[1] * spacingMm[2]) / 1000;
  const points = posteriorPoints(look, bodies);
  requireArches(points, bodies, voxelMl);
  requireUpright(points, bodies, voxelMl);
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

/** A point of the posterior elements in the frame of the body whose middle is nearest in height. */
interface Posterior {
  readonly body: number;
  /** mm to the left, behind the body, and to the head. */
  readonly aside: number;
  readonly behind: number;
  readonly up: number;
}

function posteriorPoints({ map }: Look, bodies: readonly Sure[]): readonly Posterior[] {
  const { shape, tissue } = map;
  const points: Posterior[] = [];
  for (let at = 0; at < tissue.length; at += 1) {
    if (tissue[at] !== TISSUE.posterior) continue;
    const row = Math.floor(at / shape.columns);
    const point = pointAt(map, [at % shape.columns, row % shape.rows, Math.floor(row / shape.rows)]);
    let nearest: Posterior | undefined;
    for (const [body, { heights }] of bodies.entries()) {
      const from = subtract(point, heights.centre);
      const up = dot(from, heights.axes.up);
      if (nearest !== undefined && Math.abs(up) >= Math.abs(nearest.up)) continue;
      const behind = dot(from, heights.axes.depth) - heights.depthMm / 2;
      nearest = { body, aside: Math.abs(dot(from, heights.axes.lateral)), behind, up };
    }
    if (nearest !== undefined) points.push(nearest);
  }
  return points;
}

function requireArches(points: readonly Posterior[], bodies: readonly Sure[], voxelMl: number): void {
  const behindMl = bodies.map(() => 0);
  for (const { body, aside, behind, up } of points) {
    const reach = (bodies[body]?.heights.middleMm ?? 0) / 2 + ARCH.reachMm;
    if (behind > 0 && aside < ARCH.asideMm && Math.abs(up) < reach) behindMl[body] = (behindMl[body] ?? 0) + voxelMl;
  }
  const bare = behindMl.filter((ml) => ml < ARCH.leastMl).length;
  if (bodies.length < 2 || 2 * bare <= bodies.length) return;
  throw new NotEvaluableError(
    'no-posterior-elements',
    `No arch or spinous process is seen behind ${bare} of ${bodies.length} vertebral bodies, and each body has one. The image may be exchanged front to back, or show something other than a spine.`,
    { facts: { bodies: bodies.length, bare } },
  );
}

function requireUpright(points: readonly Posterior[], bodies: readonly Sure[], voxelMl: number): void {
  if (bodies.length < UPSIDE_DOWN.bodies) return;
  const near = points.filter(({ behind, up }) => behind > 0 && Math.abs(up) < SPINOUS.reachMm);
  const spinous = near.filter(({ aside, behind }) => aside < SPINOUS.asideMm && behind >= SPINOUS.behindMm);
  const beside = near.filter(({ aside }) => aside >= SPINOUS.asideMm);
  const isSeen = Math.min(spinous.length, beside.length) * voxelMl >= SPINOUS.leastMl;
  const mean = (some: readonly Posterior[]): number => some.reduce((sum, { up }) => sum + up, 0) / some.length;
  const overMm = isSeen ? mean(spinous) - mean(beside) : 0;
  const growth = growthUpwards(bodies);
  if (overMm / UPSIDE_DOWN.heightMm + growth / UPSIDE_DOWN.growth < UPSIDE_DOWN.most) return;
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(0)}`;
  throw new NotEvaluableError(
    'upside-down',
    `The image may be upside down: the section of the vertebral bodies changes by ${signed(100 * growth)} % from each to the next above it, where it should fall, and the spinous processes lie ${signed(overMm)} mm over the arches beside them, where they should lie below.`,
    { facts: { growthPercent: Math.round(100 * growth), overMm: Math.round(overMm) } },
  );
}

/** The part by which sections grow from a body to the next above it: the median over all pairs (Theil and Sen). */
function growthUpwards(bodies: readonly Sure[]): number {
  const section = ({ heights }: Sure): number => Math.log(heights.depthMm * heights.widthMm);
  return median(
    bodies.flatMap((lower, n) =>
      bodies.slice(n + 1).map((upper) => (section(upper) - section(lower)) / (upper.index - lower.index)),
    ),
  );
}

/** @throws NotEvaluableError `child-sized`, `implausible-size` */
export function requireAdult(look: Look): void {
  const bodies = sureBodies(look);
  requireHumanSize(look, bodies);
  const highest = (heights: BodyHeights): number => Math.max(heights.anteriorMm, heights.middleMm, heights.posteriorMm);
  const second = (values: readonly number[]): number => values.toSorted((a, b) => b - a)[1] ?? Infinity;
  const whole = bodies.filter(({ heights }) => highest(heights) >= WHOLE.heightForDepth * heights.depthMm);
  if (whole.length < WHOLE.bodies) return;
  const parts = whole.flatMap(({ index, heights }) => {
    const normalMm = normalHeightMm(look.names[index]?.level);
    return normalMm === undefined ? [] : [highest(heights) / normalMm];
  });
  const highestMm = second(whole.map(({ heights }) => highest(heights)));
  const leastMm = bodies.length < ADULT.longView.bodies ? ADULT.leastMm : ADULT.longView.leastMm;
  if (second(parts) >= ADULT.part && highestMm >= leastMm) return;
  throw new NotEvaluableError(
    'child-sized',
    `The vertebral bodies are at most ${highestMm.toFixed(0)} mm high, which is too small for an adult's trunk. This tool is made for adults: in children, bodies that grow look like fractures.`,
    { facts: { highestMm: Math.round(highestMm) } },
  );
}

function requireHumanSize({ fits }: Look, bodies: readonly Sure[]): void {
  const fitting = bodies.filter(({ index }) => fits[index]?.fits === true);
  const third = (values: readonly number[]): number => values.toSorted((a, b) => b - a)[2] ?? 0;
  const deepMm = third(fitting.map(({ heights }) => heights.depthMm));
  const highMm = third(fitting.map(({ heights }) => heights.middleMm));
  if (deepMm <= LARGEST.depthMm && highMm <= LARGEST.heightMm) return;
  throw new NotEvaluableError(
    'implausible-size',
    `Three vertebral bodies are at least ${deepMm.toFixed(0)} mm deep and ${highMm.toFixed(0)} mm high. The largest of adults measure about 35 and 27 mm, so the distances in the header cannot be right.`,
    { facts: { deepMm: Math.round(deepMm), highMm: Math.round(highMm) } },
  );
}
