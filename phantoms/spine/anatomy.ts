/**
 * The bones of a phantom as numbers: the place of each vertebra, its heights, and its fracture.
 *
 * World frame: mm, LPS (x to the left, y to posterior, z to the head); the centre of the S1 endplate is at (0, 0, 0).
 * Sizes and curvature follow the means of morphometric studies (Panjabi et al., Spine 1992; Berry et al., Spine 1987) and vary
 * with the seed.
 */
import type { PointLps } from '#core/image/geometry.ts';
import { createRandom, type Random } from '../random.ts';
import { add, axis, type Frame, frameAt, times, unit } from './frame.ts';

/** From the lowest up. The vertebra at index 0 rests on the sacrum. */
export const LEVELS = [
  'L5',
  'L4',
  'L3',
  'L2',
  'L1',
  'T12',
  'T11',
  'T10',
  'T9',
  'T8',
  'T7',
  'T6',
  'T5',
  'T4',
  'T3',
  'T2',
  'T1',
  'C7',
  'C6',
  'C5',
] as const;
export type Level = (typeof LEVELS)[number];

export type FractureType = 'wedge' | 'biconcave' | 'crush';
/** Genant's semi-quantitative grades by height loss: 0 below 20 %, 1 below 25 %, 2 up to 40 %, 3 above (JBMR 1993;8:1137). */
export type GenantGrade = 0 | 1 | 2 | 3;

export interface Fracture {
  readonly level: Level;
  readonly type: FractureType;
  /** The largest loss of height relative to the same body before the fracture, 0 to 1. */
  readonly loss: number;
}

/** Heights (mm) at 15, 50 and 85 % of the depth, in the mid-sagittal plane, along the body's axis. */
export interface Heights {
  readonly anterior: number;
  readonly middle: number;
  readonly posterior: number;
}

export interface Vertebra {
  readonly level: Level;
  readonly frame: Frame;
  readonly widthMm: number;
  readonly depthMm: number;
  /** Heights at the rim, without the endplates' concavity, at the anterior and the posterior edge and half-way. */
  readonly rim: Heights;
  /** How far each endplate is sunken at its middle. */
  readonly concavityMm: { readonly upper: number; readonly lower: number };
  /** How narrow the endplates' hollows are: 1 is a parabola from rim to rim; higher values leave wider rims. */
  readonly bowl: number;
  /** The part of a wedge's lost height that is taken from the upper endplate. */
  readonly upperShare: number;
  readonly waist: number;
  readonly heights: Heights;
  /** The heights before the fracture. */
  readonly intactHeights: Heights;
  readonly fracture?: Fracture;
}

export interface Anatomy {
  readonly vertebrae: readonly Vertebra[];
  /** S1 to S5; S1 is directly below the origin. */
  readonly sacrum: readonly SacralSegment[];
  readonly scale: number;
}
export interface SacralSegment {
  readonly frame: Frame;
  readonly widthMm: number;
  readonly depthMm: number;
  readonly heightMm: number;
}

/** level: body height, depth, width, disc below (mm), forward tilt of the body's axis (degrees), ratio of anterior to posterior height. */
const NORMAL: Readonly<Record<Level, readonly [number, number, number, number, number, number]>> = {
  L5: [27, 35, 50, 10, 22, 1.1],
  L4: [27, 35, 48, 11, 9, 1.04],
  L3: [27, 34, 45, 10.5, 0, 1.01],
  L2: [27, 33, 43, 9.5, -7, 0.98],
  L1: [26, 32, 41, 8.5, -11, 0.95],
  T12: [25, 31, 39, 7, -14, 0.94],
  T11: [23, 30, 36, 6, -14, 0.93],
  T10: [22, 29, 34, 5.5, -12, 0.95],
  T9: [21, 28, 32, 5, -9, 0.95],
  T8: [20, 27, 31, 4.8, -4, 0.94],
  T7: [19.5, 26, 30, 4.5, 1, 0.94],
  T6: [19, 25, 29, 4.5, 6, 0.94],
  T5: [18.5, 24, 28, 4.2, 10, 0.95],
  T4: [18, 22, 27, 4, 14, 0.96],
  T3: [17.5, 20, 27, 4, 18, 0.97],
  T2: [17, 18, 29, 4, 21, 0.97],
  T1: [16, 17, 31, 4.5, 22, 0.97],
  C7: [14, 16, 28, 5, 17, 0.96],
  C6: [13, 16, 25, 5.5, 11, 0.95],
  C5: [13, 15.5, 23, 5.5, 5, 0.95],
};

/** Where the heights are measured, as fractions of the depth of the mid-sagittal section at mid-height. */
const STATIONS = { anterior: 0.15, middle: 0.5, posterior: 0.85 } as const;
const USUAL_TYPES = ['wedge', 'wedge', 'biconcave', 'crush'] as const;
/** The thinnest disc. */
const LEAST_GAP_MM = 2.2;
/** The most that fractures bend a spine forward, because patients must lie in the scanner. */
const MOST_KYPHOTIC = (18 * Math.PI) / 180;
/** How much the canal flattens the back of a body, as a fraction of half its depth. */
export const HOLLOW = 0.14;

