/** The landmark for counting levels: whether the lowest body of a chain rests on the sacrum. */
import { labelComponents } from '#core/image/components.ts';
import type { PointLps } from '#core/image/geometry.ts';
import type { ChainCandidate } from './chain.ts';
import { axisOf, distance, dot, subtract } from './chain-geometry.ts';
import { pointAt, type SpineMap, TISSUE } from './segment.ts';

/** Largest distance from the middle of L5 to the nearest sacrum, mm: half a body, a high disc and the model's gaps. */
const REACH_MM = 36;
/** There must be this much sacrum near the lowest body. Smaller spots are pubic bone, ribs or noise. */
const NEAR_MM = 80;
const LEAST_ML = 5;
/** A lowest body smaller than this fraction of the next one is a part of S1 that the model took for a body. */
const REMNANT = 0.45;

/** The sacrum's wings are beside S1 and below L5. The sacrum continues below S1, with less volume than there is below L5. */
const WINGS = { leastMl: 1, asideMm: 55, heightMm: 8, belowMm: 40, belowMl: [5, 15] } as const;

/** Removes sacral parts from the lower end of a chain, and says whether the rest stands on the sacrum. */
export function aboveSacrum<T extends ChainCandidate>(
  map: SpineMap,
  chain: readonly T[],
): { readonly chain: readonly T[]; readonly onSacrum: boolean } {
  const points = sacrumPoints(map);
  const isNear = (body: ChainCandidate): boolean => {
    const distances = points.map(({ point, ml }) => ({ mm: distance(point, body.centre), ml }));
    const volume = distances.reduce((sum, { mm, ml }) => sum + (mm < NEAR_MM ? ml : 0), 0);
    return volume >= LEAST_ML && distances.some(({ mm }) => mm < REACH_MM);
  };
  const hasWings = (body: T, index: number): boolean => {
    const up = axisOf(
      chain.map(({ centre }) => centre),
      index,
    );
    let [besideMl, belowMl] = [0, 0];
    for (const { point, ml } of points) {
      const from = subtract(point, body.centre);
      const along = dot(from, up);
      if (Math.sqrt(Math.max(0, dot(from, from) - along * along)) > WINGS.asideMm) continue;
      if (Math.abs(along) < WINGS.heightMm) besideMl += ml;
      else if (along < 0 && along > -WINGS.belowMm) belowMl += ml;
    }
    return besideMl >= WINGS.leastMl && belowMl >= WINGS.belowMl[0] && belowMl <= WINGS.belowMl[1];
  };
  const isSacral = (body: T, index: number): boolean => {
    const next = chain[index + 1];
    if (next === undefined || !isNear(body)) return false;
    return body.volumeMl < REMNANT * next.volumeMl || hasWings(body, index);
  };
  const first = chain.findIndex((body, index) => !isSacral(body, index));
  const rest = chain.slice(Math.max(0, first));
  const [lowest] = rest;
  return { chain: rest, onSacrum: first > 0 || (lowest !== undefined && isNear(lowest)) };
}

/** Points of the sacrum's larger components, one per 3 × 3 points of every second plane. */
function sacrumPoints(map: SpineMap): readonly { readonly point: PointLps; readonly ml: number }[] {
  const { shape, tissue, grid } = map;
  const voxelMl = (grid.spacingMm[0] * grid.spacingMm[1] * grid.spacingMm[2]) / 1000;
  const { labels, components } = labelComponents(
    tissue.map((value) => Number(value === TISSUE.sacrum)),
    shape,
  );
  const large = new Set(components.filter(({ size }) => size * voxelMl > 2).map(({ label }) => label));
  const points: { readonly point: PointLps; readonly ml: number }[] = [];
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
