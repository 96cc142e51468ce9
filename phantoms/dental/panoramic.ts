/** A panoramic radiograph: both arches laid flat on a 300 × 150 mm picture, with jaws, sinuses, palate and spine shadow. */
import { createRandom, type Random } from '../random.ts';
import { blur, createScene, expose, type Scene, texture } from './scene.ts';
import { growTooth, type Jaw, type Tooth, toothSize } from './tooth.ts';
import { type DentalOptions, type DentalPhantom, paintTeeth } from './truth.ts';

export interface PanoramicOptions extends DentalOptions {
  /** mm between pixels at the detector; 0.125 gives 2400 × 1200. */
  readonly spacingMm?: number;
}

const WIDTH_MM = 300;
const HEIGHT_MM = 150;

export function makePanoramic({ seed, cariesRate, spacingMm = 0.125 }: PanoramicOptions): DentalPhantom {
  const random = createRandom(seed);
  const scene = createScene(Math.round(HEIGHT_MM / spacingMm), Math.round(WIDTH_MM / spacingMm), spacingMm);
  const scale = random.between(1.18, 1.32);
  const head: Head = {
    midline: WIDTH_MM / 2 + random.normal() * 4,
    occlusal: HEIGHT_MM * random.between(0.5, 0.62),
    smile: random.between(-0.001, 0.0028),
    scale,
    bite: random.between(0.2, 8),
  };
  const teeth = [...placeArch('upper', head, random), ...placeArch('lower', head, random)];
  paintHead(scene, head, random);
  // A separate stream, so that draws from before this addition stay the same.
  const hindered = createRandom(seed + HINDERED);
  paintGhosts(scene, head, hindered);
  // Jaws lie partly outside the focal trough, so their edges are soft.
  blur(scene.surroundings, scene.rows, scene.columns, Math.round(random.between(0.4, 1.1) / spacingMm));
  const truth = paintTeeth(scene, teeth, { kind: 'panoramic', scale, rate: cariesRate ?? 0.07 }, random);
  // The teeth's share of the contrast depends on the beam's energy and on the soft tissue in its path.
  const contrast = random.between(0.3, 1) * (hindered.chance(0.35) ? hindered.between(0.5, 1) : 1);
  scene.teeth.forEach((value, index) => {
    scene.teeth[index] = value * contrast;
  });
  blindBorder(scene, random);
  const pixels = expose(
    scene,
    {
      blurMm: random.between(0.12, 0.42),
      halfScale: random.between(14, 30),
      gamma: random.between(0.75, 1.3),
      range: [random.between(0, 0.1), random.between(0.8, 1)],
      noise: random.between(0.002, 0.012),
    },
    random,
  );
  return {
    kind: 'panoramic',
    rows: scene.rows,
    columns: scene.columns,
    pixels,
    spacingMm: [spacingMm, spacingMm],
    truth,
  };
}

const HINDERED = 1_000_003;

interface Head {
  readonly midline: number;
  /** Height of the bite at the midline, mm. */
  readonly occlusal: number;
  /** How much the bite rises towards the sides, per mm. */
  readonly smile: number;
  readonly scale: number;
  /** Gap between the jaws, mm. */
  readonly bite: number;
}

function placeArch(jaw: Jaw, head: Head, random: Random): readonly Tooth[] {
  const down = jaw === 'lower' ? 1 : -1;
  const teeth: Tooth[] = [];
  for (const side of ['right', 'left'] as const) {
    const quadrant = jaw === 'upper' ? (side === 'right' ? 1 : 2) : side === 'right' ? 4 : 3;
    // The patient's right is on the picture's left.
    const outwards = side === 'right' ? -1 : 1;
    let distance = random.between(-0.1, 0.4);
    for (let position = 1; position <= 8; position++) {
      const narrowing = position <= 3 ? random.between(0.82, 1) : 1;
      const width = (toothSize(jaw, position)[0] ?? 8) * head.scale * narrowing * random.between(0.95, 1.05);
      const from = distance + width / 2;
      distance += width + random.between(-0.9, 0.35);
      if (random.chance(position === 8 ? 0.45 : 0.05)) continue;
      const x = head.midline + outwards * from;
      const overlap = position <= 3 ? 1 : 0;
      const y =
        head.occlusal -
        head.smile * from * from +
        (down * head.bite) / 2 -
        down * overlap * 0.6 +
        random.normal() * 0.6;
      // Lower molars lean forward, upper front teeth fan out.
      const lean = (jaw === 'lower' ? 0.05 + 0.035 * Math.max(0, position - 4) : 0.02) + random.normal() * 0.05;
      const tilt = -outwards * lean * (jaw === 'lower' ? 1 : -0.4);
      const mesial = side === 'right' ? 1 : -1;
      teeth.push(
        growTooth({ fdi: quadrant * 10 + position, jaw, position, x, y, tilt, mesial, width }, head.scale, random),
      );
    }
  }
  return teeth;
}

