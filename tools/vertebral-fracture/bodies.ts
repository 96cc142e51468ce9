/** From tissue classes to single vertebral bodies: components and their longest chain, merged and split where needed. */
import type { PointLps } from '#core/image/geometry.ts';
import { longestChain } from './chain.ts';
import { axisOf, distance, dot, median, subtract } from './chain-geometry.ts';
import { fillHoles } from './fill.ts';
import { partBodies } from './part.ts';
import { aboveSacrum, type Below } from './sacrum.ts';
import { pointAt, type SpineMap, TISSUE } from './segment.ts';

/** One vertebral body: its number in `SpineBodies.labels` and its place. */
export interface Body {
  readonly label: number;
  readonly centre: PointLps;
  readonly volumeMl: number;
  /** Whether it ends inside the volume, with a disc or another body beyond it. */
  readonly complete: boolean;
  /** Mean probability of "body" within it, 0 to 1. */
  readonly probability: number;
}

export interface SpineBodies {
  /** The number of the body at each point of the map; 0 where there is none. */
  readonly labels: Uint8Array;
  /** The share of body in each point, 0 to 255: the model's probability, or 255 in filled holes. */
  readonly occupancy: Uint8Array;
  /** From the lowest up. */
  readonly bodies: readonly Body[];
  /** Whether the lowest body clearly rests on the sacrum. */
  readonly onSacrum: boolean;
  /** What is below the lowest body, where that was asked. */
  readonly below?: Below;
  /** Whether a disc is below the lowest body, as high as the one above it. */
  readonly hasDiscBelow?: boolean;
  /** Whether bodies beside the chain form another one. */
  readonly hasSecondChain?: boolean;
}

/** Smaller components are specks, not what is left of a body. */
const LEAST_ML = 0.9;
/** A body that ends this close to the border of the image is cut off by it. */
const BORDER_MM = 1.6;

/** Finds the bodies of the spine in a map. The list is empty where they do not form a chain. */
export function findBodies(map: SpineMap, extent: { readonly min: PointLps; readonly max: PointLps }): SpineBodies {
  const { grid } = map;
  const voxelMl = (grid.spacingMm[0] * grid.spacingMm[1] * grid.spacingMm[2]) / 1000;
  const { labels: found, components } = partBodies(map);
  const sums = new Map<number, number>();
  for (let at = 0; at < found.length; at += 1) {
    const label = found[at] ?? 0;
    if (label !== 0) sums.set(label, (sums.get(label) ?? 0) + (map.bodyProbability[at] ?? 0));
  }
  const candidates = components
    .filter(({ size }) => size * voxelMl >= LEAST_ML)
    .map((component) => ({
      label: component.label,
      centre: pointAt(map, component.centroid),
      volumeMl: component.size * voxelMl,
      probability: (sums.get(component.label) ?? 0) / (255 * component.size),
    }));
  const whole = longestChain(candidates);
  const { chain, below, hasDiscBelow } = aboveSacrum(map, whole);
  const pieces = splitTall(map, found, mergeFragments(chain.map(({ label, centre }) => ({ parts: [label], centre }))));
  const second = longestChain(candidates.filter((one) => isBody(one) && !whole.includes(one)));
  return {
    ...paintBodies(map, found, pieces, extent, voxelMl),
    onSacrum: below === 'sacrum',
    below,
    hasDiscBelow,
    hasSecondChain: second.length >= SECOND_CHAIN.bodies,
  };
}

/** Bodies beside the chain that are this large and sure, and this many in a row, are a second spine. */
const SECOND_CHAIN = { bodies: 3, leastMl: 6, probability: 0.75 } as const;
const isBody = ({ volumeMl, probability }: { readonly volumeMl: number; readonly probability: number }): boolean =>
  volumeMl >= SECOND_CHAIN.leastMl && probability >= SECOND_CHAIN.probability;

/** One vertebra: some components of the mask, or the part of a component between two cuts along its axis. */
interface Piece {
  readonly parts: readonly number[];
  readonly centre: PointLps;
  /** Limits of the part, mm along `axis` from `centre`. */
  readonly between?: { readonly axis: PointLps; readonly from: number; readonly to: number };
}

