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
  /** The kind of deformity, from grade 1 on. */
  readonly deformity?: Deformity;
}

/** Losses between which the grades lie, percent. */
export const GRADE_LIMITS = [20, 25, 40] as const;

/** Grade 0 below 20 %, 1 (mild) below 25 %, 2 (moderate) up to 40 %, 3 (severe) above. */
export function gradeOf(lossPercent: number): Grade {
  const [mild, moderate, severe] = GRADE_LIMITS;
  return lossPercent < mild ? 0 : lossPercent < moderate ? 1 : lossPercent <= severe ? 2 : 3;
}

/** Sunken endplates appear too flat, so the measured loss is too small: by about a seventh on the validation phantoms. */
const UNDERREAD = 1.15;

/** Grades the bodies of one spine, from the lowest up. Undefined bodies are not compared with the others and stay undefined. */
export function gradeBodies(bodies: readonly (Measured | undefined)[]): readonly (Grading | undefined)[] {
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
    return { lossPercent, grade, ...(grade > 0 && { deformity: deformityOf(losses) }) };
  });
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
