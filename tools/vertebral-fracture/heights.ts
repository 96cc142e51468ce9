/**
 * Heights of a vertebral body in the mid-sagittal plane, at 15, 50 and 85 % of its depth, in the frame of its endplates'
 * bisector (six-point morphometry; Genant et al., J Bone Miner Res 1993;8:1137).
 */
import type { PointLps } from '#core/image/geometry.ts';
import type { Body, SpineBodies } from './bodies.ts';
import { add, axisOf, cross, dot, median, subtract, times, unit } from './chain-geometry.ts';
import { sampler } from './sample.ts';
import type { SpineMap } from './segment.ts';

export interface BodyHeights {
  readonly anteriorMm: number;
  readonly middleMm: number;
  readonly posteriorMm: number;
  readonly depthMm: number;
  /** From side to side, at half of its depth and height. */
  readonly widthMm: number;
  /** The body's middle: between the endplates, at half of its depth, in its mid-sagittal plane. */
  readonly centre: PointLps;
  readonly axes: BodyAxes;
  /** Upper and lower end of each height, anterior to posterior. */
  readonly endpoints: readonly (readonly [upper: PointLps, lower: PointLps])[];
}
/** Unit vectors: to the left, to posterior, and to the head along the bisector. */
export interface BodyAxes {
  readonly lateral: PointLps;
  readonly depth: PointLps;
  readonly up: PointLps;
}

const STATIONS = [0.15, 0.5, 0.85] as const;
/** Offsets of the lines beside the mid-sagittal plane; a height is their median, mm. */
const LINES_MM = [-4, -2, 0, 2, 4] as const;
const STEP_MM = 0.25;
/** How often the frame is aligned with the endplates. After three rounds it hardly moves. */
const ROUNDS = 6;
const GAP_MM = 5;
/** The part of a body, to each side of its middle, through which its endplates are fitted. It stays clear of the walls, in small bodies, too. */
const INNER_MM = { depth: 8, width: 6 } as const;
const INNER_PART = 0.32;
/** A line whose middle is farther from the plane through all middles is the model's fault, mm. */
const OFF_MM = 3;
/** How far a line extends from a body's middle, mm. */
const REACH_MM = 30;

/** Measures one body; undefined where it does not have two endplates. */
export function measureHeights(map: SpineMap, spine: SpineBodies, body: Body): BodyHeights | undefined {
  // The middle of a body that the border cuts off is misplaced and would tilt the frames of its neighbours.
  const chain = spine.bodies.filter((one) => one.complete || one === body);
  const tangent = axisOf(
    chain.map(({ centre }) => centre),
    chain.indexOf(body),
  );
  const inBody = probe(map, spine, body.label);
  let axes = axesFrom(tangent);
  let centre = body.centre;
  let inner: Inner = { halfDepthMm: INNER_MM.depth, halfWidthMm: INNER_MM.width };
  for (let round = 0; round < ROUNDS; round += 1) {
    const plates = endplates(inBody, centre, axes, inner);
    if (plates === undefined) return undefined;
    // Half-way between both endplates' slopes in the sagittal plane. From side to side, the direction of the chain is more reliable.
    axes = axesFrom(unit(subtract(axes.up, times(axes.depth, plates.slope))));
    centre = add(centre, times(axes.up, plates.middle));
    const depth = spanAlong(inBody, centre, axes.depth, axes.lateral, axes.up);
    const width = spanAlong(inBody, centre, axes.lateral, axes.depth, axes.up);
    if (depth === undefined || width === undefined) return undefined;
    const middle = (span: typeof depth): number => (span.from + span.to) / 2;
    centre = add(centre, add(times(axes.depth, middle(depth)), times(axes.lateral, middle(width))));
    inner = {
      halfDepthMm: Math.min(INNER_MM.depth, INNER_PART * (depth.to - depth.from)),
      halfWidthMm: Math.min(INNER_MM.width, INNER_PART * (width.to - width.from)),
    };
  }
  const span = spanAlong(inBody, centre, axes.depth, axes.lateral, axes.up);
  const across = spanAlong(inBody, centre, axes.lateral, axes.depth, axes.up);
  if (span === undefined || across === undefined) return undefined;
  const depthMm = span.to - span.from;
  const measured = STATIONS.map((station) => heightAt(inBody, centre, axes, span.from + station * depthMm));
  const [anterior, middle, posterior] = measured;
  if (anterior === undefined || middle === undefined || posterior === undefined) return undefined;
  const along = (station: number, h: number): PointLps =>
    add(centre, add(times(axes.depth, span.from + station * depthMm), times(axes.up, h)));
  return {
    anteriorMm: anterior.upper - anterior.lower,
    middleMm: middle.upper - middle.lower,
    posteriorMm: posterior.upper - posterior.lower,
    depthMm,
    widthMm: across.to - across.from,
    centre: along(0.5, (middle.upper + middle.lower) / 2),
    axes,
    endpoints: [anterior, middle, posterior].map(({ upper, lower }, n) => {
      const station = STATIONS[n] ?? 0.5;
      return [along(station, upper), along(station, lower)];
    }),
  };
}

