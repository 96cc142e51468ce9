/**
 * A periapical radiograph: a few teeth of one jaw from cusp to apex with the bone around them, on a size 2 detector (ISO 3665),
 * upright for the front teeth and horizontal for the back teeth.
 */
import { createRandom, type Random } from '../random.ts';
import { paintCheekAndBone } from './bone.ts';
import { type PatientSide, placeBackTeeth, quadrantOf } from './row.ts';
import { createScene, expose, type Scene } from './scene.ts';
import { growTooth, type Jaw, type Tooth, toothSize } from './tooth.ts';
import { type DentalOptions, type DentalPhantom, paintTeeth } from './truth.ts';

export interface PeriapicalOptions extends DentalOptions {
  /** mm between pixels; 0.04 gives 775 × 1025. */
  readonly spacingMm?: number;
}

const SHORT_MM = 31;
const LONG_MM = 41;
const SIDES = ['right', 'left'] as const;

/** The position of the detector behind the teeth. Lengths in mm on the detector. */
interface View {
  readonly jaw: Jaw;
  readonly widthMm: number;
  readonly heightMm: number;
  /** Height of the cusps in the middle of the picture, and its change per mm to the right. */
  readonly middle: number;
  readonly slope: number;
  readonly magnification: number;
}

export function makePeriapical({ seed, cariesRate, spacingMm = 0.04 }: PeriapicalOptions): DentalPhantom {
  const random = createRandom(seed);
  const front = random.chance(0.4);
  const jaw = random.pick(['upper', 'lower'] as const);
  const [widthMm, heightMm] = front ? [SHORT_MM, LONG_MM] : [LONG_MM, SHORT_MM];
  const margin = random.between(1.5, 5);
  const view: View = {
    jaw,
    widthMm,
    heightMm,
    middle: jaw === 'upper' ? heightMm - margin : margin,
    slope: random.between(-0.1, 0.1),
    magnification: random.between(1.03, 1.12),
  };
  const scene = createScene(Math.round(heightMm / spacingMm), Math.round(widthMm / spacingMm), spacingMm);
  // The beam rarely meets tooth and detector at right angles, so crowns and roots appear too short or too long.
  const stretch = random.between(0.88, 1.12);
  const placed = front ? placeFrontTeeth(view, random) : placeBack(view, random);
  const teeth = placed.map((tooth) => ({ ...tooth, crown: tooth.crown * stretch, root: tooth.root * stretch }));
  paintCheekAndBone(scene, [teeth], random);
  paintLandmarks(scene, view, front, random);
  for (const tooth of teeth) if (random.chance(0.1)) paintApicalLesion(scene, tooth, random);
  const truth = paintTeeth(
    scene,
    teeth,
    { kind: 'periapical', scale: view.magnification, rate: cariesRate ?? 0.16 },
    random,
  );
  const pixels = expose(
    scene,
    {
      blurMm: random.between(0.04, 0.12),
      halfScale: random.between(9, 18),
      gamma: random.between(0.8, 1.3),
      range: [random.between(0, 0.08), random.between(0.8, 1)],
      noise: random.between(0.004, 0.018),
    },
    random,
  );
  return {
    kind: 'periapical',
    rows: scene.rows,
    columns: scene.columns,
    pixels,
    spacingMm: [spacingMm, spacingMm],
    truth,
  };
}

function placeBack(view: View, random: Random): readonly Tooth[] {
  return placeBackTeeth({ ...view, side: random.pick(SIDES), offset: random.between(-14, 3) }, random);
}

/** Teeth 1 to 4 of both sides, from a midline in or near the picture. The patient's right is on the picture's left. */
function placeFrontTeeth(view: View, random: Random): readonly Tooth[] {
  const midline = view.widthMm * random.between(0.15, 0.85);
  return SIDES.flatMap((side) => placeQuadrant(view, side, midline, random));
}

function placeQuadrant(view: View, side: PatientSide, midline: number, random: Random): readonly Tooth[] {
  const { jaw, magnification } = view;
  const outwards = side === 'right' ? -1 : 1;
  const teeth: Tooth[] = [];
  let distance = random.between(-0.05, 0.3);
  for (let position = 1; position <= 4; position++) {
    const width = (toothSize(jaw, position)[0] ?? 8) * magnification * random.between(0.9, 1.05);
    const x = midline + outwards * (distance + width / 2);
    distance += width + random.between(-0.6, 0.25);
    if (random.chance(0.04)) continue;
    const y = view.middle + view.slope * (x - view.widthMm / 2) + random.normal() * 0.4;
    // The roots of front teeth converge a little towards the apex, because the arch is behind them.
    const tilt = random.normal() * 0.05 - view.slope * 0.5;
    const fdi = quadrantOf(jaw, side) * 10 + position;
    const mesial = side === 'right' ? 1 : -1;
    teeth.push(growTooth({ fdi, jaw, position, x, y, tilt, mesial, width }, magnification, random));
  }
  return teeth;
}

/** Sinus and nose above upper teeth; lower border and canal below lower teeth: bright lines and dark hollows. */
function paintLandmarks(scene: Scene, view: View, front: boolean, random: Random): void {
  const { columns, spacingMm } = scene;
  const away = view.jaw === 'upper' ? -1 : 1;
  const depth = random.between(front ? 24 : 17, front ? 34 : 26);
  const wave = random.between(0.5, 3);
  const length = random.between(5, 12);
  const phase = random.between(0, 6);
  const hollow = view.jaw === 'upper' ? random.between(0.35, 0.75) : random.between(0.75, 0.95);
  const wall = random.between(0.4, 1.6);
  scene.surroundings.forEach((value, index) => {
    const column = index % columns;
    const x = (column + 0.5) * spacingMm;
    const y = ((index - column) / columns + 0.5) * spacingMm;
    const beyond = away * (y - view.middle) - depth - wave * Math.sin(phase + x / length);
    if (beyond > 0) scene.surroundings[index] = value * hollow;
    if (Math.abs(beyond) < 0.35) scene.surroundings[index] = value + wall;
  });
}

/** Apical periodontitis: bone lost around an apex. The tool must not mark it. */
function paintApicalLesion(scene: Scene, tooth: Tooth, random: Random): void {
  const { columns, spacingMm } = scene;
  const down = tooth.jaw === 'lower' ? 1 : -1;
  const length = tooth.crown + tooth.root;
  const aside = tooth.spread === 0 ? 0 : tooth.spread * random.pick([-1, 1]);
  const x = tooth.x - length * Math.sin(tooth.tilt) + aside;
  const y = tooth.y + down * length * Math.cos(tooth.tilt);
  const radius = random.between(1, 3.2);
  const loss = random.between(0.35, 0.7);
  scene.surroundings.forEach((value, index) => {
    const column = index % columns;
    const distance = Math.hypot((column + 0.5) * spacingMm - x, ((index - column) / columns + 0.5) * spacingMm - y);
    if (distance < radius) scene.surroundings[index] = value * (1 - loss * Math.min(1, 2.5 * (1 - distance / radius)));
  });
}
