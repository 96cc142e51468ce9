/**
 * Whether the body in a CT lies as the header says: its size, its front and its head. The wrong position entered at the scanner,
 * a spacing ten times too large and slices stored in reverse make a picture that is sound in itself.
 *
 * Nothing is said where the picture does not tell. Left and right cannot be told: liver and heart may lie on either side.
 */
import { NotEvaluableError } from '../errors.ts';
import { type BodyPlane, bodyPlanes } from './body-outline.ts';
import { boundsOf } from './resample.ts';
import type { Volume } from './volume.ts';

/** mm. The bores of scanners are up to 900 wide; people are up to 2,500 long, with a table. */
const MOST_EXTENT = { across: 1000, along: 2500 } as const;
const MOST_BODY = { width: 800, depth: 500 } as const;
/** mm from skin to skin in the widest plane: a newborn's trunk has more. */
const LEAST_TRUNK = { width: 90, depth: 60 } as const;
/**
 * The depth of a trunk as a multiple of its width, lying on the side and with arms beside it included. Pixel Spacing whose row and
 * column are exchanged (PS3.3 10.7.1.3) makes more or less of pixels that are not square.
 */
const PROPORTION = { least: 0.28, most: 2.2 } as const;
const LEAST_WHOLE_PLANES = 5;
/** The share of planes that must agree. */
const MOST_OF = 0.7;

/**
 * For tools that read the trunk: refuses what cannot be one, and one that lies otherwise than the header says.
 *
 * @throws NotEvaluableError `implausible-size`, `front-and-back-exchanged` or `upside-down`
 */
export function requireTrunkInPlace(volume: Volume): void {
  requireScannerSize(volume);
  const planes = bodyPlanes(volume);
  requireTrunkSize(planes);
  requireSpineBehind(planes);
  requireHeadUp(planes);
}

function requireScannerSize(volume: Volume): void {
  const { min, max } = boundsOf(volume);
  const extent = [max[0] - min[0], max[1] - min[1], max[2] - min[2]] as const;
  if (Math.max(extent[0], extent[1]) <= MOST_EXTENT.across && extent[2] <= MOST_EXTENT.along) return;
  const [width, depth, height] = extent.map(Math.round);
  throw implausibleSize(
    `The picture is ${width} × ${depth} × ${height} mm (width, depth, height), larger than any scanner's`,
    Math.max(...extent),
  );
}

function requireTrunkSize(planes: readonly BodyPlane[]): void {
  const widest = Math.max(0, ...planes.map(({ x }) => x[1] - x[0]));
  if (widest > MOST_BODY.width) throw implausibleSize(`The body is ${Math.round(widest)} mm wide`, widest);
  const [wide, deep] = [planes.filter(({ isWide }) => isWide), planes.filter(({ isDeep }) => isDeep)];
  const width = Math.max(...wide.map(({ x }) => x[1] - x[0]));
  const depth = Math.max(...deep.map(({ y }) => y[1] - y[0]));
  if (isMost(wide, planes) && width < LEAST_TRUNK.width) {
    throw implausibleSize(
      `The body is at most ${Math.round(width)} mm wide from skin to skin, narrower than a trunk`,
      width,
    );
  }
  if (isMost(deep, planes) && depth < LEAST_TRUNK.depth) {
    throw implausibleSize(
      `The body is at most ${Math.round(depth)} mm deep from skin to skin, thinner than a trunk`,
      depth,
    );
  }
  if (isMost(deep, planes) && depth > MOST_BODY.depth) {
    throw implausibleSize(`The body is ${Math.round(depth)} mm deep from skin to skin, deeper than a trunk`, depth);
  }
  const whole = wide.filter(({ isDeep }) => isDeep).toSorted((a, b) => proportion(a) - proportion(b));
  const middle = whole[whole.length >> 1];
  if (middle === undefined || whole.length < LEAST_WHOLE_PLANES) return;
  if (proportion(middle) >= PROPORTION.least && proportion(middle) <= PROPORTION.most) return;
  const { x, y } = middle;
  throw implausibleSize(
    `The body is ${Math.round(x[1] - x[0])} mm wide and ${Math.round(y[1] - y[0])} mm deep, as no trunk is`,
    y[1] - y[0],
  );
}

const proportion = ({ x, y }: BodyPlane): number => (y[1] - y[0]) / (x[1] - x[0]);

const isMost = (some: readonly BodyPlane[], all: readonly BodyPlane[]): boolean =>
  some.length > 0 && some.length >= MOST_OF * all.length;

function implausibleSize(seen: string, mm: number): NotEvaluableError {
  return new NotEvaluableError('implausible-size', `${seen}: the spacing is not right, or it is not a trunk.`, {
    facts: { mm: Math.round(mm) },
  });
}

/** mm² of dense bone in the midline. Sections of a spine have more than the first; contrast agent in the heart has more than the second. */
const SPINE_MM2 = { least: 150, most: 1500 } as const;
/** Ribs, sternum and contrast agent in the bowel are less than this, and less than this share of the spine. */
const NO_SPINE = { mostMm2: 200, share: 0.2 } as const;
/** As many planes of 8 mm cover two vertebrae and the disc between; symphysis and sternum do not. */
const LEAST_PLANES = 10;

