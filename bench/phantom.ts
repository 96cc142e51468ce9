import { makeSpinePhantom, type SpinePhantom } from '#phantoms/spine-ct.ts';

/** The CT of the bench: slices of 512 × 512 with pixels of 0.75 mm, 1 mm apart, from the sacrum up. */
export function benchPhantom(slices: number): SpinePhantom {
  console.error(`making a phantom of ${slices} slices of 512 × 512`);
  return makeSpinePhantom({ seed: 300, columns: 512, rows: 512, slices, spacingMm: [0.75, 0.75, 1], from: 'S' });
}
