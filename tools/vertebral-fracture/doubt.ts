/**
 * Doubts bodies that seem sound among fractured ones. What a body was before a fracture is estimated from its neighbours, so the
 * estimate is too low where most of them have lost height as well. A fracture takes neither depth nor width: a body that is too low
 * for its own section shows that. Other bodies show only a little loss, which may be more.
 */
import type { Fit } from './fit.ts';
import type { Grading } from './grade.ts';
import type { BodyHeights } from './heights.ts';
import type { NoGrade } from './no-grade.ts';

/**
 * The greatest height relative to the square root of depth times width. Sound bodies are above 0.6 (L4 of large men; Panjabi et al.,
 * Spine 1992;17:299), those crushed by 35 % and more below 0.5.
 */
const LEAST = 0.55;
/** Among so many of its nearest graded bodies to either side, most of which are moderately fractured, this loss is doubtful, percent. */
const AMONG = { reach: 2, grade: 2, lossPercent: 6 } as const;

/** The fits of bodies, and no grade where a body seems sound but may not be. */
export function doubtSound(
  fits: readonly Fit[],
  bodies: readonly { readonly heights?: BodyHeights }[],
  gradings: readonly (Grading | undefined)[],
): readonly Fit[] {
  return fits.map((fit, index) => {
    const heights = bodies[index]?.heights;
    if (fit.noGrade !== undefined || heights === undefined || gradings[index]?.grade !== 0) return fit;
    const doubt = doubtOf(heights, gradings, index);
    return doubt === undefined ? fit : { ...fit, noGrade: doubt };
  });
}

function doubtOf(heights: BodyHeights, gradings: readonly (Grading | undefined)[], index: number): NoGrade | undefined {
  if (heightForSection(heights) < LEAST) return 'too-low';
  const around = gradings
    .slice(Math.max(0, index - AMONG.reach), index + AMONG.reach + 1)
    .flatMap((one) => (one === undefined || one === gradings[index] ? [] : [one]));
  const fractured = around.filter(({ grade }) => grade >= AMONG.grade).length;
  const isAmong = around.length > 1 && 2 * fractured > around.length;
  return isAmong && (gradings[index]?.lossPercent ?? 0) >= AMONG.lossPercent ? 'neighbours' : undefined;
}

function heightForSection({ anteriorMm, middleMm, posteriorMm, depthMm, widthMm }: BodyHeights): number {
  return Math.max(anteriorMm, middleMm, posteriorMm) / Math.sqrt(depthMm * widthMm);
}
