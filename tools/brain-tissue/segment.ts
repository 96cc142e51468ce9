/** The model's answer on its grid: the likeliest class of each voxel, the largest connected piece, and a check that it is a brain. */
import { labelComponents } from '#core/image/components.ts';
import type { Volume } from '#core/image/volume.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import { TISSUE, type TissueMap } from './tissue.ts';
import { checkBrain } from './whole-brain.ts';

const MODEL = 'brain-meshnet';
const CLASSES = 3;

/**
 * Runs the model and keeps the largest connected piece of tissue, as Brainchop does. Separate pieces are muscle or marrow that
 * looks like brain.
 *
 * @throws NotEvaluableError `no-brain`, `not-t1` or `brain-cut`
 */
export async function segmentBrain(
  head: ConformedHead,
  volume: Volume,
  { engine, signal }: ProcessingContext,
): Promise<TissueMap> {
  signal.throwIfAborted();
  const { output } = await engine.run(
    MODEL,
    { input: { data: head.values, shape: [1, 1, SIDE, SIDE, SIDE] } },
    { output: [1, CLASSES, SIDE, SIDE, SIDE] },
  );
  const tissue = likeliest(output.data);
  signal.throwIfAborted();
  keepLargest(tissue);
  checkBrain(tissue, head, volume);
  return tissue;
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
