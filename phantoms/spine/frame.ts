/** Frames of bones in the phantom's world: mm, LPS. */
import type { PointLps } from '#core/image/geometry.ts';

/** An orthonormal frame: `lateral` to the left, `depth` to posterior, `up` to the head along the spine. */
export interface Frame {
  readonly centre: PointLps;
  readonly lateral: PointLps;
  readonly depth: PointLps;
  readonly up: PointLps;
}

/** The unit vector to the head, tilted forward (to anterior) and rolled (to the left), radians. */
export function axis(tilt: number, roll: number): PointLps {
  return unit([Math.sin(roll), -Math.sin(tilt) * Math.cos(roll), Math.cos(tilt) * Math.cos(roll)]);
}

/** The frame at `centre` whose `up` is given, rolled about it, radians. */
export function frameAt(centre: PointLps, up: PointLps, roll: number): Frame {
  const rolled: PointLps = [Math.cos(roll), 0, -Math.sin(roll)];
  const along = dot(rolled, up);
  const lateral = unit(add(rolled, times(up, -along)));
  return { centre, lateral, depth: cross(up, lateral), up };
}

export const add = (a: PointLps, b: PointLps): PointLps => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const times = (a: PointLps, factor: number): PointLps => [a[0] * factor, a[1] * factor, a[2] * factor];
export const dot = (a: PointLps, b: PointLps): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: PointLps, b: PointLps): PointLps => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export function unit(a: PointLps): PointLps {
  return times(a, 1 / Math.sqrt(dot(a, a)));
}

/** The world point at (lateral, depth, up) mm of a frame. */
export function at({ centre, lateral, depth, up }: Frame, s: number, t: number, h: number): PointLps {
  return add(centre, add(times(lateral, s), add(times(depth, t), times(up, h))));
}
