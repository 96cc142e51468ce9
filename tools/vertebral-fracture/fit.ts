/**
 * Decides whether a candidate can be one whole vertebral body among its neighbours.
 *
 * A fracture takes height. It takes neither depth nor width, leaves a disc on both sides, and the model is as certain of the rest
 * as of a sound body. A fragment of a body, two bodies grown together, S1, or a disc taken for a body differs in one of these.
 * Its heights mean nothing: it gets no grade, and no other body is compared with it.
 */
import { add, dot, median, subtract, unit } from './chain-geometry.ts';
import type { BodyHeights } from './heights.ts';
import type { NoGrade } from './no-grade.ts';

export interface Candidate {
  /** Whether it is completely in the image. */
  readonly complete: boolean;
  /** Mean probability of "body" within it, 0 to 1. */
  readonly probability: number;
  /** Absent where it is incomplete or does not have two endplates. */
  readonly heights?: BodyHeights;
}

export interface Fit {
  /** Whether it fits its neighbours, so that they can be compared with it. */
  readonly fits: boolean;
  /** Why it has no grade; absent where it gets one. */
  readonly noGrade?: NoGrade;
}

/**
 * Below this mean probability a body is something else, or a part of one: crushed bodies of phantoms are above it, S1 and fragments
 * of real bodies below. Where several looks agree on a body, less is enough. Where they agree on a fracture, more is needed: in the
 * thorax of a real CT, half-seen bodies at 0.8 looked like moderate fractures; a lumbar body crushed by half is seen at 0.82.
 */
export const SURE = { alone: 0.8, confirmed: 0.72, fractured: 0.815 } as const;
/** Width divided by depth. Bodies are wider than deep (least in the mid-thorax, 1.0; Panjabi et al., Spine 1991;16:861). A candidate that lacks a side is not. */
const WIDTH_FOR_DEPTH = { least: 0.95, most: 2.3 } as const;
/** Depth and width relative to the usual ones around it. They change by at most a tenth from body to body, and their median by less. */
const SIZE = { least: 0.72, most: 1.35 } as const;
/**
 * Heights relative to the highest around it at the same station. A single high one, higher than the body's own others, too, reaches
 * into the arch or the next body (levels differ by a twelfth). Three high ones are two bodies grown together; a sound body among
 * crushed ones stays below that limit. A body nearly a third higher behind than elsewhere
 * may be a wedge, but then it is no higher there than those around it.
 */
const TOO_HIGH = { one: 1.18, all: 1.5, behind: { around: 1.12, own: 1.3 } } as const;
/** Two neighbours, with the space between them, that are no higher than this multiple of one body are parts of one body. */
const ONE_BODY = 1.1;
/** Distance between endplates. Discs are lower than this fraction of a body's height. Touching neighbours overlap by the grid's error only, mm. */
const GAP = { most: 0.75, leastMm: -3 } as const;
/** How many bodies to either side a body is compared with. */
const REACH = 3;
/** How many bodies to either side count as the nearest. */
const NEAREST = 2;
/** This fraction of its nearest bodies must fit before a body is compared with them. */
const LEAST_FITTING = 0.5;

export interface FitOptions {
  /** The least mean probability of "body". */
  readonly sure?: number;
  /** Whether the lowest body has a disc below it, and the sacrum below that. It then gets a grade like the others. */
  readonly lowestIsL5?: boolean;
}

/** Whether each body of a spine (from the lowest up) fits, and why it has no grade. */
export function fitBodies(
  bodies: readonly Candidate[],
  { sure = SURE.alone, lowestIsL5 = false }: FitOptions = {},
): readonly Fit[] {
  const single = bodies.map((body) => misfitAlone(body, sure));
  const known = bodies.map(({ heights }, index) => (single[index] === undefined ? heights : undefined));
  const misfits = single.map((misfit, index) => misfit ?? misfitAmong(known, index));
  const lowest = lowestIsL5 && misfits[0] === undefined ? undefined : lowestOf(misfits);
  return misfits.map((misfit, index): Fit => {
    if (misfit !== undefined) return { fits: false, noGrade: misfit };
    if (index === lowest) return { fits: true, noGrade: 'lowest' };
    return stands(bodies, misfits, index) ? { fits: true } : { fits: true, noGrade: 'neighbours' };
  });
}

/**
 * The body that gets no grade because it is the lowest: S1 looks like L5. If bodies below do not fit, it is the lowest that fits. If
 * the bodies below are cut off by the border, they have no grade anyway, and no other body is withheld.
 */
function lowestOf(misfits: readonly (NoGrade | undefined)[]): number | undefined {
  const first = misfits.indexOf(undefined);
  const isCutBelow = first > 0 && misfits.slice(0, first).every((misfit) => misfit === 'partly-in-view');
  return isCutBelow ? undefined : first;
}

