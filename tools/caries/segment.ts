/** The model's answer for a radiograph, and the position of its grid on the picture. */
import { NotEvaluableError } from '#core/errors.ts';
import { resamplePlane } from '#core/image/plane.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { ProcessingContext } from '#core/tool.ts';
import type { Grid } from './marks.ts';
import { PLANES, type Planes, planesOf } from './planes.ts';
import { modelInput } from './preprocess.ts';
import { type Scale, scaleOf, WORKING_MM } from './scale.ts';
import { inStrips } from './strips.ts';

const MODEL_ID = 'caries-lesion';

/** A picture with more working pixels is not a dental radiograph, and would need more memory than a run has. */
const MOST_PIXELS = 5_000_000;

export interface Segmented {
  readonly planes: Planes;
  readonly grid: Grid;
  readonly scale: Scale;
}

/** @throws NotEvaluableError `image-too-small`, `contradictory-size`, `no-contrast` or `image-too-large` */
export async function segment(image: Radiograph, engine: ProcessingContext['engine']): Promise<Segmented> {
  const scale = scaleOf(image);
  if (!hasContrast(image.pixels)) {
    throw new NotEvaluableError('no-contrast', 'The picture has fewer than 16 grey values, too few to show teeth.');
  }
  const working = WORKING_MM[scale.view];
  const rows = Math.round((image.rows * scale.spacingMm[0]) / working);
  const columns = Math.round((image.columns * scale.spacingMm[1]) / working);
  if (rows * columns > MOST_PIXELS) {
    throw new NotEvaluableError('image-too-large', 'The picture covers a larger area than any dental radiograph.');
  }
  const input = modelInput(resamplePlane(image, rows, columns));
  const answer = await inStrips(input, async (strip) => {
    const [, , height = 0, width = 0] = strip.shape;
    const expected = { probabilities: [1, PLANES, height, width] };
    const { probabilities } = await engine.run(MODEL_ID, { image: strip }, expected);
    return probabilities;
  });
  const grid = {
    rows: image.rows,
    columns: image.columns,
    rowScale: rows / image.rows,
    columnScale: columns / image.columns,
  };
  return { planes: planesOf(answer), grid, scale };
}

function hasContrast(pixels: Float32Array): boolean {
  const seen = new Set<number>();
  for (const value of pixels) if (seen.add(value).size >= 16) return true;
  return false;
}