/** The spine is behind the middle of the trunk from neck to coccyx. In front of it are the sternum and the symphysis. */
function requireSpineBehind(planes: readonly BodyPlane[]): void {
  const bony = planes.filter(({ isDeep, midlineBone }) => isDeep && midlineBone[0] + midlineBone[1] >= SPINE_MM2.least);
  const reversed = bony.filter(
    ({ midlineBone: [front, back] }) =>
      front >= SPINE_MM2.least && front <= SPINE_MM2.most && back <= Math.min(NO_SPINE.mostMm2, NO_SPINE.share * front),
  );
  if (reversed.length < LEAST_PLANES || !isMost(reversed, bony)) return;
  throw new NotEvaluableError(
    'front-and-back-exchanged',
    `In ${reversed.length} of ${bony.length} planes with bone in the midline, nearly all of it lies in the half of the body that the header calls the front. The spine is behind: the patient lay otherwise than the header says, or the picture was mirrored.`,
    { facts: { planes: bony.length, reversed: reversed.length } },
  );
}

/** mm of height within which planes are compared: three lumbar vertebrae, and two next to them. */
const STRETCH_MM = 96;
const BESIDE_MM = 64;
/** mm. Necks and heads are narrower; the abdomen of an adult is not. */
const ABDOMEN_WIDTH = 200;
/**
 * mm² of lung, more than of gas in the bowel; of dense bone beside the midline, on both sides together: less than an arm has;
 * and on each: more than most ribs have, more than any have, and enough to doubt.
 */
const LUNG_MM2 = 8000;
const RIBS_MM2 = 400;
const PELVIS_MM2 = { most: 450, some: 800, doubt: 300 } as const;

/**
 * Above the abdomen are the lungs, and below it is the pelvis. Shoulders and arms have too much bone beside the midline for an
 * abdomen, neck and head are too narrow, and thighs have no bone in the midline.
 */
function requireHeadUp(planes: readonly BodyPlane[]): void {
  const [first, second] = planes;
  if (first === undefined || second === undefined) return;
  const step = second.z - first.z;
  const [stretch, beside] = [Math.ceil(STRETCH_MM / step), Math.ceil(BESIDE_MM / step)];
  const seen = { lungsAbove: false, lungsBelow: false, pelvisAbove: false, pelvisBelow: false };
  for (let from = 0; from + stretch <= planes.length; from += 1) {
    if (!isAbdomen(planes.slice(from, from + stretch))) continue;
    const above = planes.slice(from + stretch, from + stretch + beside);
    const below = planes.slice(Math.max(0, from - beside), from);
    if (countLungs(planes.slice(from + stretch)) >= beside / 2) seen.lungsAbove = true;
    if (isLungs(below, beside)) seen.lungsBelow = true;
    if (isPelvis(above, beside)) seen.pelvisAbove = true;
    if (below.filter((plane) => sides(plane) >= PELVIS_MM2.doubt).length >= 2) seen.pelvisBelow = true;
  }
  if (seen.lungsAbove || seen.pelvisBelow || !(seen.lungsBelow || seen.pelvisAbove)) return;
  const what = [seen.lungsBelow && 'the lungs lie below', seen.pelvisAbove && 'the pelvis lies above'];
  throw new NotEvaluableError(
    'upside-down',
    `In the direction that the header calls the head's, ${what.filter((words) => words !== false).join(' and ')} the abdomen: the patient lay otherwise than the header says, or slices are in reverse.`,
  );
}

function share(planes: readonly BodyPlane[], is: (plane: BodyPlane) => boolean): number {
  return planes.filter(is).length / planes.length;
}

function isAbdomen(planes: readonly BodyPlane[]): boolean {
  const isPlane = ({ x, lung, lateralBone }: BodyPlane): boolean =>
    x[1] - x[0] >= ABDOMEN_WIDTH && lung < LUNG_MM2 && lateralBone[0] + lateralBone[1] < RIBS_MM2;
  return (
    share(planes, isPlane) >= 0.75 && share(planes, ({ midlineBone }) => midlineBone[0] + midlineBone[1] >= 50) >= 0.5
  );
}

function isLungs(planes: readonly BodyPlane[], expected: number): boolean {
  return planes.length >= expected / 2 && share(planes, ({ lung }) => lung >= LUNG_MM2) >= 0.5;
}

const countLungs = (planes: readonly BodyPlane[]): number => planes.filter(({ lung }) => lung >= LUNG_MM2).length;

function isPelvis(planes: readonly BodyPlane[], expected: number): boolean {
  const isPlane = (plane: BodyPlane): boolean => plane.lung < LUNG_MM2 && sides(plane) >= PELVIS_MM2.most;
  const isEnough = planes.length >= expected / 2 && share(planes, isPlane) >= 0.6;
  return isEnough && planes.some((plane) => sides(plane) >= PELVIS_MM2.some);
}

/** mm² of dense bone beside the midline, on the side that has less. */
const sides = ({ lateralBone }: BodyPlane): number => Math.min(...lateralBone);
