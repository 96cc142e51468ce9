/** One radiograph through the model: its crowns, its lesions, and where they are on it. */
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
/** What was seen on one radiograph. */
export interface Evaluation extends Omit<Seen, 'planes'> {
  /** mm on the detector per working pixel. */
  readonly workingMm: number;
  readonly lesions: readonly MarkedLesion[];
}
export interface MarkedLesion extends Lesion, Mark {}

/** A picture of more working pixels than this is no dental radiograph, and would take more memory than a run has. */
const MOST_PIXELS = 5_000_000;
/** A mouth has 32 teeth of which a panoramic shows three surfaces; more lesions than this say that the model is at a loss. */
const MOST_LESIONS = 16;
/** Fewer teeth than this are no dental radiograph, or none the model can read. */
const LEAST_TEETH = { 'intra-oral': 1, panoramic: 8 } as const;
/** An intra-oral picture shows at least one crown as big as a lower incisor's, mm on the detector; bones far away look smaller. */
const LEAST_CROWN_MM = { width: 4.8, height: 5.2 };

/**
 * @throws NotEvaluableError `image-too-small`, `image-too-large`, `no-contrast`, `no-teeth`, `no-arch` or `implausible-count`;
 * the message says why no statement can be made
 */
export async function evaluate(image: Radiograph, context: ProcessingContext): Promise<Evaluation> {
  const { planes, ...seen } = await lookAt(image, context);
  const lesions = lesionsOf({ ...seen, planes }, OPERATING_POINT[seen.scale.view]);
  if (lesions.length > MOST_LESIONS) {
    throw new NotEvaluableError(
      'implausible-count',
      `${lesions.length} places look like caries, which is more than can be believed: the picture is unlike those the model knows.`,
    );
  }
  return { ...seen, workingMm: WORKING_MM[seen.scale.view], lesions };
}

/** @throws NotEvaluableError as `evaluate`, but for the count of lesions */
export async function lookAt(image: Radiograph, { engine, signal }: ProcessingContext): Promise<Seen> {
  const { planes, grid, scale } = await segment(image, engine);
  signal.throwIfAborted();
  const crowns = crownsOf(planes, scale, image);
  const teeth = crowns.filter((crown) => isTooth(crown, scale.view)).length;
  if (teeth < LEAST_TEETH[scale.view]) {
    throw new NotEvaluableError('no-teeth', `Too few teeth were recognised in the picture (${teeth}).`);
  }
  if (scale.view === 'panoramic' && fitsNoArch(crowns)) {
    throw new NotEvaluableError(
      'no-arch',
      `The ${crowns.length} teeth that were recognised stand in no row of teeth: the picture is unlike those the model knows.`,
    );
  }
  return { image, scale, grid, planes, crowns };
}

/** Bones of other parts have shapes like crowns, but are small where a body fills the picture. */
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

/** Crowns of an intra-oral picture as they are; of a panoramic those in the dental band, numbered where they can be. */
function crownsOf(planes: Planes, { view }: Scale, image: Radiograph): readonly Crown[] {
  const crowns = findCrowns(planes);
  return view === 'panoramic' ? numberTeeth(inDentalBand(crowns), isRightOnLeft(image)) : crowns;
}

/**
 * Whether the picture shows the patient's right on its left, as is usual. Patient Orientation names where columns lead to:
 * towards the patient's left then.
 */
export function isRightOnLeft({ header }: Radiograph): boolean {
  return header.PatientOrientation?.[0]?.[0] !== 'R';
}

/** The model's answer for a radiograph, and how its grid lies over the source's. */
async function segment(
  image: Radiograph,
  engine: ProcessingContext['engine'],
): Promise<{ readonly planes: Planes; readonly grid: Grid; readonly scale: Scale }> {
  const scale = scaleOf(image);
  if (!hasContrast(image.pixels)) {
    throw new NotEvaluableError(
      'no-contrast',
      'The picture has fewer than 16 grey values: there is nothing to see in it.',
    );
  }
  const working = WORKING_MM[scale.view];
  const rows = Math.round((image.rows * scale.spacingMm[0]) / working);
  const columns = Math.round((image.columns * scale.spacingMm[1]) / working);
  if (rows * columns > MOST_PIXELS) {
    throw new NotEvaluableError('image-too-large', 'The picture covers more than a dental radiograph can.');
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
