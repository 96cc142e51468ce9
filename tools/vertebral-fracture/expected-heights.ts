/**
 * The heights of a body before any fracture: the normal heights at its level, scaled by the size of this patient's bodies
 * around it.
 *
 * That size is not a mean, because fractured neighbours are too low and there may be several. Each neighbour is either sound,
 * so its ratio to the normal height scatters a little about the patient's ratio, or it has lost an unknown part. The likeliest
 * ratio under this mixture is used.
 */
import type { BodyHeights } from './heights.ts';

export type Triple = readonly [anterior: number, middle: number, posterior: number];

/** Heights of unfractured bodies, mm (L5–T4: Black et al., J Bone Miner Res 1995;10:890; above: Panjabi et al., Spine 1991;16:861, rounded). Only their ratios matter. */
const NORMAL: Readonly<Record<string, Triple>> = {
  L5: [27.5, 25, 24.5],
  L4: [27, 25, 26],
  L3: [26.5, 25, 26.5],
  L2: [26, 24.5, 26.5],
  L1: [25, 23.5, 26],
  T12: [23.5, 22, 25],
  T11: [21.5, 20.5, 23],
  T10: [21, 20, 22],
  T9: [20, 19, 21],
  T8: [19.2, 18.2, 20.2],
  T7: [18.8, 17.8, 19.8],
  T6: [18.4, 17.4, 19.3],
  T5: [18, 17, 18.8],
  T4: [17.6, 16.6, 18.3],
  T3: [17, 16.2, 17.7],
  T2: [16.6, 15.8, 17.2],
  T1: [15.8, 15, 16.2],
  C7: [13.8, 13, 14],
  C6: [12.8, 12, 13],
  C5: [12.6, 12, 12.8],
};
/** For unknown levels: the usual shape, and the ratio of a body's height to that of the body above it. */
const USUAL: Triple = [0.97, 0.92, 1];
const GROWTH = 1.03;

/** The greatest of the usual heights at a level, mm; undefined for unknown levels. */
export function normalHeightMm(level: string | undefined): number | undefined {
  const normal = NORMAL[level ?? ''];
  return normal && Math.max(...normal);
}

export interface Measured {
  readonly level?: string;
  readonly heights: Pick<BodyHeights, 'anteriorMm' | 'middleMm' | 'posteriorMm'>;
}

/** How many bodies to either side are used, and how their weight fades with the distance, in bodies. */
const REACH = 5;
const FADE = 3;
/** Scatter of a sound body's ratio about the patient's, and of one station's ratio about that of the whole body. */
const SCATTER = 0.045;
const STATION_SCATTER = 0.04;
/** The share of bodies that lost height, and the range of height that they keep. */
const LOST = { share: 0.2, least: 0.4, most: 0.92 } as const;
/** The highest of three ratios is slightly biased upwards. */
const HIGHEST_BIAS = 0.01;
/** A posterior height below this fraction of the expected one has been lost itself, so it says nothing about the other heights. */
const CRUSHED = 0.87;
/** The weight of a body's own posterior height in its size. Its neighbours determine the rest. */
const OWN_SHARE = 0.3;

/** The heights that a body would have without a fracture, mm. `bodies` run from the lowest up; undefined ones are ignored. */
export function expectedHeights(bodies: readonly (Measured | undefined)[], index: number): Triple {
  const own = bodies[index];
  if (own === undefined) return USUAL;
  const normal = normalOf(bodies, index);
  const around = bodies.flatMap((body, at): Ratios | readonly [] =>
    body === undefined || isKnown(body) !== isKnown(own) || Math.abs(at - index) > REACH
      ? []
      : { ratios: ratiosOf(body, normalOf(bodies, at)), weight: weightOf(at - index) },
  );
  const others = around.filter(({ weight }) => weight < 1);
  const ownPosterior = own.heights.posteriorMm / normal[2];
  const whole = likeliest([
    ...others.map(({ ratios, weight }) => ({ ratio: Math.max(...ratios) - HIGHEST_BIAS, weight })),
    { ratio: ownPosterior, weight: 1 },
  ]);
  const expected = ([0, 1, 2] as const).map((station) => {
    const seen = others.map(({ ratios, weight }) => ({ ratio: ratios[station], weight }));
    return likeliest(seen, { mean: whole, deviation: STATION_SCATTER }) * normal[station];
  });
  const [anterior = 0, middle = 0, posterior = 0] = expected;
  if (own.heights.posteriorMm < CRUSHED * posterior) return [anterior, middle, posterior];
  const size = 1 - OWN_SHARE + (OWN_SHARE * own.heights.posteriorMm) / posterior;
  return [anterior * size, middle * size, own.heights.posteriorMm];
}

interface Ratios {
  readonly ratios: Triple;
  readonly weight: number;
}

const ratiosOf = ({ heights }: Measured, normal: Triple): Triple => [
  heights.anteriorMm / normal[0],
  heights.middleMm / normal[1],
  heights.posteriorMm / normal[2],
];

const weightOf = (distance: number): number => Math.exp(-((distance / FADE) ** 2));
const isKnown = ({ level }: Measured): boolean => NORMAL[level ?? ''] !== undefined;

/** Normal heights of a body, in any unit: by its level, or by its place among bodies without a level. */
function normalOf(bodies: readonly (Measured | undefined)[], index: number): Triple {
  const known = NORMAL[bodies[index]?.level ?? ''];
  if (known !== undefined) return known;
  const factor = 25 * GROWTH ** -index;
  return [USUAL[0] * factor, USUAL[1] * factor, USUAL[2] * factor];
}

interface Seen {
  readonly ratio: number;
  readonly weight: number;
}

/** The ratio at which the mixture of sound and fractured bodies is likeliest, given a prior, in steps of half a percent. */
function likeliest(seen: readonly Seen[], prior?: { readonly mean: number; readonly deviation: number }): number {
  let best = prior?.mean ?? 1;
  let most = -Infinity;
  for (let ratio = 0.4; ratio < 1.8; ratio += 0.005) {
    const before = prior === undefined ? 0 : -0.5 * ((ratio - prior.mean) / prior.deviation) ** 2;
    const score = seen.reduce((sum, one) => sum + one.weight * Math.log(likelihood(one.ratio, ratio)), before);
    if (score > most) {
      most = score;
      best = ratio;
    }
  }
  return best;
}

/** The likelihood of a ratio where the patient's ratio is `own`. */
function likelihood(ratio: number, own: number): number {
  const off = (ratio - own) / (SCATTER * own);
  const sound = Math.exp(-0.5 * off * off) / (SCATTER * own * Math.sqrt(2 * Math.PI));
  const isLost = ratio > LOST.least * own && ratio < LOST.most * own;
  const lost = isLost ? 1 / ((LOST.most - LOST.least) * own) : 0.01;
  return (1 - LOST.share) * sound + LOST.share * lost;
}
