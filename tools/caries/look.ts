/** Looks at one radiograph: turns it upright, runs the model, finds the crowns, and refuses a picture that is not what it says. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { isTurned, type Turn, turned, uprightOf } from '#core/image/upright.ts';
import { patientOrientation } from '#core/study/patient-orientation.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { type ArchFit, fitArches, fitTurned, isBelievable, numbered } from './arch.ts';
import { CLEARER, doubtOf, MOST_DOUBT, SURE_DOUBT } from './clarity.ts';
import type { Grid } from './marks.ts';
import type { Planes } from './planes.ts';
import { type Scale, WORKING_MM } from './scale.ts';
import { segment } from './segment.ts';
import { type Crown, findCrowns, inDentalBand, onTheirSide } from './teeth.ts';

/** A radiograph as the model sees it. */
export interface Seen {
  /** The picture as it is stored, and the turn that makes it upright. */
  readonly source: Radiograph;
  readonly turn: Turn;
  /** Upright. Scale, grid, planes and crowns belong to this picture. */
  readonly image: Radiograph;
  /** Whether the header tells the patient's right from left. Without it no tooth gets a number. */
  readonly sidesKnown: boolean;
  readonly scale: Scale;
  readonly grid: Grid;
  readonly planes: Planes;
  readonly crowns: readonly Crown[];
}

/** Fewer teeth than this mean that the picture is not a dental radiograph, or that the model cannot read it. */
const LEAST_TEETH = { 'intra-oral': 3, panoramic: 8 } as const;
/** Crowns of an intra-oral picture count if they are as large as a lower incisor's, mm on the detector. Bones of other parts look smaller. */
const LEAST_CROWN_MM = { width: 4.8, height: 5.2 };
/** Between an upright and a turned fit of the arches, mean cost per crown: below, neither is sure. Phantoms differ by 0.35 to 0.45. */
const SURE_ARCH = 0.05;
/** Teeth of the other side that an image of one side may show, beyond its midline. */
const MOST_ACROSS = 3;

/**
 * @throws NotEvaluableError with the reason in the message: `orientation-unreadable`, `unsupported-orientation`,
 *   `turned-picture`, `inverted-picture`, `contradictory-laterality`, `contradictory-size`, `image-too-small`,
 *   `image-too-large`, `no-contrast`, `no-teeth`, `unclear-teeth` or `no-arch`
 */
export async function lookAt(source: Radiograph, { engine, signal }: ProcessingContext): Promise<Seen> {
  const { turn, sidesKnown } = uprightTurn(source);
  const upright = turned(source, turn);
  const read = async (image: Radiograph): Promise<Reading> => {
    const { planes, grid, scale } = await segment(image, engine);
    signal.throwIfAborted();
    return readingOf({ image, planes, grid, scale, sidesKnown, turn });
  };
  const own = await read(upright);
  if (own.refusal === undefined && own.doubt <= SURE_DOUBT[own.scale.view]) return { source, turn, sidesKnown, ...own };
  const inverse = await read(inverted(upright));
  if (isClearer(inverse, own)) {
    if (source.polarityInDoubt) return { source, turn, sidesKnown, ...inverse };
    throw new NotEvaluableError('inverted-picture', invertedWords(source));
  }
  if (own.scale.view === 'intra-oral') {
    for (const columnsReversed of [false, true]) {
      const aside = turned(upright, { transposed: true, rowsReversed: !columnsReversed, columnsReversed });
      if (isClearer(await read(aside), own)) throw new NotEvaluableError('turned-picture', asideWords(source, turn));
    }
  }
  if (own.refusal !== undefined) throw own.refusal;
  return { source, turn, sidesKnown, ...own };
}

/** Whether a picture that can be read is far more clearly one of teeth than the picture as it lies. */
function isClearer(other: Reading, own: Reading): boolean {
  return other.refusal === undefined && other.doubt <= CLEARER * own.doubt;
}

interface Reading extends Pick<Seen, 'image' | 'scale' | 'grid' | 'planes' | 'crowns'> {
  readonly doubt: number;
  readonly refusal?: NotEvaluableError;
}

