/** Finds the spine among candidates: the heaviest chain of bodies whose steps are plausible from one vertebra to the next. */
import type { PointLps } from '#core/image/geometry.ts';
import { distance, subtract } from './chain-geometry.ts';

export interface ChainCandidate {
  readonly label: number;
  readonly centre: PointLps;
  readonly volumeMl: number;
}

/** Distance between centres of neighbours, mm: from a crushed thoracic body to a lumbar one with a missed neighbour between. */
const STEP_MM = { least: 8, most: 75, usual: 45 } as const;
/** The steepest step against the long axis of the patient (cosine of 65°). */
const STEEPEST = 0.42;
/** A body's volume counts up to this: two bodies grown together must not outweigh two separate ones. */
const FULL_ML = 12;

/**
 * The chain of candidates, from below upwards, with the largest sum of weights minus penalties for gaps, sideways steps and
 * unequal sizes. Dynamic programming over candidates sorted by height; O(n²).
 */
export function longestChain<T extends ChainCandidate>(candidates: readonly T[]): readonly T[] {
  const sorted = candidates.toSorted((a, b) => a.centre[2] - b.centre[2]);
  const best: { readonly score: number; readonly before: number }[] = [];
  for (const [index, candidate] of sorted.entries()) {
    const weight = Math.min(candidate.volumeMl, FULL_ML);
    let score = weight;
    let before = -1;
    for (let earlier = 0; earlier < index; earlier += 1) {
      const lower = sorted[earlier];
      const reached = best[earlier];
      if (lower === undefined || reached === undefined) continue;
      const penalty = stepPenalty(lower, candidate);
      if (penalty === undefined) continue;
      const total = reached.score + weight - penalty;
      if (total > score) {
        score = total;
        before = earlier;
      }
    }
    best.push({ score, before });
  }
  let at = best.reduce((top, { score }, index) => (score > (best[top]?.score ?? -Infinity) ? index : top), 0);
  const chain: T[] = [];
  while (at >= 0) {
    const candidate = sorted[at];
    if (candidate === undefined) break;
    chain.unshift(candidate);
    at = best[at]?.before ?? -1;
  }
  return chain;
}

/** The penalty of a step; undefined where no spine takes such a step. */
function stepPenalty(lower: ChainCandidate, upper: ChainCandidate): number | undefined {
  const length = distance(lower.centre, upper.centre);
  if (length < STEP_MM.least || length > STEP_MM.most) return undefined;
  const step = subtract(upper.centre, lower.centre);
  if (step[2] / length < STEEPEST) return undefined;
  const gap = Math.max(0, length - STEP_MM.usual) * 0.15;
  const sideways = (Math.abs(step[0]) / length) * 6;
  const unlike = Math.abs(Math.log(lower.volumeMl / upper.volumeMl)) * 0.8;
  return gap + sideways + unlike;
}
