/** How clearly the model sees crowns. Phantoms that lie as they should and turned or inverted ones differ in it by a wide margin. */
import type { Planes } from './planes.ts';
import type { DentalView } from './scale.ts';

/** A pixel is in doubt if the model gives it neither to a crown's middle nor clearly to something else. */
const DOUBT = { from: 0.2, to: 0.8 };
const CORE = 0.5;

/**
 * Most pixels in doubt for each pixel in a crown's middle. Validation phantoms have at most 0.21 (intra-oral) and 0.32
 * (panoramic), and at least 0.67 and 0.91 if they are turned by 90° or inverted. A real bitewing has 0.47, the one real
 * panoramic whose teeth are numbered 0.64.
 */
const MOST_DOUBT: Readonly<Record<DentalView, number>> = { 'intra-oral': 0.58, panoramic: 0.85 };

export function isClear({ upperCore, lowerCore }: Planes, view: DentalView): boolean {
  let [core, doubt] = [0, 0];
  for (let index = 0; index < upperCore.length; index++) {
    const value = Math.max(upperCore[index] ?? 0, lowerCore[index] ?? 0);
    if (value > CORE) core += 1;
    if (value > DOUBT.from && value < DOUBT.to) doubt += 1;
  }
  return doubt <= MOST_DOUBT[view] * core;
}
