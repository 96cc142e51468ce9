/**
 * Takes a decision again where it is near its margin. What the model finds depends on where its grid happens to lie: half a voxel
 * aside, S1 may look like L5, or one body like two. So the spine is looked at again on shifted and finer grids, and what is not found
 * alike in all looks is withheld.
 */
import type { Volume } from '#core/image/volume.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { distance, median } from './chain-geometry.ts';
import { SURE } from './fit.ts';
import type { Grading } from './grade.ts';
import type { BodyHeights } from './heights.ts';
import { alone, boxAround, type Look, lookAt } from './look.ts';
import { doubtFractures, type SettledBody } from './misplaced.ts';
import type { NoGrade } from './no-grade.ts';
import { requireOneUprightSpine } from './posture.ts';
import { PLAIN_VIEW, type View } from './preprocess.ts';
import type { Range } from './segment.ts';

/** Finer grids, each shifted against the others by parts of a voxel. */
const VIEWS: readonly View[] = [
  { magnification: 1.15, offset: [0.5, 0.5, 0.5] },
  { magnification: 1.3, offset: [0.25, 0.75, 0.25] },
];
/** A look confirms another if it finds at least this part of its fitting bodies. */
const COMPARABLE = 0.7;
/** So many other looks must confirm a decision. */
const CONFIRMING = 2;
/** Looks at the best grid, shifted, where other grids find less. */
const AGAIN: readonly View['offset'][] = [
  [0.5, 0.25, 0.5],
  [0, 0.5, 0.75],
];
/** Losses above this are near the first grade, or beyond it, percent. Sunken endplates look too flat on the plainest grid. */
const NEAR_LOSS = 12;
/**
 * Where most looks see a mild fracture and one sees slightly less, the fracture is given: the losses must be this close, percent.
 * Where most see none, nothing is given: sunken endplates are seen too high more often than too low.
 */
const CLOSE_LOSSES = 9;
/** Bodies of two looks are the same if their middles are this close, mm: half of the least step to the next vertebra. */
const SAME_MM = 10;
/** Heights of one body agree within the larger of these, mm and part of the height. */
const HEIGHT = { mm: 2.5, part: 0.14 } as const;

export interface Agreed {
  /** The look whose bodies, heights and grades are given. */
  readonly look: Look;
  /** For each of its bodies, why it is withheld though the look itself would grade it. */
  readonly withheld: readonly (NoGrade | undefined)[];
  /** Whether all looks name all bodies alike. */
  readonly namesAgree: boolean;
  /** How many looks were taken. */
  readonly passes: number;
}

/**
 * One look where nothing is near a margin, else several.
 *
 * @throws NotEvaluableError where the first look does not show one upright spine
 */
export async function agreeOn(volume: Volume, range: Range, context: ProcessingContext): Promise<Agreed> {
  const first = await lookAt(volume, PLAIN_VIEW, range, context);
  requireOneUprightSpine(first);
  const single = alone(first);
  if (first.spine.bodies.length === 0 || isClear(single)) {
    return { look: single, withheld: single.fits.map(() => undefined), namesAgree: true, passes: 1 };
  }
  const box = boxAround(first, volume);
  const again = (view: View): Promise<Look> => {
    passes += 1;
    return lookAt(volume, view, range, context, box);
  };
  const looks = [first];
  let passes = 1;
  for (const view of VIEWS) looks.push(await again(view));
  const best = looks.reduce((a, b) => (fitting(b) > fitting(a) ? b : a));
  const confirming = looks.filter((look) => look !== best && fitting(look) >= COMPARABLE * fitting(best));
  for (const offset of AGAIN.slice(0, Math.max(0, CONFIRMING - confirming.length))) {
    confirming.push(await again({ magnification: best.view.magnification, offset }));
  }
  const settled = best.fits.map(
    (fit, index): Settled => (fit.noGrade === undefined ? settle(best, index, confirming) : {}),
  );
  const look: Look = {
    ...best,
    candidates: best.candidates.map((one, index) => ({ ...one, ...settled[index]?.heights })),
    gradings: best.gradings.map((one, index) => settled[index]?.grading ?? one),
  };
  const doubts = doubtFractures(
    look.candidates.map(({ heights, complete }, index): SettledBody => {
      const level = look.names[index]?.level;
      const isGraded = best.fits[index]?.noGrade === undefined && settled[index]?.noGrade === undefined;
      const grade = isGraded ? look.gradings[index]?.grade : undefined;
      return {
        complete,
        ...(heights && { measured: { heights, ...(level && { level }) } }),
        ...(grade !== undefined && { grade }),
      };
    }),
  );
  return {
    look,
    withheld: settled.map(({ noGrade }, index) => noGrade ?? doubts[index]),
    namesAgree: confirming.every((look) => isNamedAlike(best, look)),
    passes,
  };
}