/** Neighbours much closer than the usual distance are fragments of one body. */
function mergeFragments(chain: readonly Piece[]): readonly Piece[] {
  const pitch = median(chain.slice(1).map(({ centre }, index) => distance(centre, chain[index]?.centre ?? centre)));
  const merged: Piece[] = [];
  for (const piece of chain) {
    const last = merged.at(-1);
    if (last !== undefined && distance(last.centre, piece.centre) < 0.5 * pitch) {
      const centre = last.centre.map((value, axis) => (value + (piece.centre[axis] ?? 0)) / 2) as unknown as PointLps;
      merged[merged.length - 1] = { parts: [...last.parts, ...piece.parts], centre };
    } else merged.push(piece);
  }
  return merged;
}

/** Cuts bodies that grew together, where there is most disc and least body. */
function splitTall(map: SpineMap, found: Int32Array, chain: readonly Piece[]): readonly Piece[] {
  const marked = markedPoints(map, found, new Set(chain.flatMap(({ parts }) => parts)));
  const profiles = chain.map((piece, index) => {
    const axis = axisOf(
      chain.map(({ centre }) => centre),
      index,
    );
    return profileOf(map, marked, piece, axis);
  });
  return chain.flatMap((piece, index) => {
    const profile = profiles[index];
    if (profile === undefined) return [piece];
    const { height, width, axis, from } = profile;
    // Bodies are about as high as their neighbours, with a disc of a fifth of that between; none is much higher than deep.
    const around = profiles.filter((_, other) => other !== index && Math.abs(other - index) <= 3);
    const usual = around.length === 0 ? height : median(around.map((other) => other.height));
    const expected = Math.min(Math.max(usual, 12), 1.05 * width);
    const count = Math.round((height + 0.2 * expected) / (1.2 * expected));
    if (count < 2) return [piece];
    const cuts = cutsOf(profile, count);
    return cuts.slice(1).map((to, n): Piece => {
      const start = cuts[n] ?? from;
      return { parts: piece.parts, centre: piece.centre, between: { axis, from: start, to } };
    });
  });
}

/** The content of each millimetre of a piece along its axis. */
interface Profile {
  readonly axis: PointLps;
  /** mm of the first slab, and past the last one, from the piece's centre. */
  readonly from: number;
  readonly to: number;
  readonly height: number;
  /** Depth from front to back, mm. */
  readonly width: number;
  readonly body: Float32Array;
  readonly disc: Float32Array;
}
/** Half the range of a profile, mm. */
const REACH = 90;

/** A point of a component (with its number) or of a disc (number 0). */
interface Marked {
  readonly part: number;
  readonly point: PointLps;
}

function markedPoints(map: SpineMap, found: Int32Array, parts: ReadonlySet<number>): readonly Marked[] {
  const { shape, tissue } = map;
  const marked: Marked[] = [];
  for (let at = 0; at < tissue.length; at += 1) {
    const part = found[at] ?? 0;
    if (tissue[at] !== TISSUE.disc && !parts.has(part)) continue;
    const y = at % shape.columns;
    const z = Math.floor(at / shape.columns) % shape.rows;
    marked.push({ part, point: pointAt(map, [y, z, Math.floor(at / (shape.columns * shape.rows))]) });
  }
  return marked;
}

function profileOf(map: SpineMap, marked: readonly Marked[], { parts, centre }: Piece, axis: PointLps): Profile {
  const body = new Float32Array(2 * REACH);
  const disc = new Float32Array(2 * REACH);
  for (const { part, point } of marked) {
    const isDisc = part === 0;
    if (!isDisc && !parts.includes(part)) continue;
    const from = subtract(point, centre);
    const along = dot(from, axis);
    const slab = Math.floor(along) + REACH;
    if (slab < 0 || slab >= 2 * REACH) continue;
    if (!isDisc) body[slab] = (body[slab] ?? 0) + 1;
    else if (dot(from, from) - along * along < 15 * 15) disc[slab] = (disc[slab] ?? 0) + 1;
  }
  const usual = median([...body].filter((value) => value > 0));
  const filled = [...body.keys()].filter((slab) => (body[slab] ?? 0) > 0.3 * usual);
  const from = (filled[0] ?? REACH) - REACH;
  const to = (filled.at(-1) ?? REACH) + 1 - REACH;
  const voxelMm3 = map.grid.spacingMm[0] * map.grid.spacingMm[1] * map.grid.spacingMm[2];
  // A body's section is about 1.35 times as wide as deep, and fills 0.85 of that box.
  return { axis, from, to, height: to - from, width: Math.sqrt((usual * voxelMm3) / (1.35 * 0.85)), body, disc };
}

