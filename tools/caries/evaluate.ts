/** Evaluates one radiograph: its crowns, its lesions, and their place on the source. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { findLesions, type Lesion, OPERATING_POINT, type OperatingPoint } from './lesions.ts';
import { type Grid, type Mark, markOf } from './marks.ts';
import { PLANES, type Planes, planesOf } from './planes.ts';
import { modelInput, resample } from './preprocess.ts';
import { type DentalView, type Scale, scaleOf, WORKING_MM } from './scale.ts';
import { inStrips } from './strips.ts';
import { type Crown, findCrowns, fitsNoArch, inDentalBand, numberTeeth } from './teeth.ts';

const MODEL_ID = 'caries-lesion';

/** A radiograph as the model sees it. */
export interface Seen {
  readonly image: Radiograph;
  readonly scale: Scale;
  readonly grid: Grid;
  readonly planes: Planes;
  readonly crowns: readonly Crown[];
}
/** The evaluation of one radiograph. */
export interface Evaluation extends Omit<Seen, 'planes'> {
  /** mm on the detector per working pixel. */
  readonly workingMm: number;
  readonly lesions: readonly MarkedLesion[];
}
export interface MarkedLesion extends Lesion, Mark {}

/** A picture with more working pixels is not a dental radiograph, and would need more memory than a run has. */
const MOST_PIXELS = 5_000_000;
/** A mouth has 32 teeth, and a panoramic shows three surfaces of each. More lesions than this mean that the model fails on the picture. */
const MOST_LESIONS = 16;
/** Fewer teeth than this mean that the picture is not a dental radiograph, or that the model cannot read it. */
const LEAST_TEETH = { 'intra-oral': 1, panoramic: 8 } as const;
/** An intra-oral picture shows at least one crown as large as a lower incisor's, mm on the detector. Bones of other parts look smaller. */
const LEAST_CROWN_MM = { width: 4.8, height: 5.2 };

/**
 * @throws NotEvaluableError `image-too-small`, `image-too-large`, `no-contrast`, `no-teeth`, `no-arch` or `implausible-count`,
 *   with the reason in the message
 */
export async function evaluate(image: Radiograph, context: ProcessingContext): Promise<Evaluation> {
  const { planes, ...seen } = await lookAt(image, context);
  const lesions = lesionsOf({ ...seen, planes }, OPERATING_POINT[seen.scale.view]);
  if (lesions.length > MOST_LESIONS) {
    throw new NotEvaluableError(
      'implausible-count',
      `${lesions.length} places look like caries, which is implausible: the picture is unlike those that the model was trained on.`,
    );
  }
  return { ...seen, workingMm: WORKING_MM[seen.scale.view], lesions };
}

/** @throws NotEvaluableError like `evaluate`, except `implausible-count` */
export async function lookAt(image: Radiograph, { engine, signal }: ProcessingContext): Promise<Seen> {
  const { planes, grid, scale } = await segment(image, engine);
  signal.throwIfAborted();
  const crowns = crownsOf(planes, scale, image);
  const teeth = crowns.filter((crown) => isTooth(crown, scale.view)).length;
  if (teeth < LEAST_TEETH[scale.view]) {
    throw new NotEvaluableError('no-teeth', `The picture shows too few recognisable teeth (${teeth}).`);
  }
  if (scale.view === 'panoramic' && fitsNoArch(crowns)) {
    throw new NotEvaluableError(
      'no-arch',
      `The ${crowns.length} recognised teeth do not form a dental arch: the picture is unlike those that the model was trained on.`,
    );
  }
  return { image, scale, grid, planes, crowns };
}

/** Bones of other parts can be shaped like crowns, but they are small because a larger part of the body fills the picture. */
function isTooth({ width, height }: Crown, view: DentalView): boolean {
  if (view === 'panoramic') return true;
  return width * WORKING_MM[view] >= LEAST_CROWN_MM.width && height * WORKING_MM[view] >= LEAST_CROWN_MM.height;
}

/** The lesions at an operating point, with their marks on the source. */
export function lesionsOf({ planes, crowns, grid }: Seen, point: OperatingPoint): readonly MarkedLesion[] {
  return findLesions(planes, crowns, point)
    .map((lesion) => ({ ...lesion, ...markOf(lesion, planes, grid, point.edge) }))
    .filter(({ pixels }) => pixels.length > 0);
}

/** All crowns of an intra-oral picture; of a panoramic those in the dental band, numbered where possible. */
function crownsOf(planes: Planes, { view }: Scale, image: Radiograph): readonly Crown[] {
  const crowns = findCrowns(planes);
  return view === 'panoramic' ? numberTeeth(inDentalBand(crowns), isRightOnLeft(image)) : crowns;
}

/**
 * Whether the picture shows the patient's right on its left, as is usual. Patient Orientation states the direction of rows,
 * which then run towards the patient's left.
 */
export function isRightOnLeft({ header }: Radiograph): boolean {
  return header.PatientOrientation?.[0]?.[0] !== 'R';
}

/** The model's answer for a radiograph, and the position of its grid on the source. */
async function segment(
  image: Radiograph,
  engine: ProcessingContext['engine'],
): Promise<{ readonly planes: Planes; readonly grid: Grid; readonly scale: Scale }> {
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
  const input = modelInput(resample(image, rows, columns));
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
