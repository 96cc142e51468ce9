/** Evaluates one radiograph: its crowns, its lesions, and their place on the source. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { isTurned, storedIndex } from '#core/image/upright.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { findLesions, type Lesion, OPERATING_POINT, type OperatingPoint } from './lesions.ts';
import { lookAt, type Seen } from './look.ts';
import { type Mark, markOf, outlineOf } from './marks.ts';
import { WORKING_MM } from './scale.ts';

/** The evaluation of one radiograph. */
export interface Evaluation extends Omit<Seen, 'planes'> {
  /** The patient's mm (on the detector, where the source is not calibrated) per working pixel. */
  readonly workingMm: number;
  readonly lesions: readonly EvaluatedLesion[];
}
/** A lesion with its mark on the upright picture. */
export interface MarkedLesion extends Lesion, Mark {}
export interface EvaluatedLesion extends MarkedLesion {
  /** The mark on the picture as it is stored. */
  readonly stored: Mark;
}

/** A mouth has 32 teeth, and a panoramic shows three surfaces of each. More lesions than this mean that the model fails on the picture. */
const MOST_LESIONS = 16;

/** @throws NotEvaluableError like `lookAt`, and `implausible-count` */
export async function evaluate(source: Radiograph, context: ProcessingContext): Promise<Evaluation> {
  const { planes, ...seen } = await lookAt(source, context);
  const lesions = lesionsOf({ ...seen, planes }, OPERATING_POINT[seen.scale.view]);
  if (lesions.length > MOST_LESIONS) {
    throw new NotEvaluableError(
      'implausible-count',
      `${lesions.length} places look like caries, which is implausible: the picture is unlike those that the model was trained on.`,
    );
  }
  return {
    ...seen,
    workingMm: WORKING_MM[seen.scale.view] * seen.scale.calibration,
    lesions: lesions.map((lesion) => ({ ...lesion, stored: storedMark(lesion, seen) })),
  };
}

/** The lesions at an operating point, with their marks. */
export function lesionsOf(
  { planes, crowns, grid }: Pick<Seen, 'planes' | 'crowns' | 'grid'>,
  point: OperatingPoint,
): readonly MarkedLesion[] {
  return findLesions(planes, crowns, point)
    .map((lesion) => ({ ...lesion, ...markOf(lesion, planes, grid, point.edge) }))
    .filter(({ pixels }) => pixels.length > 0);
}

function storedMark({ pixels, outline }: Mark, { turn, image, source }: Pick<Seen, 'turn' | 'image' | 'source'>): Mark {
  if (!isTurned(turn)) return { pixels, outline };
  const stored = pixels.map(storedIndex(turn, image)).toSorted((a, b) => a - b);
  return { pixels: stored, outline: outlineOf(stored, source.columns) };
}
