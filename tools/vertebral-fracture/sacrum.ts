/** The landmark for counting levels: whether the lowest body of a chain rests on the sacrum, and which bodies are part of it. */
import { labelComponents } from '#core/image/components.ts';
import type { PointLps } from '#core/image/geometry.ts';
import type { ChainCandidate } from './chain.ts';
import { axisOf, distance, dot, subtract } from './chain-geometry.ts';
import { pointAt, type SpineMap, TISSUE } from './segment.ts';

export interface SacrumCandidate extends ChainCandidate {
  /** Mean probability of "body" within it, 0 to 1. */
  readonly probability: number;
}

/** What is below the spine. `unclear`: sacrum may be there, but not enough of it, or the lowest body may be a part of it. */
export type Below = 'sacrum' | 'unclear' | 'none';

/** Largest distance from the middle of L5 to the nearest sacrum, mm: half a body, a high disc and the model's gaps. */
const REACH_MM = 36;
/** Sacrum that counts lies at most this far below the lowest body's middle, and aside of its axis, mm. */
const FIELD_MM = { below: 80, aside: 60 } as const;
/** A sacrum cut off by the border, a pubic bone or a rib has less volume. A whole one has 45 mL and more. */
const LEAST_ML = { clear: 25, any: 5 } as const;
/** A sacrum extends at least this far below the lowest body's middle, mm: the top of S1 alone is no landmark. */
const EXTENT_MM = 45;

/**
 * Signs that a body is S1. The sacrum's wings are beside it, it is smaller than the next body (its back is sacrum to the model), the
 * model is not sure, and the remnant of a disc below it is small. A worn disc below L5, or a crushed L5, shows one of them.
 */
const SACRAL = { besideMl: 1, besideMm: 55, heightMm: 8, volume: 0.62, probability: 0.8, disc: 0.5 } as const;
/** This much smaller than the next body, it is only a part of one. */
const REMNANT = 0.3;
/** Where a disc is sought below and above a body's middle, and around its axis, mm. */
const DISC_MM = { from: 6, to: 30, aside: 22 } as const;

/** Removes sacral parts from the lower end of a chain, and says what the rest stands on. */
export function aboveSacrum<T extends SacrumCandidate>(
  map: SpineMap,
  chain: readonly T[],
): { readonly chain: readonly T[]; readonly below: Below; readonly hasDiscBelow: boolean } {
  const sacrum = pointsOf(map, TISSUE.sacrum, LEAST_COMPONENT_ML);
  const discs = pointsOf(map, TISSUE.disc, 0);
  const centres = chain.map(({ centre }) => centre);
  const isNear = (body: T): boolean => sacrum.some(({ point }) => distance(point, body.centre) < REACH_MM);
  const seen = chain.map((body, index) => signsOf(body, axisOf(centres, index), chain[index + 1], sacrum, discs));
  const first = chain.findIndex((body, index) => {
    const signs = seen[index];
    return !(signs !== undefined && isNear(body) && isSacral(signs));
  });
  const rest = chain.slice(Math.max(0, first));
  const [lowest] = rest;
  const signs = seen[Math.max(0, first)];
  if (lowest === undefined || signs === undefined) return { chain: rest, below: 'none', hasDiscBelow: false };
  const hasDiscBelow = !signs.noDisc;
  if (first <= 0 && (!isNear(lowest) || signs.belowMl < LEAST_ML.any)) {
    return { chain: rest, below: 'none', hasDiscBelow };
  }
  // Where the model takes S1 for a body, what it calls sacrum begins below that.
  const isLandmark = (first > 0 || isNear(lowest)) && signs.belowMl >= LEAST_ML.clear && signs.extentMm >= EXTENT_MM;
  const isClear = isLandmark && countOf(signs) <= 1 && !signs.beside;
  return { chain: rest, below: isClear ? 'sacrum' : 'unclear', hasDiscBelow };
}

interface Signs {
  readonly beside: boolean;
  readonly small: boolean;
  readonly unsure: boolean;
  readonly noDisc: boolean;
  readonly remnant: boolean;
  /** Sacrum below the body, mL, and how far it extends below the body's middle, mm. */
  readonly belowMl: number;
  readonly extentMm: number;
}

const countOf = ({ beside, small, unsure, noDisc }: Signs): number =>
  Number(beside) + Number(small) + Number(unsure) + Number(noDisc);

const isSacral = (signs: Signs): boolean =>
  signs.belowMl >= LEAST_ML.any && (signs.remnant || countOf(signs) >= 3 || (signs.beside && countOf(signs) >= 2));

function signsOf(
  body: SacrumCandidate,
  up: PointLps,
  next: SacrumCandidate | undefined,
  sacrum: readonly Marked[],
  discs: readonly Marked[],
): Signs {
  let [besideMl, belowMl, extentMm] = [0, 0, 0];
  for (const { point, ml } of sacrum) {
    const { along, aside } = placeOf(point, body.centre, up);
    if (Math.abs(along) < SACRAL.heightMm && aside < SACRAL.besideMm) besideMl += ml;
    if (along > -SACRAL.heightMm || along < -FIELD_MM.below || aside > FIELD_MM.aside) continue;
    belowMl += ml;
    extentMm = Math.max(extentMm, -along);
  }
  let [discBelow, discAbove] = [0, 0];
  for (const { point, ml } of discs) {
    const { along, aside } = placeOf(point, body.centre, up);
    if (aside > DISC_MM.aside || Math.abs(along) < DISC_MM.from || Math.abs(along) > DISC_MM.to) continue;
    if (along < 0) discBelow += ml;
    else discAbove += ml;
  }
  return {
    beside: besideMl >= SACRAL.besideMl,
    small: next !== undefined && body.volumeMl < SACRAL.volume * next.volumeMl,
    unsure: body.probability < SACRAL.probability,
    noDisc: discBelow < SACRAL.disc * discAbove,
    remnant: next !== undefined && body.volumeMl < REMNANT * next.volumeMl,
    belowMl,
    extentMm,
  };
}

function placeOf(point: PointLps, centre: PointLps, up: PointLps): { readonly along: number; readonly aside: number } {
  const from = subtract(point, centre);
  const along = dot(from, up);
  return { along, aside: Math.sqrt(Math.max(0, dot(from, from) - along * along)) };
}

interface Marked {
  readonly point: PointLps;
  readonly ml: number;
}

/** Smaller components of sacrum are noise. */
const LEAST_COMPONENT_ML = 2;

/** Points of a tissue's larger components, one per 3 × 3 points of every second plane. */
function pointsOf(map: SpineMap, tissue: number, leastMl: number): readonly Marked[] {
  const { shape, grid } = map;
  const voxelMl = (grid.spacingMm[0] * grid.spacingMm[1] * grid.spacingMm[2]) / 1000;
  const { labels, components } = labelComponents(
    map.tissue.map((value) => Number(value === tissue)),
    shape,
  );
  const large = new Set(components.filter(({ size }) => size * voxelMl > leastMl).map(({ label }) => label));
  const points: Marked[] = [];
  for (let plane = 0; plane < shape.slices; plane += 2) {
    for (let z = 0; z < shape.rows; z += 3) {
      for (let y = 0; y < shape.columns; y += 3) {
        if (!large.has(labels[(plane * shape.rows + z) * shape.columns + y] ?? 0)) continue;
        points.push({ point: pointAt(map, [y, z, plane]), ml: voxelMl * 18 });
      }
    }
  }
  return points;
}
