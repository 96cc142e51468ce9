/** The model's answer on its grid: the likeliest class of each voxel, the brain's one piece of it, and whether that is a brain. */
import { NotEvaluableError } from '#core/errors.ts';
import { labelComponents } from '#core/image/components.ts';
import { toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';

const MODEL = 'brain-meshnet';
/** The model's classes, in the order of its output. */
export const TISSUE = { background: 0, white: 1, grey: 2 } as const;
const CLASSES = 3;

/** Brains of less tissue than a newborn's are none, mL. */
const LEAST_BRAIN_ML = 300;
/** White matter is brighter than grey in T1: by a quarter in the images that the model knows, never by less than this part. */
const LEAST_CONTRAST = 1.04;
/** Brain that lies in the outermost plane of what was imaged is cut. The spinal cord is let through: about 1 cm². */
const MOST_CUT_MM2 = 600;

/** Classes of `TISSUE` on the conformed grid; index = (z × 256 + y) × 256 + x, along the LPS axes. */
export type TissueMap = Uint8Array;

/**
 * Runs the model and keeps the largest connected piece of tissue, as Brainchop does: what lies apart from it is muscle or
 * marrow that looks alike.
 *
 * @throws NotEvaluableError `no-brain`, `not-t1` or `brain-cut`
 */
export async function segmentBrain(
  head: ConformedHead,
  volume: Volume,
  { engine, signal }: ProcessingContext,
): Promise<TissueMap> {
  signal.throwIfAborted();
  const { output } = await engine.run(MODEL, { input: { data: head.values, shape: [1, 1, SIDE, SIDE, SIDE] } });
  if (output === undefined || output.data.length !== CLASSES * SIDE ** 3) {
    throw new RangeError(`The model ${MODEL} did not answer with ${CLASSES} classes for each voxel`);
  }
  const tissue = likeliest(output.data);
  signal.throwIfAborted();
  keepLargest(tissue);
  checkBrain(tissue, head, volume);
  return tissue;
}

/** The class with the largest value at each voxel, the first of them where two are alike. */
function likeliest(scores: Float32Array): TissueMap {
  const size = SIDE ** 3;
  const tissue = new Uint8Array(size);
  let at = 0;
  for (let z = 0; z < SIDE; z += 1) {
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        const from = modelIndex(x, y, z);
        let best = scores[from] ?? 0;
        for (let c = 1; c < CLASSES; c += 1) {
          const score = scores[c * size + from] ?? 0;
          if (score > best) {
            best = score;
            tissue[at] = c;
          }
        }
        at += 1;
      }
    }
  }
  return tissue;
}

function keepLargest(tissue: TissueMap): void {
  const { labels, components } = labelComponents(tissue, { columns: SIDE, rows: SIDE, slices: SIDE }, 'corner');
  const largest = components.reduce((best, one) => (one.size > best.size ? one : best), { label: 0, size: 0 });
  for (let at = 0; at < tissue.length; at += 1) if (labels[at] !== largest.label) tissue[at] = TISSUE.background;
}

function checkBrain(tissue: TissueMap, { grid, values }: ConformedHead, volume: Volume): void {
  const voxels = [0, 0, 0];
  const brightness = [0, 0, 0];
  const cut = new Map<string, number>();
  const last = [volume.columns - 1, volume.rows - 1, volume.slices - 1] as const;
  let at = 0;
  for (let z = 0; z < SIDE; z += 1) {
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        const found = tissue[at] ?? 0;
        at += 1;
        if (found === TISSUE.background) continue;
        voxels[found] = (voxels[found] ?? 0) + 1;
        brightness[found] = (brightness[found] ?? 0) + (values[modelIndex(x, y, z)] ?? 0);
        const place = toVoxel(volume, [grid.origin[0] + x, grid.origin[1] + y, grid.origin[2] + z]);
        for (const face of facesAt(place, last, volume.spacingMm)) cut.set(face, (cut.get(face) ?? 0) + 1);
        for (const face of facesAt([x, y, z], [SIDE - 1, SIDE - 1, SIDE - 1], [1, 1, 1]))
          cut.set(`grid ${face}`, (cut.get(`grid ${face}`) ?? 0) + 1);
      }
    }
  }
  const [, white = 0, grey = 0] = voxels;
  const brainMl = Math.round((white + grey) / 1000);
  if (brainMl < LEAST_BRAIN_ML || white === 0 || grey === 0) {
    throw new NotEvaluableError(
      'no-brain',
      `Only ${brainMl} mL of brain tissue were found: this is not a whole head.`,
      {
        facts: { brainMl },
      },
    );
  }
  const contrast = (brightness[TISSUE.white] ?? 0) / white / ((brightness[TISSUE.grey] ?? 0) / grey);
  if (contrast < LEAST_CONTRAST) {
    throw new NotEvaluableError(
      'not-t1',
      'White matter is not brighter than grey matter: this is no T1-weighted image.',
      {
        facts: { contrast: Math.round(contrast * 100) / 100 },
      },
    );
  }
  const cutMm2 = Math.max(0, ...cut.values());
  if (cutMm2 > MOST_CUT_MM2) {
    throw new NotEvaluableError('brain-cut', 'The brain reaches the border of the picture: it is not wholly in view.', {
      facts: { cutMm2 },
    });
  }
}

type Triple = readonly [number, number, number];

/** The faces of a box of voxels within whose outermost millimetre a place lies. */
function facesAt(place: Triple, last: Triple, spacingMm: Triple): readonly string[] {
  const faces: string[] = [];
  for (const axis of [0, 1, 2] as const) {
    if (place[axis] * spacingMm[axis] < 1) faces.push(`first ${axis}`);
    if ((last[axis] - place[axis]) * spacingMm[axis] < 1) faces.push(`last ${axis}`);
  }
  return faces;
}
