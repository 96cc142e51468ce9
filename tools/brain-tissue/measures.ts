/** What can be measured of a tissue map without knowing what it should be. */
import { toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import { TISSUE, type TissueMap } from './tissue.ts';

/** The model draws back from the end of the image by about 12 mm, so a cut shows as a wide section of brain that far inside. */
const INSIDE_MM = 14;

/** Measures of the tissue map. */
export interface Brain {
  readonly whiteMl: number;
  readonly greyMl: number;
  /** Mean values of the tissues and of their surroundings. */
  readonly white: number;
  readonly grey: number;
  readonly around: number;
  /** The part of the brain's surface that is white matter, 0 to 1. */
  readonly whiteSurface: number;
  /** From right to left and from front to back without the outermost 1 % of the brain at either end, mm. */
  readonly widthMm: number;
  readonly lengthMm: number;
  /** The part of the brain on the right of the middle of its width, 0 to 1. */
  readonly rightPart: number;
  /** The widest section of brain in an outermost plane, and in a plane `INSIDE_MM` from it, mm². */
  readonly cutMm2: number;
  readonly insideMm2: number;
}

export function measureBrain(tissue: TissueMap, { grid, values }: ConformedHead, volume: Volume): Brain {
  const voxels = [0, 0, 0];
  const sums = [0, 0, 0];
  const surface = [0, 0, 0];
  const across = new Uint32Array(SIDE);
  const along = new Uint32Array(SIDE);
  const cut = new Map<string, number>();
  const inside = new Map<string, number>();
  const count = (faces: Map<string, number>, names: readonly string[]): void => {
    for (const name of names) faces.set(name, (faces.get(name) ?? 0) + 1);
  };
  const ofVolume = {
    last: [volume.columns - 1, volume.rows - 1, volume.slices - 1],
    spacingMm: volume.spacingMm,
  } as const;
  const ofGrid = { last: [SIDE - 1, SIDE - 1, SIDE - 1], spacingMm: [1, 1, 1] } as const;
  let at = -1;
  for (let z = 0; z < SIDE; z += 1) {
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        at += 1;
        const found = tissue[at] ?? 0;
        if (found === TISSUE.background && !adjoins(tissue, at)) continue;
        voxels[found] = (voxels[found] ?? 0) + 1;
        sums[found] = (sums[found] ?? 0) + (values[modelIndex(x, y, z)] ?? 0);
        if (found === TISSUE.background) continue;
        if (adjoinsBackground(tissue, at)) surface[found] = (surface[found] ?? 0) + 1;
        across[x] = (across[x] ?? 0) + 1;
        along[y] = (along[y] ?? 0) + 1;
        const place = toVoxel(volume, [grid.origin[0] + x, grid.origin[1] + y, grid.origin[2] + z]);
        count(cut, facesAt(place, ofVolume, [-Infinity, 1]));
        count(cut, facesAt([x, y, z], ofGrid, [-Infinity, 1], 'grid '));
        count(inside, facesAt(place, ofVolume, [INSIDE_MM - 0.5, INSIDE_MM + 0.5]));
      }
    }
  }
  const acrossAt = ends(across);
  const alongAt = ends(along);
  const middle = (acrossAt[0] + acrossAt[1]) / 2;
  const mean = (of: number): number => (sums[of] ?? 0) / (voxels[of] || 1);
  return {
    whiteMl: (voxels[TISSUE.white] ?? 0) / 1000,
    greyMl: (voxels[TISSUE.grey] ?? 0) / 1000,
    ...{ white: mean(TISSUE.white), grey: mean(TISSUE.grey), around: mean(TISSUE.background) },
    whiteSurface: (surface[TISSUE.white] ?? 0) / ((surface[TISSUE.white] ?? 0) + (surface[TISSUE.grey] ?? 0) || 1),
    widthMm: acrossAt[1] - acrossAt[0] + 1,
    lengthMm: alongAt[1] - alongAt[0] + 1,
    rightPart: partBelow(across, middle),
    cutMm2: Math.max(0, ...cut.values()),
    insideMm2: Math.max(0, ...inside.values()),
  };
}

/** Whether tissue shares a face with this point. At the grid's ends the next row's points count, too, which changes no mean. */
function adjoins(tissue: TissueMap, at: number): boolean {
  for (const step of [1, SIDE, SIDE * SIDE]) {
    if ((tissue[at - step] ?? 0) !== 0 || (tissue[at + step] ?? 0) !== 0) return true;
  }
  return false;
}

function adjoinsBackground(tissue: TissueMap, at: number): boolean {
  for (const step of [1, SIDE, SIDE * SIDE]) if (tissue[at - step] === 0 || tissue[at + step] === 0) return true;
  return false;
}

/** Between which indices all but the outermost 1 % at either end lie. */
function ends(counts: Uint32Array): readonly [number, number] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let [sum, first] = [0, 0];
  for (const [index, count] of counts.entries()) {
    if (sum <= 0.01 * total) first = index;
    sum += count;
    if (sum >= 0.99 * total) return [first, index];
  }
  return [first, counts.length - 1];
}

/** The part of the counts below a place between two indices. */
function partBelow(counts: Uint32Array, place: number): number {
  let [below, total] = [0, 0];
  for (const [index, count] of counts.entries()) {
    total += count;
    below += count * Math.min(1, Math.max(0, place + 0.5 - index));
  }
  return total === 0 ? 0 : below / total;
}

type Triple = readonly [number, number, number];

interface Box {
  readonly last: Triple;
  readonly spacingMm: Triple;
}

/** The faces of a box of voxels whose distance from a place is within a range, mm. */
function facesAt(
  place: Triple,
  { last, spacingMm }: Box,
  [from, to]: readonly [number, number],
  prefix = '',
): readonly string[] {
  const faces: string[] = [];
  for (const axis of [0, 1, 2] as const) {
    const first = place[axis] * spacingMm[axis];
    const end = (last[axis] - place[axis]) * spacingMm[axis];
    if (first >= from && first < to) faces.push(`${prefix}first ${axis}`);
    if (end >= from && end < to) faces.push(`${prefix}last ${axis}`);
  }
  return faces;
}
