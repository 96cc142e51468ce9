/**
 * Height loss and Genant's grade of each body (Genant et al., J Bone Miner Res 1993;8:1137).
 *
 * Genant compares a body with its own posterior height and with the bodies beside it, and so does this tool. Each height is
 * compared with the height that the body's posterior height predicts (for wedge and biconcave deformities) and with the height
 * that its neighbours predict (the only sign of a crush deformity): `expected-heights.ts`.
 *
 * Each of Genant's kinds takes height in front or in the middle; a crush takes some at the back, too. A body that is low at the back
 * alone is none of them: sound bodies of a lordosis are so, and so is a mask that lacks the corner at the arch.
 */
import { expectedHeights, type Measured } from './expected-heights.ts';

export type Deformity = 'wedge' | 'biconcave' | 'crush';
export type Grade = 0 | 1 | 2 | 3;

export interface Grading {
  /** The larger loss of the anterior and the middle height, in percent of the expected height; 0 or more. */
  readonly lossPercent: number;
  readonly grade: Grade;
  /** The probability that the true loss belongs to this grade, 0 to `MOST_CERTAIN`. */
  readonly certainty: number;
  /** The kind of deformity, from grade 1 on. */
  readonly deformity?: Deformity;
}

/** Grade 0 below 20 %, 1 (mild) below 25 %, 2 (moderate) up to 40 %, 3 (severe) above. */
export function gradeOf(lossPercent: number): Grade {
  return lossPercent < 20 ? 0 : lossPercent < 25 ? 1 : lossPercent <= 40 ? 2 : 3;
}

/** Upper limits of the grades, percent of height lost. */
const LIMITS = [20, 25, 40, Infinity] as const;
/** Standard deviation between expected heights and heights before a fracture, percent (on phantoms). */
const EXPECTATION_DEVIATION = 3;

/** Sunken endplates appear too flat, so the measured loss is too small: by about a seventh on the validation phantoms. */
const UNDERREAD = 1.15;

/** The highest certainty that is stored or shown: a model that was never tested on many patients is never certain. */
export const MOST_CERTAIN = 0.99;

/**
 * Grades the bodies of one spine, from the lowest up. Undefined bodies are not compared with the others and stay undefined.
 *
 * @param heightDeviationMm standard deviation of a height's error, used for the certainty
 */
export function gradeBodies(
  bodies: readonly (Measured | undefined)[],
  heightDeviationMm: number,
): readonly (Grading | undefined)[] {
  return bodies.map((body, index) => {
    if (body === undefined) return undefined;
    const [anterior, middle, posterior] = expectedHeights(bodies, index);
    const losses = {
      anterior: 1 - body.heights.anteriorMm / anterior,
      middle: 1 - body.heights.middleMm / middle,
      posterior: 1 - body.heights.posteriorMm / posterior,
    };
    const lossPercent = Math.min(100, UNDERREAD * 100 * Math.max(0, losses.anterior, losses.middle));
    const grade = gradeOf(lossPercent);
    const deviation = Math.hypot((100 * heightDeviationMm) / middle, EXPECTATION_DEVIATION);
    const certainty = Math.min(MOST_CERTAIN, certaintyOf(lossPercent, grade, deviation));
    return { lossPercent, grade, certainty, ...(grade > 0 && { deformity: deformityOf(losses) }) };
  });
}

/** The part of a normal distribution about `lossPercent` that lies within the grade's limits. */
function certaintyOf(lossPercent: number, grade: Grade, deviation: number): number {
  const below = (limit: number): number => normalBelow((limit - lossPercent) / deviation);
  return below(LIMITS[grade]) - (grade === 0 ? 0 : below(LIMITS[(grade - 1) as Grade]));
}

/** The standard normal distribution function (Abramowitz and Stegun 7.1.26; error below 1e-7). */
function normalBelow(x: number): number {
  if (!Number.isFinite(x)) return x > 0 ? 1 : 0;
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = 0.5 * series * Math.exp(-z * z);
  return x > 0 ? 1 - upper : upper;
}

/** Ratios that tell the kinds apart: the middle loss against both ends, and the posterior loss against the others. */
const BICONCAVE = 1.2;
const CRUSH = 0.6;

function deformityOf({
  anterior,
  middle,
  posterior,
}: Readonly<Record<'anterior' | 'middle' | 'posterior', number>>): Deformity {
  // Sunken endplates take height at all three stations, and most in the middle.
  if (middle > BICONCAVE * Math.max(anterior, posterior)) return 'biconcave';
  return posterior > CRUSH * Math.max(anterior, middle) ? 'crush' : 'wedge';
}
