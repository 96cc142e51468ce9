/** The model's answer on its grid: the likeliest class of each voxel, the largest connected piece, and a check that it is a brain. */
import { labelComponents } from '#core/image/components.ts';
import type { Volume } from '#core/image/volume.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { type ConformedHead, checkExtent, conform, modelIndex, SIDE } from './conform.ts';
import { corrected, type Scale, scaleOf, whiteOf } from './scale.ts';
import { TISSUE, type TissueMap } from './tissue.ts';
import { checkBrain } from './whole-brain.ts';

const MODEL = 'brain-meshnet';
const CLASSES = 3;

/** A head and its tissues, both on the model's grid. */
export interface SegmentedHead {
  readonly head: ConformedHead;
  readonly tissue: TissueMap;
}

/**
 * Runs the model and keeps the largest connected piece of tissue, as Brainchop does. Separate pieces are muscle or marrow that
 * looks like brain. Where the white matter that was found is far from the brightness that the model needs, the head is scaled by
 * it and the model runs once more.
 *
 * @throws NotEvaluableError with the codes in README.md
 */
export async function segmentBrain(volume: Volume, context: ProcessingContext): Promise<SegmentedHead> {
  checkExtent(volume);
  const scale = scaleOf(volume);
  const first = await segment(volume, scale, context);
  const better = corrected(
    scale,
    whiteOf(first.tissue, (at) => valueAt(first.head, at)),
  );
  const found = better === undefined ? first : await segment(volume, better, context);
  checkBrain(found.tissue, found.head, volume);
  return found;
}

async function segment(volume: Volume, scale: Scale, { engine, signal }: ProcessingContext): Promise<SegmentedHead> {
  signal.throwIfAborted();
  const head = conform(volume, scale);
  const { output } = await engine.run(
    MODEL,
    { input: { data: head.values, shape: [1, 1, SIDE, SIDE, SIDE] } },
    { output: [1, CLASSES, SIDE, SIDE, SIDE] },
  );
  const tissue = likeliest(output.data);
  signal.throwIfAborted();
  keepLargest(tissue);
  return { head, tissue };
}

/** The head's value at an index of a tissue map. */
function valueAt({ values }: ConformedHead, at: number): number {
  return values[modelIndex(at % SIDE, Math.floor(at / SIDE) % SIDE, Math.floor(at / SIDE ** 2))] ?? 0;
}

/** The class with the highest score at each voxel; the first class on a tie. */
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