/** Borders of `count` bodies: the ends of the piece, and the best gap near each even division. */
function cutsOf({ from, to, body, disc }: Profile, count: number): readonly number[] {
  const pitch = (to - from) / count;
  const inner = Array.from({ length: count - 1 }, (_, n) => {
    const even = from + (n + 1) * pitch;
    let best = Math.round(even);
    let least = Infinity;
    for (let mm = Math.ceil(even - 0.3 * pitch); mm <= even + 0.3 * pitch; mm += 1) {
      const around = (profile: Float32Array): number =>
        [-1, 0, 1].reduce((sum, step) => sum + (profile[mm + step + REACH] ?? 0), 0);
      const score = around(body) - 1.5 * around(disc);
      if (score < least) {
        least = score;
        best = mm;
      }
    }
    return best + 0.5;
  });
  return [-Infinity, ...inner, Infinity];
}

function paintBodies(
  map: SpineMap,
  found: Int32Array,
  pieces: readonly Piece[],
  extent: { readonly min: PointLps; readonly max: PointLps },
  voxelMl: number,
): Pick<SpineBodies, 'labels' | 'occupancy' | 'bodies'> {
  const { shape } = map;
  const labels = new Uint8Array(found.length);
  const byPart = Map.groupBy(
    pieces.flatMap((piece, index) => piece.parts.map((part) => ({ part, piece, label: index + 1 }))),
    ({ part }) => part,
  );
  const sums = pieces.map(() => ({
    count: 0,
    probability: 0,
    sum: [0, 0, 0],
    low: Infinity,
    high: -Infinity,
    front: Infinity,
    back: -Infinity,
  }));
  for (let plane = 0; plane < shape.slices; plane += 1) {
    for (let z = 0; z < shape.rows; z += 1) {
      for (let y = 0; y < shape.columns; y += 1) {
        const at = (plane * shape.rows + z) * shape.columns + y;
        const owners = byPart.get(found[at] ?? 0);
        if (owners === undefined) continue;
        const point = pointAt(map, [y, z, plane]);
        const owner = owners.find(({ piece: { between, centre } }) => {
          if (between === undefined) return true;
          const along = dot(subtract(point, centre), between.axis);
          return along >= between.from && along < between.to;
        });
        const sum = owner && sums[owner.label - 1];
        if (sum === undefined) continue;
        labels[at] = owner?.label ?? 0;
        sum.count += 1;
        sum.probability += (map.bodyProbability[at] ?? 0) / 255;
        sum.sum = sum.sum.map((value, axis) => value + (point[axis] ?? 0));
        sum.low = Math.min(sum.low, point[2]);
        sum.high = Math.max(sum.high, point[2]);
        sum.front = Math.min(sum.front, point[1]);
        sum.back = Math.max(sum.back, point[1]);
      }
    }
  }
  const bodies = sums.flatMap(({ count, probability, sum, low, high, front, back }, index): Body[] => {
    if (count * voxelMl < LEAST_ML) return [];
    const [x = 0, y = 0, z = 0] = sum;
    const inside = low - extent.min[2] > BORDER_MM && extent.max[2] - high > BORDER_MM;
    const complete = inside && front - extent.min[1] > BORDER_MM && extent.max[1] - back > BORDER_MM;
    const centre = [x / count, y / count, z / count] as const;
    return [{ label: index + 1, centre, volumeMl: count * voxelMl, complete, probability: probability / count }];
  });
  // Voxels that the model calls body but that belong to no body (parts of S1, specks) would lengthen the neighbours.
  const occupancy = map.bodyProbability.map((value, at) =>
    map.tissue[at] === TISSUE.body && labels[at] === 0 ? 0 : value,
  );
  for (const at of fillHoles(labels, shape)) occupancy[at] = 255;
  return { labels, occupancy, bodies };
}
