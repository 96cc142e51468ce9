/**
 * Height loss and Genant's grade of each body (Genant et al., J Bone Miner Res 1993;8:1137).
 *
 * A height is compared with the body's own posterior height, as Genant does for wedge and biconcave deformities, scaled
 * by the ratio that is normal at its level; where the posterior height itself is low against the neighbours (crush), with
 * the height that the neighbours let expect.
 */

import { median } from './chain-geometry.ts';
import type { BodyHeights } from './heights.ts';

export type Deformity = 'wedge' | 'biconcave' | 'crush';
export type Grade = 0 | 1 | 2 | 3;

export interface Grading {
  /** Largest loss of the three heights, in percent of what is expected; 0 or more. */
  readonly lossPercent: number;
  readonly grade: Grade;
  /** The kind of deformity, from grade 1. */
  readonly deformity?: Deformity;
}

/** Grade 0 below 20 %, 1 (mild) to 25 %, 2 (moderate) to 40 %, 3 (severe) above. */
export function gradeOf(lossPercent: number): Grade {
  return lossPercent < 20 ? 0 : lossPercent < 25 ? 1 : lossPercent <= 40 ? 2 : 3;
}

/** Anterior over posterior height of unfractured bodies (Black et al., J Bone Miner Res 1995;10:890, rounded). */
const ANTERIOR_RATIO: Readonly<Record<string, number>> = {
  L5: 1.1,
  L4: 1.04,
  L3: 1.01,
  L2: 0.98,
  L1: 0.95,
  T12: 0.94,
  T11: 0.93,
};
const USUAL_ANTERIOR_RATIO = 0.95;
/** Middle over mean of anterior and posterior height: endplates sink in a little. */
const MIDDLE_RATIO = 0.92;
/** Posterior heights below this part of what the neighbours let expect are a loss of their own. */
const CRUSHED = 0.86;

export interface Measured {
  readonly level?: string;
  readonly heights: BodyHeights;
}

/** Grades bodies of one spine, given from the lowest up without gaps. */
export function gradeBodies(bodies: readonly Measured[]): readonly Grading[] {
  const ratios = bodies.map(({ level, heights }) => heights.anteriorMm / heights.posteriorMm / normalRatio(level));
  return bodies.map(({ level, heights }, index) => {
    const near = bodies.filter((_, other) => other !== index && Math.abs(other - index) <= 3);
    const expected = expectedPosterior(bodies, index);
    const posterior =
      expected !== undefined && heights.posteriorMm < CRUSHED * expected ? expected : heights.posteriorMm;
    // A patient's own shape: how wedged the unfractured neighbours are, within what is normal.
    const own = median(ratios.filter((_, other) => Math.abs(other - index) <= 3 && other !== index));
    const shape = near.length < 2 ? 1 : Math.min(1.06, Math.max(0.94, own));
    const anterior = posterior * normalRatio(level) * shape;
    const middle = MIDDLE_RATIO * ((anterior + posterior) / 2);
    const losses = {
      anterior: 1 - heights.anteriorMm / anterior,
      middle: 1 - heights.middleMm / middle,
      posterior: 1 - heights.posteriorMm / posterior,
    };
    const lossPercent = 100 * Math.max(0, losses.anterior, losses.middle, losses.posterior);
    const grade = gradeOf(lossPercent);
    return { lossPercent, grade, ...(grade > 0 && { deformity: deformityOf(losses) }) };
  });
}

function normalRatio(level: string | undefined): number {
  return (level === undefined ? undefined : ANTERIOR_RATIO[level]) ?? USUAL_ANTERIOR_RATIO;
}

/** The posterior height that the nearest two neighbours on either side let expect, by the median of their trend. */
function expectedPosterior(bodies: readonly Measured[], index: number): number | undefined {
  const heights = bodies.map(({ heights: { posteriorMm } }) => posteriorMm);
  const below = heights.slice(Math.max(0, index - 2), index);
  const above = heights.slice(index + 1, index + 3);
  if (below.length + above.length < 2) return undefined;
  // Bodies grow by about 3 % a level downwards; neighbours are brought to this body's level before they are compared.
  const growth = 1.03;
  const brought = [
    ...below.map((height, n) => height / growth ** (below.length - n)),
    ...above.map((height, n) => height * growth ** (n + 1)),
  ];
  return median(brought);
}

function deformityOf({
  anterior,
  middle,
  posterior,
}: Readonly<Record<'anterior' | 'middle' | 'posterior', number>>): Deformity {
  if (posterior > 0.6 * Math.max(anterior, middle)) return 'crush';
  return middle > anterior ? 'biconcave' : 'wedge';
}
