/**
 * Height loss and Genant's grade of each body (Genant et al., J Bone Miner Res 1993;8:1137).
 *
 * Genant compares a body with its own posterior height and with the bodies beside it. So does this: each height is
 * compared with what the body's posterior height lets expect (wedge and biconcave deformities) and with what its
 * neighbours let expect (which alone tells a crush), each brought to the body's level by the heights that are normal there.
 */
import { median } from './chain-geometry.ts';
import type { BodyHeights } from './heights.ts';

export type Deformity = 'wedge' | 'biconcave' | 'crush';
export type Grade = 0 | 1 | 2 | 3;

export interface Grading {
  /** Largest loss of the three heights, in percent of what is expected; 0 or more. */
  readonly lossPercent: number;
  readonly grade: Grade;
  /** The kind of deformity, from grade 1. */
  readonly deformity?: Deformity;
}

/** Grade 0 below 20 %, 1 (mild) to 25 %, 2 (moderate) to 40 %, 3 (severe) above. */
export function gradeOf(lossPercent: number): Grade {
  return lossPercent < 20 ? 0 : lossPercent < 25 ? 1 : lossPercent <= 40 ? 2 : 3;
}

type Triple = readonly [anterior: number, middle: number, posterior: number];

/** Heights of unfractured bodies, mm (Black et al., J Bone Miner Res 1995;10:890, rounded); only their ratios are used. */
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
};
/** Where the level is not known: the usual shape, and how much a body is higher than the one above it. */
const USUAL: Triple = [0.97, 0.92, 1];
const GROWTH = 1.03;
/** A posterior height below this part of what the neighbours let expect is lost itself and no measure of the others. */
const CRUSHED = 0.86;
/** Of the two expectations for anterior and middle heights, the neighbours' share. */
const NEIGHBOURS_SHARE = 0.7;

export interface Measured {
  readonly level?: string;
  readonly heights: Pick<BodyHeights, 'anteriorMm' | 'middleMm' | 'posteriorMm'>;
}

/** Grades bodies of one spine, given from the lowest up without gaps. */
export function gradeBodies(bodies: readonly Measured[]): readonly Grading[] {
  return bodies.map((body, index) => {
    const [anterior, middle, posterior] = expectedHeights(bodies, index);
    const losses = {
      anterior: 1 - body.heights.anteriorMm / anterior,
      middle: 1 - body.heights.middleMm / middle,
      posterior: 1 - body.heights.posteriorMm / posterior,
    };
    const lossPercent = 100 * Math.max(0, losses.anterior, losses.middle, losses.posterior);
    const grade = gradeOf(lossPercent);
    return { lossPercent, grade, ...(grade > 0 && { deformity: deformityOf(losses) }) };
  });
}

function expectedHeights(bodies: readonly Measured[], index: number): Triple {
  const own = bodies[index];
  if (own === undefined) return USUAL;
  const { posteriorMm } = own.heights;
  const [anterior, middle, posterior] = normalOf(bodies, index);
  const byOwn: Triple = [(posteriorMm * anterior) / posterior, (posteriorMm * middle) / posterior, posteriorMm];
  const byNeighbours = neighboursExpect(bodies, index);
  if (byNeighbours === undefined) return byOwn;
  if (posteriorMm < CRUSHED * byNeighbours[2]) return byNeighbours;
  const mixed = (station: 0 | 1): number =>
    NEIGHBOURS_SHARE * byNeighbours[station] + (1 - NEIGHBOURS_SHARE) * byOwn[station];
  return [mixed(0), mixed(1), posteriorMm];
}

/** Heights that are normal for a body, in any unit: by its level, or by its place among bodies without a level. */
function normalOf(bodies: readonly Measured[], index: number): Triple {
  const known = NORMAL[bodies[index]?.level ?? ''];
  if (known !== undefined) return known;
  const factor = GROWTH ** -index;
  return [USUAL[0] * factor, USUAL[1] * factor, USUAL[2] * factor];
}

/** What the two bodies on either side let expect, by their medians; undefined where there are fewer than two. */
function neighboursExpect(bodies: readonly Measured[], index: number): Triple | undefined {
  const own = normalOf(bodies, index);
  const isKnown = (at: number): boolean => NORMAL[bodies[at]?.level ?? ''] !== undefined;
  const near = [index - 2, index - 1, index + 1, index + 2].filter(
    (at) => bodies[at] !== undefined && isKnown(at) === isKnown(index),
  );
  if (near.length < 2) return undefined;
  const expected = (station: 0 | 1 | 2, height: (body: Measured['heights']) => number): number =>
    median(
      near.map((at) => {
        const heights = bodies[at]?.heights;
        return heights === undefined ? 0 : (height(heights) * own[station]) / normalOf(bodies, at)[station];
      }),
    );
  return [
    expected(0, ({ anteriorMm }) => anteriorMm),
    expected(1, ({ middleMm }) => middleMm),
    expected(2, ({ posteriorMm }) => posteriorMm),
  ];
}

function deformityOf({
  anterior,
  middle,
  posterior,
}: Readonly<Record<'anterior' | 'middle' | 'posterior', number>>): Deformity {
  if (posterior > 0.6 * Math.max(anterior, middle)) return 'crush';
  return middle > anterior ? 'biconcave' : 'wedge';
}
