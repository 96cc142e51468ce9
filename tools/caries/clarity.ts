/** How much in doubt the model is about crowns. It tells pictures that lie as they should from inverted and turned ones. */
import type { Planes } from './planes.ts';
import type { DentalView } from './scale.ts';

/** A pixel is in doubt if the model gives it neither to a crown's middle nor clearly to something else. */
const DOUBT = { from: 0.2, to: 0.8 };
const CORE = 0.5;

/** The number of pixels in doubt for each pixel in a crown's middle. */
export function doubtOf({ upperCore, lowerCore }: Planes): number {
  let [core, doubt] = [0, 0];
  for (let index = 0; index < upperCore.length; index++) {
    const value = Math.max(upperCore[index] ?? 0, lowerCore[index] ?? 0);
    if (value > CORE) core += 1;
    if (value > DOUBT.from && value < DOUBT.to) doubt += 1;
  }
  return core === 0 ? Number.POSITIVE_INFINITY : doubt / core;
}

/**
 * Up to this doubt, a picture lies as it should. Validation phantoms have at most 0.21 (intra-oral) and 0.32 (panoramic); those
 * that are inverted or turned by 90° have at least 0.67 and 0.91. Between, the picture is compared with itself: real
 * pictures have 0.5 to 1.2, and more than that if they are inverted or turned.
 */
export const SURE_DOUBT: Readonly<Record<DentalView, number>> = { 'intra-oral': 0.45, panoramic: 0.5 };
/** Beyond this doubt, the crowns are guesses. Inverted real panoramics have at least 1.0. */
export const MOST_DOUBT: Readonly<Record<DentalView, number>> = { 'intra-oral': 0.9, panoramic: 0.85 };
/** A picture lies otherwise than its header says if that leaves at most this share of the doubt. */
export const CLEARER = 0.75;
