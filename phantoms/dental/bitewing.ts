/** A bitewing: crowns of the back teeth of both jaws on one side, on an intra-oral detector of 40 × 30 mm. */
import { createRandom, type Random } from '../random.ts';
import { createScene, expose, type Scene, texture } from './scene.ts';
import { growTooth, type Jaw, type Tooth, toothSize } from './tooth.ts';
import { type DentalOptions, type DentalPhantom, paintTeeth } from './truth.ts';

export interface BitewingOptions extends DentalOptions {
  /** The patient's side; by chance where not given. Right teeth point their mesial side to the image's right. */
  readonly side?: 'right' | 'left';
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
  const upper = placeRow(
    'upper',
    chosen,
    { offset: offset + random.between(-2, 2), middle: middle - random.between(-0.3, 1), slope },
    random,
  );
  const lower = placeRow('lower', chosen, { offset, middle: middle + random.between(-0.3, 1), slope }, random);
  paintSurroundings(scene, [upper, lower], random);
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

interface Row {
  readonly offset: number;
  readonly middle: number;
  readonly slope: number;
}

/** Teeth 3 to 8 in contact, the front ones beyond the picture's edge or just in it. */
function placeRow(jaw: Jaw, side: 'right' | 'left', row: Row, random: Random): readonly Tooth[] {
  const mesial = side === 'right' ? 1 : -1;
  const quadrant = jaw === 'upper' ? (side === 'right' ? 1 : 2) : side === 'right' ? 4 : 3;
  const teeth: Tooth[] = [];
  // Distance from the front edge of the picture, growing to the back.
  let distance = row.offset - 2;
  for (let position = 3; position <= 8; position++) {
    const width = (toothSize(jaw, position)[0] ?? 8) * MAGNIFICATION * random.between(0.93, 1.07);
    const centre = distance + width / 2;
    distance += width + random.between(-0.55, 0.12);
    if (random.chance(position === 8 ? 0.4 : 0.04)) continue;
    const x = mesial > 0 ? WIDTH_MM - centre : centre;
    const y = row.middle + row.slope * (x - WIDTH_MM / 2) + random.normal() * 0.3;
    const tilt = random.normal() * 0.05 - row.slope * 0.5;
    teeth.push(
      growTooth({ fdi: quadrant * 10 + position, jaw, position, x, y, tilt, mesial, width }, MAGNIFICATION, random),
    );
  }
  return teeth;
}

/** Cheek, and alveolar bone with trabeculae from the crest to the picture's edge. */
function paintSurroundings(scene: Scene, rows: readonly (readonly Tooth[])[], random: Random): void {
  const { columns, spacingMm } = scene;
  const cheek = texture(scene, 14, random);
  const coarse = texture(scene, random.between(0.9, 1.6), random);
  const fine = texture(scene, random.between(0.35, 0.6), random);
  const soft = random.between(0.6, 1.8);
  const density = random.between(2.5, 5.5);
  const crests = rows.map((row) => {
    const loss = random.between(1, 3.5);
    const wave = random.between(0.2, 0.9);
    const phase = random.between(0, 6);
    const down = row[0]?.jaw === 'upper' ? -1 : 1;
    const neck = row.reduce((sum, tooth) => sum + tooth.y + down * tooth.crown, 0) / Math.max(1, row.length);
    return { down, at: (x: number): number => neck + down * (loss + wave * Math.sin(phase + x / 1.6)) };
  });
  scene.surroundings.forEach((_, index) => {
    const column = index % columns;
    const x = (column + 0.5) * spacingMm;
    const y = ((index - column) / columns + 0.5) * spacingMm;
    let value = soft * (1 + 0.25 * (cheek[index] ?? 0));
    for (const { down, at } of crests) {
      const below = down * (y - at(x));
      if (below <= 0) continue;
      const grown = Math.min(1, 0.45 + below / 6);
      value += density * grown * (1 + 0.16 * (coarse[index] ?? 0) + 0.1 * (fine[index] ?? 0)) + (below < 0.5 ? 0.5 : 0);
    }
    scene.surroundings[index] = value;
  });
}