/** Whether no decision of a look is near its margin. */
function isClear({ spine, fits, gradings, candidates }: Look): boolean {
  if (spine.below === 'unclear') return false;
  return candidates.every(({ complete }, index) => {
    const fit = fits[index];
    const usual = fit?.noGrade === undefined || fit.noGrade === 'lowest';
    return !complete || (usual && fit?.fits === true && (gradings[index]?.lossPercent ?? Infinity) < NEAR_LOSS);
  });
}

const fitting = ({ fits }: Look): number => fits.filter(({ noGrade }) => noGrade === undefined).length;

/** The index of the same body in another look. */
function sameIn(look: Look, index: number, other: Look): number | undefined {
  const own = centreOf(look, index);
  if (own === undefined) return undefined;
  let [nearest, least]: [number | undefined, number] = [undefined, SAME_MM];
  for (const at of other.candidates.keys()) {
    const centre = centreOf(other, at);
    const mm = centre === undefined ? Infinity : distance(own, centre);
    if (mm < least) [nearest, least] = [at, mm];
  }
  return nearest;
}

const centreOf = ({ candidates, spine }: Look, index: number) =>
  candidates[index]?.heights?.centre ?? spine.bodies[index]?.centre;

/** What all looks together say about a body that one of them grades. */
interface Settled {
  readonly noGrade?: NoGrade;
  /** Heights and grade of the look whose loss is the middle one, where any sees a fracture. */
  readonly heights?: { readonly heights: BodyHeights };
  readonly grading?: Grading;
}

/**
 * What the other looks make of a body that the best one grades. How much is lost scatters most where most is lost: endplates that
 * sank are seen a little higher or lower on each grid. So where all looks see a fracture, their heights need not agree. Where none
 * is near one, most looks must measure the body alike.
 */
export function settle(best: Look, index: number, confirming: readonly Look[]): Settled {
  const own = seenIn(best, index);
  if (own === undefined) return {};
  const all = [own];
  let unfit = 0;
  for (const look of confirming) {
    const at = sameIn(best, index, look);
    if (at === undefined) return { noGrade: 'unsteady' };
    const other = look.fits[at]?.fits === true ? seenIn(look, at) : undefined;
    if (other === undefined) unfit += 1;
    else all.push(other);
  }
  const grades = new Set(all.map(({ grading }) => grading.grade));
  const alike = all.filter(({ heights }) => isAlike(own.heights, heights)).length;
  const isSound = all.every(({ grading }) => grading.lossPercent < NEAR_LOSS) && 2 * alike > all.length + unfit;
  if (unfit > 0 && !isSound) return { noGrade: 'unsteady' };
  if (grades.has(0) && alike < all.length && !isSound) return { noGrade: 'unsteady' };
  // A fracture leaves the model as sure of the rest of the body as of a sound one. Where it is not,
  // height is missing from the mask. One look in three may be far less sure than the others, or far surer.
  const sure = all.map(({ probability }) => probability);
  const mean = sure.reduce((sum, one) => sum + one, 0) / sure.length;
  const isSure = Math.max(mean, median(sure)) >= SURE.fractured;
  if (!isSure && all.some(({ grading }) => grading.grade > 0)) return { noGrade: 'unsure' };
  if (grades.size === 1 && own.grading.grade === 0) return {};
  const sorted = all.toSorted((a, b) => a.grading.lossPercent - b.grading.lossPercent);
  const middle = sorted[all.length >> 1] ?? own;
  const [least, most] = [sorted.at(0) ?? own, sorted.at(-1) ?? own];
  const isClose = most.grading.lossPercent - least.grading.lossPercent <= CLOSE_LOSSES;
  if (grades.has(0) && !(isClose && middle.grading.grade === 1)) return { noGrade: 'near-limit' };
  return { heights: { heights: middle.heights }, grading: middle.grading };
}

interface Seen {
  readonly heights: BodyHeights;
  readonly grading: Grading;
  readonly probability: number;
}

function seenIn({ candidates, gradings }: Look, index: number): Seen | undefined {
  const [candidate, grading] = [candidates[index], gradings[index]];
  const heights = candidate?.heights;
  return heights && grading && { heights, grading, probability: candidate.probability };
}

const STATIONS = ['anteriorMm', 'middleMm', 'posteriorMm'] as const;

const isAlike = (a: BodyHeights, b: BodyHeights): boolean =>
  STATIONS.every((station) => Math.abs(a[station] - b[station]) <= Math.max(HEIGHT.mm, HEIGHT.part * a[station]));

function isNamedAlike(best: Look, other: Look): boolean {
  return best.names.every(({ level }, index) => {
    const at = sameIn(best, index, other);
    return level === undefined || at === undefined || other.names[at]?.level === level;
  });
}