export interface AnatomyOptions {
  readonly seed: number;
  /** Exactly these fractures; random if absent. */
  readonly fractures?: readonly Fracture[];
  /** The chance of a fracture for each body from T4 down; random if absent. */
  readonly fractureRate?: number;
  /** Kinds of fractures, all equally likely. By default every second one is a wedge. */
  readonly fractureTypes?: readonly [FractureType, ...FractureType[]];
}

/** Draws a spine. The same seed gives the same spine. */
export function makeAnatomy({ seed, fractures, fractureRate, fractureTypes = USUAL_TYPES }: AnatomyOptions): Anatomy {
  const random = createRandom(seed);
  const wear = createRandom(seed ^ 0xd15c);
  const scale = random.between(0.86, 1.14);
  const slender = random.between(0.92, 1.08);
  const lordosis = random.between(0.4, 1.45);
  const kyphosis = random.between(0.45, 1.5);
  const lean = random.normal() * 3;
  const discScale = random.between(0.6, 1.2);
  const concave = random.between(0.5, 1.6);
  const scoliosis = {
    amplitude: random.chance(0.7) ? random.between(0, 7) : random.between(7, 16),
    phase: random.between(0, 6.28),
    period: random.between(260, 480),
  };
  const sacralTilt = (20 + 24 * lordosis + random.normal() * 6 + lean) * DEGREE;
  const usualRate = random.chance(0.35) ? 0 : random.between(0.08, 0.3);

  const vertebrae: Vertebra[] = [];
  let edge: PointLps = [0, 0, 0];
  let up = axis(sacralTilt, 0);
  let kyphoticAngle = 0;
  for (const level of LEVELS) {
    const [height, depth, width, disc, tilt, ratio] = NORMAL[level];
    const chosen =
      fractures === undefined
        ? drawFracture(random, level, fractureRate ?? usualRate, fractureTypes)
        : fractures.find((f) => f.level === level);
    const lumbar = level.startsWith('L');
    const roll =
      -scoliosis.amplitude *
      (6.28 / scoliosis.period) *
      Math.cos(scoliosis.phase + (6.28 * edge[2]) / scoliosis.period);
    const angle =
      (tilt * (lumbar ? lordosis : kyphosis) + lean + random.normal() * 1.2) * DEGREE +
      Math.min(kyphoticAngle, MOST_KYPHOTIC);

    const intact = height * scale * random.between(0.95, 1.05);
    const lean2 = ratio + random.normal() * 0.025;
    const intactRim: Heights = {
      anterior: (intact * 2 * lean2) / (1 + lean2),
      middle: intact,
      posterior: (intact * 2) / (1 + lean2),
    };
    const concavity = intact * 0.05 * concave * random.between(0.6, 1.4);
    const waist = random.between(0.06, 0.14);
    const bowlOfFracture = wear.between(1, 2.6);
    const bowl = chosen?.type === 'biconcave' ? bowlOfFracture : 1;
    const shape = {
      waist,
      widthMm: width * scale * slender,
      depthMm: depth * scale * slender,
      concavityMm: { upper: concavity * 0.8, lower: concavity * 1.2 },
    };
    const broken =
      chosen === undefined
        ? { rim: intactRim, concavityMm: shape.concavityMm }
        : fractured({ rim: intactRim, concavityMm: shape.concavityMm, waist, bowl }, chosen, random);
    if (chosen !== undefined)
      kyphoticAngle +=
        0.45 *
        Math.atan2(
          broken.rim.posterior - broken.rim.anterior - (intactRim.posterior - intactRim.anterior),
          shape.depthMm,
        );

    const bodyUp = axis(angle, roll);
    const worn = wear.chance(0.14) ? wear.between(0.4, 0.75) : 1;
    const gap = Math.max(LEAST_GAP_MM, disc * scale * discScale * random.between(0.85, 1.15) * worn);
    const between = unit(add(up, bodyUp));
    // The frame's centre is half-way between the endplates, at the middle of the depth.
    const half = (broken.rim.anterior + broken.rim.posterior) / 4;
    const centre = add(add(edge, times(between, gap)), times(bodyUp, half));
    edge = add(centre, times(bodyUp, half));
    up = bodyUp;
    vertebrae.push({
      level,
      frame: frameAt(centre, bodyUp, roll),
      ...shape,
      ...broken,
      bowl,
      upperShare: random.between(0.55, 0.95),
      heights: heightsOf({ ...broken, waist, bowl }),
      intactHeights: heightsOf({ rim: intactRim, concavityMm: shape.concavityMm, waist, bowl: 1 }),
      ...(chosen === undefined ? {} : { fracture: chosen }),
    });
  }
  return { vertebrae, sacrum: makeSacrum(random, scale * slender, sacralTilt), scale };
}