function paintHead(scene: Scene, head: Head, random: Random): void {
  const { rows, columns, spacingMm } = scene;
  const tissue = texture(scene, 45, random);
  const coarse = texture(scene, random.between(1.2, 2.2), random);
  const fine = texture(scene, random.between(0.5, 0.8), random);
  const bone = random.between(3, 8);
  const soft = random.between(3, 14);
  const spine = random.between(1, 8);
  const spineWidth = random.between(9, 18);
  const crest = { upper: random.between(10, 14) * head.scale, lower: random.between(9.5, 13) * head.scale };
  const chin = head.occlusal + random.between(44, 54);
  const ramus = random.between(78, 92);
  const nose = head.occlusal - random.between(42, 52);
  const palate = head.occlusal - random.between(33, 40);
  const airway = random.between(0.1, 0.6);
  const skull = random.between(0, 14);
  for (let row = 0; row < rows; row++) {
    const y = (row + 0.5) * spacingMm;
    for (let column = 0; column < columns; column++) {
      const x = (column + 0.5) * spacingMm - head.midline;
      const side = Math.abs(x);
      const index = row * columns + column;
      const bite = head.occlusal - head.smile * x * x;
      const grain = 1 + 0.14 * (coarse[index] ?? 0) + 0.08 * (fine[index] ?? 0);
      let value = soft * (1 + 0.35 * (tissue[index] ?? 0)) + spine * Math.exp(-((x / spineWidth) ** 2));
      // Mandible: body below the lower crest, rising into the ramus; denser along its lower border.
      const border = chin - (side / ramus) ** 2.4 * 26;
      const top =
        side < ramus - 12 ? bite + crest.lower + 0.5 * Math.sin(x / 2.1) : bite + crest.lower - (side - ramus + 12) * 4;
      const outer = side < ramus + 22 && (side < ramus || y < border + 4);
      if (outer && y > top && y < border) {
        value += bone * Math.min(1, 0.4 + (y - top) / 9) * grain + (border - y < 3.5 ? 2.2 : 0);
      }
      // Mandibular canal.
      if (side > 22 && side < ramus - 12 && Math.abs(y - (border - 12 - 0.06 * side)) < 1.4) value -= 0.16 * bone;
      // Maxilla from the upper crest to the floor of the nose and the sinuses.
      const upperTop = bite - crest.upper + 0.5 * Math.sin(1 + x / 2.3);
      if (side < 66 && y < upperTop && y > nose) {
        value += 0.8 * bone * Math.min(1, 0.35 + (upperTop - y) / 12) * grain;
        const sinus = ((side - 42) / 22) ** 2 + ((y - (nose + 6)) / 15) ** 2;
        if (sinus < 1) value -= 0.55 * bone;
        else if (sinus < 1.08) value += 1.2;
      }
      if (side < 70 && Math.abs(y - palate + 0.0015 * x * x) < 2.2) value += 1.8;
      // Skull base and neck at the outer edges; air between tongue and palate and behind the ramus.
      if (y < nose - 8) value += 1.5 * Math.min(1, (nose - 8 - y) / 12) * (1 + 0.5 * (tissue[index] ?? 0));
      const edge = Math.max(0, (side - 96) / 45, (nose - y) / 30);
      value += skull * Math.min(1, edge * edge) * (1 + 0.5 * (tissue[index] ?? 0)) * grain;
      if (side > 118) value += 2.5 * Math.min(1, (side - 118) / 10) * grain;
      if (Math.abs(y - (bite - 13 * head.scale)) < 5) value *= 1 - airway * Math.exp(-(((side - 30) / 30) ** 2));
      if (Math.abs(side - 108) < 6) value *= 1 - 0.4 * airway;
      scene.surroundings[index] = Math.max(0.2, value);
    }
  }
}

/** Blurred shadows of structures far from the focal trough (the other side's jaw, the neck): soft steps across the picture. */
function paintGhosts(scene: Scene, head: Head, random: Random): void {
  const { rows, columns, spacingMm } = scene;
  for (let ghosts = random.int(0, 3); ghosts > 0; ghosts--) {
    const edge = head.occlusal + random.between(-35, 35);
    const slope = random.between(-0.12, 0.12);
    const soft = random.between(0.3, 4);
    const side = random.pick([-1, 1]);
    const from = random.between(-20, 60);
    const strength = random.between(0.5, 3.5);
    const up = random.pick([-1, 1]);
    for (let row = 0; row < rows; row++) {
      const y = (row + 0.5) * spacingMm;
      for (let column = 0; column < columns; column++) {
        const x = (column + 0.5) * spacingMm - head.midline;
        const over = Math.min(1, Math.max(0, 0.5 + (up * (y - edge - slope * x)) / soft));
        const within = Math.min(1, Math.max(0, 0.5 + (side * x - from) / 6));
        const index = row * columns + column;
        scene.surroundings[index] = (scene.surroundings[index] ?? 0) + strength * over * within;
      }
    }
  }
}

/** Some devices leave an unexposed frame around the picture, often wide at the top. Most add a letter for the side. */
function blindBorder(scene: Scene, random: Random): void {
  const { rows, columns, spacingMm } = scene;
  const framed = random.chance(0.5);
  const side = framed ? Math.round(random.between(2, 9) / spacingMm) : 0;
  const below = framed ? Math.round(random.between(1, 8) / spacingMm) : 0;
  const above = framed ? Math.round(random.between(1, random.chance(0.5) ? 8 : 30) / spacingMm) : 0;
  const letter = {
    column: side + 4 / spacingMm,
    row: rows - below - 16 / spacingMm,
    width: 7 / spacingMm,
    height: 10 / spacingMm,
  };
  const density = random.between(20, 60);
  for (let index = 0; index < rows * columns; index++) {
    const column = index % columns;
    const row = (index - column) / columns;
    if (column < side || column >= columns - side || row < above || row >= rows - below) {
      scene.surroundings[index] = 0;
      scene.teeth[index] = 0;
    }
    const [x, y] = [(column - letter.column) / letter.width, (row - letter.row) / letter.height];
    // Two strokes of lead stand for the letter.
    if (x >= 0 && x < 1 && y >= 0 && y < 1 && (x < 0.3 || Math.abs(y - 0.4) < 0.1)) scene.surroundings[index] = density;
  }
}
