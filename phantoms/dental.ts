/**
 * Seeded dental radiographs with known caries: bitewings, periapicals and panoramics. One generator for the demo, the tests and the
 * training of `caries-lesion`.
 *
 * They are made by adding up what an X-ray meets (enamel, dentin, pulp, caries, fillings, bone, soft tissue) and
 * exposing the sum; they resemble radiographs and stand in for none.
 */
export { type BitewingOptions, makeBitewing } from './dental/bitewing.ts';
export type { DepthClass, Surface } from './dental/lesion.ts';
export { makePanoramic, type PanoramicOptions } from './dental/panoramic.ts';
export { makePeriapical, type PeriapicalOptions } from './dental/periapical.ts';
export { radiographOf } from './dental/radiograph.ts';
export { type Score, scoreLesions } from './dental/score.ts';
export type { DentalOptions, DentalPhantom, DentalTruth, LesionTruth, PixelBox, ToothTruth } from './dental/truth.ts';
