/**
 * Seeded dental radiographs with known caries: bitewings, periapicals and panoramics. One generator serves the demo, the tests and
 * the training of `caries-lesion`.
 *
 * The generator adds up the structures in the X-ray's path (enamel, dentin, pulp, caries, fillings, bone, soft tissue) and exposes
 * the sum. The results resemble radiographs and do not replace any.
 */
export { type BitewingOptions, makeBitewing } from './dental/bitewing.ts';
export type { DepthClass, Surface } from './dental/lesion.ts';
export { makePanoramic, type PanoramicOptions } from './dental/panoramic.ts';
export { makePeriapical, type PeriapicalOptions } from './dental/periapical.ts';
export { radiographOf } from './dental/radiograph.ts';
export { type Score, scoreLesions } from './dental/score.ts';
export type { DentalOptions, DentalPhantom, DentalTruth, LesionTruth, PixelBox, ToothTruth } from './dental/truth.ts';
