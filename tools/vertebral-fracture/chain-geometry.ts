/** Vector arithmetic on points of a chain, mm, LPS. */
import type { PointLps } from '#core/image/geometry.ts';

export const subtract = (a: PointLps, b: PointLps): PointLps => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const add = (a: PointLps, b: PointLps): PointLps => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const times = (a: PointLps, factor: number): PointLps => [a[0] * factor, a[1] * factor, a[2] * factor];
export const dot = (a: PointLps, b: PointLps): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: PointLps, b: PointLps): PointLps => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const distance = (a: PointLps, b: PointLps): number => Math.sqrt(dot(subtract(a, b), subtract(a, b)));
export const unit = (a: PointLps): PointLps => times(a, 1 / (Math.sqrt(dot(a, a)) || 1));

/** The middle value, or the mean of the two middle ones; 0 for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}

/** The direction of the chain (from the lowest body up) at one of its points. At the ends the curve is extrapolated. */
export function axisOf(chain: readonly PointLps[], index: number): PointLps {
  const step = (from: number): PointLps | undefined => {
    const [a, b] = [chain[from], chain[from + 1]];
    return a === undefined || b === undefined ? undefined : unit(subtract(b, a));
  };
  const below = step(index - 1);
  const above = step(index);
  if (below !== undefined && above !== undefined) return unit(add(below, above));
  const nearest = above ?? below;
  if (nearest === undefined) return [0, 0, 1];
  const next = above === undefined ? step(index - 2) : step(index + 1);
  return next === undefined ? nearest : unit(subtract(times(nearest, 1.5), times(next, 0.5)));
}