/** How a body fails on its own. */
function misfitAlone({ complete, probability, heights }: Candidate, sure: number): NoGrade | undefined {
  if (!complete) return 'partly-in-view';
  if (probability < sure) return 'unsure';
  if (heights === undefined) return 'no-endplates';
  const shape = heights.widthMm / heights.depthMm;
  return shape < WIDTH_FOR_DEPTH.least || shape > WIDTH_FOR_DEPTH.most ? 'shape' : undefined;
}

type Known = readonly (BodyHeights | undefined)[];

/** How a body fails compared with the bodies around it that pass on their own. */
function misfitAmong(known: Known, index: number): NoGrade | undefined {
  const own = known[index];
  if (own === undefined) return undefined;
  const around = known
    .slice(Math.max(0, index - REACH), index + REACH + 1)
    .flatMap((one) => (one === undefined || one === own ? [] : [one]));
  if (around.length === 0) return undefined;
  if (!isUsual(own.depthMm, around, 'depthMm') || !isUsual(own.widthMm, around, 'widthMm')) return 'size';
  if (isTooHigh(own, around)) return 'too-high';
  const usualMm = Math.max(meanHeight(own), median(around.map(meanHeight)));
  const [below, above] = [known[index - 1], known[index + 1]];
  const pairs = [...(below ? [[below, own] as const] : []), ...(above ? [[own, above] as const] : [])];
  if (pairs.some((pair) => isOneBody(pair, known, index))) return 'split';
  return pairs.every(([lower, upper]) => isDisc(gapsBetween(lower, upper), usualMm)) ? undefined : 'distance';
}

function isUsual(mm: number, around: readonly BodyHeights[], size: 'depthMm' | 'widthMm'): boolean {
  const usual = median([mm, ...around.map((one) => one[size])]);
  return mm > SIZE.least * usual && mm < SIZE.most * usual;
}

const STATIONS = ['anteriorMm', 'middleMm', 'posteriorMm'] as const;

function isTooHigh(own: BodyHeights, around: readonly BodyHeights[]): boolean {
  const ratios = STATIONS.map((station) => own[station] / Math.max(...around.map((one) => one[station])));
  if (Math.min(...ratios) > TOO_HIGH.all) return true;
  return STATIONS.some((station, index) => {
    const others = STATIONS.filter((other) => other !== station).map((other) => own[other]);
    const aboveAround = ratios[index] ?? 0;
    const aboveOwn = own[station] / Math.max(...others);
    if (aboveAround > TOO_HIGH.one && aboveOwn > TOO_HIGH.one) return true;
    const { behind } = TOO_HIGH;
    return station === 'posteriorMm' && aboveAround > behind.around && aboveOwn > behind.own;
  });
}

const meanHeight = ({ anteriorMm, middleMm, posteriorMm }: BodyHeights): number =>
  (anteriorMm + middleMm + posteriorMm) / 3;

/** Whether two neighbours together are no higher than a single body around them. */
function isOneBody(
  [lower, upper]: readonly [lower: BodyHeights, upper: BodyHeights],
  known: Known,
  index: number,
): boolean {
  const others = known
    .slice(Math.max(0, index - REACH - 1), index + REACH + 2)
    .flatMap((one) => (one === undefined || one === lower || one === upper ? [] : [one]));
  if (others.length === 0) return false;
  const together = meanHeight(lower) + median(gapsBetween(lower, upper)) + meanHeight(upper);
  return together < ONE_BODY * median(others.map(meanHeight));
}

const isDisc = (gapsMm: readonly number[], heightMm: number): boolean =>
  Math.min(...gapsMm) < GAP.most * heightMm && median(gapsMm) > GAP.leastMm;

/** Distances from the lower body's upper endplate to the upper body's lower endplate, mm along both: anterior, middle, posterior. */
function gapsBetween(lower: BodyHeights, upper: BodyHeights): readonly number[] {
  const up = unit(add(lower.axes.up, upper.axes.up));
  return upper.endpoints.map(([, foot], station) => {
    const top = lower.endpoints[station]?.[0] ?? foot;
    return dot(subtract(foot, top), up);
  });
}

/** Whether enough of a body's nearest neighbours fit, including one next to it, to estimate its heights before a fracture. */
function stands(bodies: readonly Candidate[], misfits: readonly (NoGrade | undefined)[], index: number): boolean {
  const fits = (at: number): boolean => at in misfits && misfits[at] === undefined;
  if (!fits(index - 1) && !fits(index + 1)) return false;
  const nearest = [...bodies.keys()].filter(
    (at) => at !== index && Math.abs(at - index) <= NEAREST && bodies[at]?.complete === true,
  );
  return nearest.filter(fits).length >= LEAST_FITTING * nearest.length;
}

/** Whether levels may be counted from the lowest body. If it does not fit, it may be S1. If the border cuts it off, it still counts. */
export function standsOnSacrum([lowest]: readonly Fit[]): boolean {
  return lowest?.fits === true || lowest?.noGrade === 'partly-in-view';
}
