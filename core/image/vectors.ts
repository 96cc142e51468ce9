/** Vectors in the patient's coordinate system. */
import type { PointLps } from './geometry.ts';

export function dot(a: PointLps, b: PointLps): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: PointLps, b: PointLps): PointLps {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function subtract(a: PointLps, b: PointLps): PointLps {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function scaled(a: PointLps, factor: number): PointLps {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** The unit vector in the same direction. */
export function unit(a: PointLps): PointLps {
  return scaled(a, 1 / length(a));
}

export function length(a: PointLps): number {
  return Math.hypot(...a);
}
