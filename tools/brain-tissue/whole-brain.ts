/** Checks that the model found a whole brain in T1-weighted MR. It finds plausible volumes in anything else, too. */
import { NotEvaluableError } from '#core/errors.ts';
import { toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import { TISSUE, type TissueMap } from './tissue.ts';

/** Less tissue than in a newborn's brain is not a brain, mL. */
const LEAST_BRAIN_ML = 300;
/** White matter is brighter than grey in T1: by a quarter in images like the model's own, and never by less than this factor. */
const LEAST_CONTRAST = 1.04;
/**
 * The brain's surroundings (fluid, with bone behind it) are darker than grey matter in T1: 0.65 of it in the heads at hand. The
 * ratio is 1.02 in the same heads with inverted grey values, where the model takes bright fluid and grey matter for white matter.
 */
const MOST_AROUND = 0.85;
/** Brain in the outermost plane of the image is cut off. The spinal cord may reach it: about 1 cm². */
const MOST_CUT_MM2 = 600;
/**
 * The model draws back from the end of the image by about 12 mm, so a cut shows as a wide section of brain that far inside. Scalp
 * and bone keep the top of a whole brain at least 6 mm from the end: 8 mm of its cap have 35 cm², cerebellum and stem 40, a cut more.
 */
const INSIDE_MM = 14;
const MOST_INSIDE_MM2 = 5000;

/** Measures of the tissue map. */
interface Brain {
  readonly whiteMl: number;
  readonly greyMl: number;
  /** Mean values of the tissues and of their surroundings. */
  readonly white: number;
  readonly grey: number;
  readonly around: number;
  /** The widest section of brain in an outermost plane, and in a plane `INSIDE_MM` from it, mm². */
  readonly cutMm2: number;
  readonly insideMm2: number;
}

/** @throws NotEvaluableError `no-brain`, `not-t1` or `brain-cut` */
export function checkBrain(tissue: TissueMap, head: ConformedHead, volume: Volume): void {
  const { whiteMl, greyMl, white, grey, around, cutMm2, insideMm2 } = measureBrain(tissue, head, volume);
  const brainMl = Math.round(whiteMl + greyMl);
  if (brainMl < LEAST_BRAIN_ML || whiteMl === 0 || greyMl === 0) {
    throw new NotEvaluableError(
      'no-brain',
      `Only ${brainMl} mL of brain tissue were found, which is less than a whole brain.`,
      {
        facts: { brainMl },
      },
    );
  }
  const contrast = white / grey;
  if (contrast < LEAST_CONTRAST) {
    throw new NotEvaluableError(
      'not-t1',
      'White matter is not brighter than grey matter, so the image is not T1-weighted.',
      { facts: { contrast: hundredths(contrast) } },
    );
  }
  if (cutMm2 > MOST_CUT_MM2 || insideMm2 > MOST_INSIDE_MM2) {
    throw new NotEvaluableError(
      'brain-cut',
      'The brain reaches the border of the image, so it is not completely in view.',
      {
        facts: { cutMm2, insideMm2 },
      },
    );
  }
  if (around / grey > MOST_AROUND) {
    throw new NotEvaluableError(
      'not-t1',
      'The surroundings of the brain are not darker than grey matter, so the image is not T1-weighted.',
      { facts: { around: hundredths(around / grey) } },
    );
  }
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;

function measureBrain(tissue: TissueMap, { grid, values }: ConformedHead, volume: Volume): Brain {
  const voxels = [0, 0, 0];
  const sums = [0, 0, 0];
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
        const place = toVoxel(volume, [grid.origin[0] + x, grid.origin[1] + y, grid.origin[2] + z]);
        count(cut, facesAt(place, ofVolume, [-Infinity, 1]));
        count(cut, facesAt([x, y, z], ofGrid, [-Infinity, 1], 'grid '));
        count(inside, facesAt(place, ofVolume, [INSIDE_MM - 0.5, INSIDE_MM + 0.5]));
      }
    }
  }
  const mean = (of: number): number => (sums[of] ?? 0) / (voxels[of] || 1);
  return {
    whiteMl: (voxels[TISSUE.white] ?? 0) / 1000,
    greyMl: (voxels[TISSUE.grey] ?? 0) / 1000,
    ...{ white: mean(TISSUE.white), grey: mean(TISSUE.grey), around: mean(TISSUE.background) },
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