/** Rim height at `station` of the depth (0 anterior to 1 posterior): the parabola through the three rim heights. */
export function rimHeight({ anterior, middle, posterior }: Heights, station: number): number {
  return (
    anterior * (1 - station) * (1 - 2 * station) +
    middle * 4 * station * (1 - station) +
    posterior * station * (2 * station - 1)
  );
}

type Profile = Pick<Vertebra, 'rim' | 'concavityMm' | 'waist' | 'bowl'>;

/** Heights over the mid-sagittal section at mid-height, which the waist and the canal's hollow narrow. */
function heightsOf({ rim, concavityMm, waist, bowl }: Profile): Heights {
  const front = 0.5 - (1 - waist) / 2;
  const back = 0.5 + ((1 - HOLLOW) * (1 - waist)) / 2;
  const at = (part: number): number => {
    const station = front + part * (back - front);
    return rimHeight(rim, station) - (concavityMm.upper + concavityMm.lower) * (1 - (2 * station - 1) ** 2) ** bowl;
  };
  return { anterior: at(STATIONS.anterior), middle: at(STATIONS.middle), posterior: at(STATIONS.posterior) };
}

function drawFracture(
  random: Random,
  level: Level,
  rate: number,
  types: readonly [FractureType, ...FractureType[]],
): Fracture | undefined {
  const hit = random.chance(rate);
  const fracture: Fracture = { level, type: random.pick(types), loss: random.between(0.08, 0.6) };
  const possible = !level.startsWith('C') && !['T1', 'T2', 'T3'].includes(level);
  return hit && possible ? fracture : undefined;
}

/** Lowers the rim (and sinks the endplates) until the largest loss at the three stations equals the fracture's loss. */
function fractured(
  { rim, concavityMm, waist, bowl }: Profile,
  { type, loss }: Fracture,
  random: Random,
): { rim: Heights; concavityMm: { upper: number; lower: number } } {
  const intact = heightsOf({ rim, concavityMm, waist, bowl: 1 });
  const split = random.between(0.3, 0.7);
  const at = (amount: number): { rim: Heights; concavityMm: { upper: number; lower: number } } => {
    const sink = type === 'biconcave' ? amount * rim.middle : 0;
    const part =
      type === 'wedge'
        ? [amount, amount * 0.5, 0.03]
        : type === 'crush'
          ? [amount, amount * 0.95, amount * 0.85]
          : [0.02, 0, 0];
    const [anterior = 0, middle = 0, posterior = 0] = part;
    return {
      rim: {
        anterior: rim.anterior * (1 - anterior),
        middle: rim.middle * (1 - middle),
        posterior: rim.posterior * (1 - posterior),
      },
      concavityMm: { upper: concavityMm.upper + sink * split, lower: concavityMm.lower + sink * (1 - split) },
    };
  };
  let low = 0;
  let high = 0.95;
  for (let step = 0; step < 30; step += 1) {
    const middle = (low + high) / 2;
    const broken = at(middle);
    if (largestLoss(heightsOf({ ...broken, waist, bowl }), intact) < loss) low = middle;
    else high = middle;
  }
  return at(low);
}

/** The largest of the three losses of height, 0 to 1. */
export function largestLoss(heights: Heights, intact: Heights): number {
  return Math.max(
    0,
    1 - heights.anterior / intact.anterior,
    1 - heights.middle / intact.middle,
    1 - heights.posterior / intact.posterior,
  );
}

function makeSacrum(random: Random, scale: number, tilt: number): readonly SacralSegment[] {
  const thick = random.between(0.85, 1.15);
  const segments: SacralSegment[] = [];
  let edge: PointLps = [0, 0, 0];
  let angle = tilt;
  // The first two segments lean back, and the others turn down and forward again: a hook, as in most people.
  const back = random.between(0, 20);
  const knee = random.between(10, 48);
  const tail = random.between(10, 30);
  // Height, depth, width (mm), and how much farther back the axis of the next segment leans (degrees).
  for (const [height, depth, width, turn] of [
    [29, 31, 50, back],
    [24, 21, 42, -knee],
    [20, 14, 34, -tail],
    [18, 11, 28, -tail * 0.8],
    [16, 9, 22, 0],
  ] as const) {
    const up = axis(angle, 0);
    const centre = add(edge, times(up, (-height * scale) / 2));
    segments.push({
      frame: frameAt(centre, up, 0),
      widthMm: width * scale,
      depthMm: depth * scale * thick,
      heightMm: height * scale,
    });
    edge = add(edge, times(up, -height * scale));
    angle += turn * DEGREE;
  }
  return segments;
}

const DEGREE = Math.PI / 180;
