/**
 * Doubts a body that has lost no height against its neighbours, but is too low for its own section. A fracture takes neither depth nor
 * width. So where most neighbours are crushed as well, they show no loss, and only the section does.
 */
import type { Fit } from './fit.ts';
import type { Grading } from './grade.ts';
import type { BodyHeights } from './heights.ts';

/**
 * The greatest height relative to the square root of depth times width. Sound bodies are above 0.6 (L4 of large men; Panjabi et al.,
 * Spine 1992;17:299), those crushed by 35 % and more below 0.5.
 */
const LEAST = 0.55;

/** The fits of bodies, and no grade where a body seems sound but is too low. */
export function doubtLow(
  fits: readonly Fit[],
  bodies: readonly { readonly heights?: BodyHeights }[],
  gradings: readonly (Grading | undefined)[],
): readonly Fit[] {
  return fits.map((fit, index) => {
    const heights = bodies[index]?.heights;
    const isLow = heights !== undefined && gradings[index]?.grade === 0 && heightForSection(heights) < LEAST;
    return isLow && fit.noGrade === undefined ? { ...fit, noGrade: 'too-low' } : fit;
  });
}

function heightForSection({ anteriorMm, middleMm, posteriorMm, depthMm, widthMm }: BodyHeights): number {
  return Math.max(anteriorMm, middleMm, posteriorMm) / Math.sqrt(depthMm * widthMm);
}
