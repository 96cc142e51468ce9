/** Small vector arithmetic on points of a chain, mm, LPS. */
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

/** The middle value, the mean of the two middle ones, 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}

/** The direction to the head of the chain at one of its points (from the lowest up), from its neighbours. */
export function axisOf(chain: readonly PointLps[], index: number): PointLps {
  const below = chain[index - 1] ?? chain[index];
  const above = chain[index + 1] ?? chain[index];
  if (below === undefined || above === undefined || below === above) return [0, 0, 1];
  return unit(subtract(above, below));
}