/** A right-handed frame around `up`. Its lateral axis is as close to the patient's left as possible. */
function axesFrom(up: PointLps): BodyAxes {
  const left: PointLps = [1, 0, 0];
  const lateral = unit(subtract(left, times(up, dot(left, up))));
  return { lateral, depth: cross(up, lateral), up };
}

/** The share of body at a point, 0 to 1. The surface is at 0.5. */
type Probe = (point: PointLps) => number;

/**
 * Trilinear probability of "body"; 0 where the nearest voxel or its neighbours belong to another body. Touching neighbours
 * therefore end where they were cut.
 */
function probe(map: SpineMap, spine: SpineBodies, label: number): Probe {
  const sampleAt = sampler(map, spine, label);
  return (point) => (sampleAt(point)?.free ?? 0) / 255;
}

/**
 * The distance to the surface on the ray from `from` along `direction`, mm; undefined where the ray starts outside. The search
 * skips gaps of pale marrow shorter than GAP_MM. It never skips into another body, where `inBody` is 0.
 */
function surface(inBody: Probe, from: PointLps, direction: PointLps): number | undefined {
  let last = inBody(from);
  if (last < 0.5) return undefined;
  let found: number | undefined;
  for (let mm = STEP_MM; mm <= REACH_MM; mm += STEP_MM) {
    const here = inBody(add(from, times(direction, mm)));
    if (here < 0.5 && last >= 0.5) found = mm - STEP_MM * (1 - (last - 0.5) / (last - here));
    else if (here < 0.5 && found !== undefined && mm - found > GAP_MM) return found;
    last = here;
  }
  return found;
}

interface Span {
  readonly upper: number;
  readonly lower: number;
}

/** Upper and lower surface at `t` mm along the depth: the median over lines near the midline. */
function heightAt(inBody: Probe, centre: PointLps, axes: BodyAxes, t: number): Span | undefined {
  const spans = LINES_MM.flatMap((s) => columnAt(inBody, centre, axes, s, t) ?? []);
  if (spans.length === 0) return undefined;
  return { upper: median(spans.map(({ upper }) => upper)), lower: median(spans.map(({ lower }) => lower)) };
}

function columnAt(inBody: Probe, centre: PointLps, axes: BodyAxes, s: number, t: number): Span | undefined {
  const foot = add(centre, add(times(axes.lateral, s), times(axes.depth, t)));
  // A deeply sunken endplate may lie beyond the middle plane, so the search also starts a little above and below it.
  for (const start of [0, -2, 2, -4, 4]) {
    const from = add(foot, times(axes.up, start));
    const up = surface(inBody, from, axes.up);
    const down = surface(inBody, from, times(axes.up, -1));
    if (up !== undefined && down !== undefined) return { upper: start + up, lower: start - down };
  }
  return undefined;
}

/** Both ends of the body along a direction, mm from the centre: medians over lines around the middle one. */
function spanAlong(
  inBody: Probe,
  centre: PointLps,
  direction: PointLps,
  aside: PointLps,
  up: PointLps,
): { readonly from: number; readonly to: number } | undefined {
  const found = LINES_MM.flatMap((s) =>
    [-3, 0, 3].flatMap((h) => {
      const from = add(centre, add(times(aside, s), times(up, h)));
      const ahead = surface(inBody, from, direction);
      const behind = surface(inBody, from, times(direction, -1));
      return ahead === undefined || behind === undefined ? [] : [{ from: -behind, to: ahead }];
    }),
  );
  if (found.length === 0) return undefined;
  return { from: median(found.map(({ from }) => from)), to: median(found.map(({ to }) => to)) };
}

interface Inner {
  readonly halfDepthMm: number;
  readonly halfWidthMm: number;
}

/** Mean slope of both endplates along the depth, over the body's inner part, and the height of their middle over `centre`. */
function endplates(
  inBody: Probe,
  centre: PointLps,
  axes: BodyAxes,
  { halfDepthMm, halfWidthMm }: Inner,
): { readonly slope: number; readonly middle: number } | undefined {
  const middles: (readonly [t: number, h: number])[] = [];
  // While the frame is still tilted, lines near the walls would end in the walls and not in the endplates.
  for (let across = -3; across <= 3; across += 1) {
    for (let along = -4; along <= 4; along += 1) {
      const [s, t] = [(across / 3) * halfWidthMm, (along / 4) * halfDepthMm];
      const span = columnAt(inBody, centre, axes, s, t);
      if (span !== undefined) middles.push([t, (span.upper + span.lower) / 2]);
    }
  }
  if (middles.length < 12) return undefined;
  return { slope: slopeOf(middles), middle: median(middles.map(([, h]) => h)) };
}

/** Slope of the least-squares line through points, fitted a second time without outliers. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const first = lineThrough(points);
  const close = points.filter(([x, y]) => Math.abs(y - first.at(x)) < OFF_MM);
  return lineThrough(close.length < 12 ? points : close).slope;
}

function lineThrough(points: readonly (readonly [x: number, y: number])[]): {
  readonly slope: number;
  readonly at: (x: number) => number;
} {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let products = 0;
  let squares = 0;
  for (const [x, y] of points) {
    products += (x - meanX) * (y - meanY);
    squares += (x - meanX) ** 2;
  }
  const slope = squares === 0 ? 0 : products / squares;
  return { slope, at: (x) => meanY + slope * (x - meanX) };
}