/** The crowns of a picture, or why it cannot be read as it lies. */
function readingOf(seen: Omit<Seen, 'crowns' | 'source'>): Reading {
  const { sidesKnown, turn, ...picture } = seen;
  const rest = { ...picture, doubt: doubtOf(seen.planes) };
  const { view } = seen.scale;
  const found = findCrowns(seen.planes);
  const crowns = view === 'panoramic' ? inDentalBand(found) : onTheirSide(found);
  const refuse = (code: string, message: string): Reading => ({
    ...rest,
    crowns,
    refusal: new NotEvaluableError(code, message),
  });
  const teeth = crowns.filter((crown) => view === 'panoramic' || isLargeEnough(crown)).length;
  if (teeth < LEAST_TEETH[view]) {
    return refuse(
      'no-teeth',
      `The picture shows too few recognisable teeth: ${teeth}, and at least ${LEAST_TEETH[view]} are needed.`,
    );
  }
  const fit = view === 'panoramic' ? fitArches(crowns) : undefined;
  if (fit !== undefined && !isBelievable(fit)) {
    return refuse(
      'no-arch',
      `The ${crowns.length} recognised teeth do not form a dental arch: the picture is unlike those that the model was trained on.`,
    );
  }
  if (rest.doubt > MOST_DOUBT[view]) {
    return refuse(
      'unclear-teeth',
      'The outlines of the recognised teeth are unclear: the picture is unlike those that the model was trained on.',
    );
  }
  if (fit === undefined) return { ...rest, crowns };
  const sure = numberedSurely(crowns, fit, seen);
  return sure instanceof NotEvaluableError ? { ...rest, crowns, refusal: sure } : { ...rest, crowns: sure };
}

/** The crowns, numbered where jaws and sides are sure; an error where the picture does not lie as its header says. */
function numberedSurely(
  crowns: readonly Crown[],
  fit: ArchFit,
  { image, sidesKnown, turn }: Pick<Seen, 'image' | 'sidesKnown' | 'turn'>,
): readonly Crown[] | NotEvaluableError {
  const margin = (fitTurned(crowns)?.cost ?? 0) - fit.cost;
  if (margin < -SURE_ARCH) return new NotEvaluableError('turned-picture', upsideDownWords(image, turn));
  if (margin < SURE_ARCH || !sidesKnown) return crowns;
  const teeth = numbered(crowns, fit);
  const { ImageLaterality } = image.header;
  if (ImageLaterality === 'R' || ImageLaterality === 'L') {
    const across = teeth.filter(({ fdi }) => fdi !== undefined && /^[14]/.test(fdi) === (ImageLaterality === 'L'));
    if (across.length > MOST_ACROSS) {
      return new NotEvaluableError(
        'contradictory-laterality',
        `Image Laterality (0020,0062) is ${ImageLaterality}, one side, but the picture shows ${across.length} teeth of the other side.`,
      );
    }
  }
  return teeth;
}

/** Bones of other parts can be shaped like crowns, but they are small because a larger part of the body fills the picture. */
function isLargeEnough({ width, height }: Crown): boolean {
  const mm = WORKING_MM['intra-oral'];
  return width * mm >= LEAST_CROWN_MM.width && height * mm >= LEAST_CROWN_MM.height;
}

function uprightTurn({ header }: Radiograph): { readonly turn: Turn; readonly sidesKnown: boolean } {
  const orientation = patientOrientation(header);
  if (orientation.state === 'unreadable') throw new NotEvaluableError('orientation-unreadable', `${orientation.why}.`);
  const upright = uprightOf(orientation);
  if (upright === undefined) {
    throw new NotEvaluableError(
      'unsupported-orientation',
      `${saysOrientation(header)}: neither rows nor columns run from head to feet, as in occlusal views, which the tool does not read.`,
    );
  }
  return upright;
}

const inverted = (image: Radiograph): Radiograph => ({ ...image, pixels: image.pixels.map((value) => 1 - value) });

function saysOrientation({ PatientOrientation = [] }: Radiograph['header']): string {
  return PatientOrientation.length === 0
    ? 'Patient Orientation (0020,0020) is not given'
    : `Patient Orientation (0020,0020) is ${PatientOrientation.join('\\')}`;
}

function invertedWords({ header: { PhotometricInterpretation } }: Radiograph): string {
  const said =
    PhotometricInterpretation === undefined ? '' : ` (Photometric Interpretation ${PhotometricInterpretation})`;
  return `The picture is inverted against what its header says${said}: teeth are recognised only where dark and bright are exchanged.`;
}

function asideWords({ header }: Radiograph, turn: Turn): string {
  return `${asWhat(turn)}, the picture lies on its side: teeth are recognised only after a turn by 90°. ${saysOrientation(header)}.`;
}

function upsideDownWords({ header }: Radiograph, turn: Turn): string {
  return `${asWhat(turn)}, the picture is upside down: the row of teeth above has the widths of lower teeth, the row below those of upper teeth. ${saysOrientation(header)}.`;
}

const asWhat = (turn: Turn): string => (isTurned(turn) ? 'Turned as its header says' : 'As it is stored');

/** In which way the stored picture differs from the upright one, in words; undefined where it does not. */
export function turnInWords({ turn }: Pick<Seen, 'turn'>): string | undefined {
  if (!isTurned(turn)) return undefined;
  const { transposed, rowsReversed, columnsReversed } = turn;
  if (!transposed) {
    if (rowsReversed && columnsReversed) return 'turned by 180°';
    return rowsReversed ? 'upside down' : 'mirrored';
  }
  return rowsReversed !== columnsReversed ? 'turned by 90°' : 'turned by 90° and mirrored';
}
