/** A bitewing: crowns of the back teeth of both jaws on one side, on an intra-oral detector of 40 × 30 mm. */
import { createRandom } from '../random.ts';
import { paintCheekAndBone } from './bone.ts';
import { type PatientSide, placeBackTeeth } from './row.ts';
import { createScene, expose } from './scene.ts';
import { type DentalOptions, type DentalPhantom, paintTeeth } from './truth.ts';

export interface BitewingOptions extends DentalOptions {
  /** The patient's side; random if absent. Right teeth have their mesial side towards the image's right. */
  readonly side?: PatientSide;
  /** mm between pixels; 0.04 gives 1000 × 750. */
  readonly spacingMm?: number;
}

/** Intra-oral detectors lie close behind the teeth. */
const MAGNIFICATION = 1.06;
const WIDTH_MM = 40;
const HEIGHT_MM = 30;

export function makeBitewing({ seed, side, cariesRate, spacingMm = 0.04 }: BitewingOptions): DentalPhantom {
  const random = createRandom(seed);
  const chosen = side ?? (random.chance(0.5) ? 'right' : 'left');
  const scene = createScene(Math.round(HEIGHT_MM / spacingMm), Math.round(WIDTH_MM / spacingMm), spacingMm);
  const slope = random.between(-0.06, 0.06);
  const middle = HEIGHT_MM * random.between(0.46, 0.54);
  const offset = random.between(-7, 5);
  const common = { side: chosen, slope, widthMm: WIDTH_MM, magnification: MAGNIFICATION };
  const upper = placeBackTeeth(
    {
      ...common,
      jaw: 'upper',
      offset: offset + random.between(-2, 2),
      middle: middle - random.between(-0.3, 1),
    },
    random,
  );
  const lower = placeBackTeeth({ ...common, jaw: 'lower', offset, middle: middle + random.between(-0.3, 1) }, random);
  paintCheekAndBone(scene, [upper, lower], random);
  const truth = paintTeeth(
    scene,
    [...upper, ...lower],
    { kind: 'bitewing', scale: MAGNIFICATION, rate: cariesRate ?? 0.16 },
    random,
  );
  const pixels = expose(
    scene,
    {
      blurMm: random.between(0.04, 0.12),
      halfScale: random.between(9, 16),
      gamma: random.between(0.8, 1.3),
      range: [random.between(0, 0.08), random.between(0.8, 1)],
      noise: random.between(0.004, 0.018),
    },
    random,
  );
  return {
    kind: 'bitewing',
    rows: scene.rows,
    columns: scene.columns,
    pixels,
    spacingMm: [spacingMm, spacingMm],
    truth,
  };
}
