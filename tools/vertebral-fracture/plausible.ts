/** What an answer is checked for before it is given: a model that has seen spines only finds some in everything. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Body } from './bodies.ts';
import type { Fit } from './fit.ts';
import { countsOf } from './no-grade.ts';

/** Fat and air are darker than this, HU, and there is some of either in every CT of a body. */
const DARK_HU = -30;
const LEAST_DARK = 0.01;
/** Every this many voxels one is looked at. */
const STEP = 101;
/** Fewer bodies in a row may be a skull's base, a joint or noise, and are too few to tell what one of them was before. */
const LEAST_BODIES = 3;

/** Thicker slices leave heights uncertain by more than a grade is wide: by 3 mm and more in one body of twenty (validation phantoms). */
const MOST_SLICE_MM = 4;

/** @throws NotEvaluableError `slices-too-thick` */
export function requireThinSlices({ spacingMm }: Pick<Volume, 'spacingMm'>): void {
  const thickMm = Math.max(...spacingMm);
  if (thickMm <= MOST_SLICE_MM) return;
  throw new NotEvaluableError(
    'slices-too-thick',
    `The slices are ${thickMm.toFixed(1)} mm apart; heights can be measured well enough for a grade up to ${MOST_SLICE_MM} mm. A reconstruction with thinner slices can be evaluated.`,
    { facts: { sliceMm: Math.round(10 * thickMm) / 10 } },
  );
}

/** @throws NotEvaluableError `not-hounsfield` where nothing in the volume is as dark as fat */
export function requireHounsfield({ voxels }: Volume): void {
  let [dark, seen] = [0, 0];
  for (let at = 0; at < voxels.length; at += STEP) {
    seen += 1;
    if ((voxels[at] ?? 0) < DARK_HU) dark += 1;
  }
  if (dark >= LEAST_DARK * seen) return;
  throw new NotEvaluableError(
    'not-hounsfield',
    'Nothing in the series is as dark as fat or air: its values are no Hounsfield units, or it shows no body.',
  );
}

/** Mean probability in a body below which the model guesses: in spines it is above 0.8, in noise, skulls and MR below 0.73. */
const SURE = 0.75;

/** @throws NotEvaluableError `too-few-bodies` */
export function requireSpine(bodies: readonly Pick<Body, 'probability'>[]): void {
  const sure = bodies.filter(({ probability }) => probability >= SURE).length;
  if (sure >= LEAST_BODIES) return;
  throw new NotEvaluableError(
    'too-few-bodies',
    `Only ${sure} vertebral ${sure === 1 ? 'body was' : 'bodies were'} found for sure; ${LEAST_BODIES} in a row are needed to tell a spine from something else and a fracture from a small body.`,
    { facts: { bodies: sure } },
  );
}

/** @throws NotEvaluableError `no-body-graded` where no body fits those beside it so that it could be compared with them */
export function requireGradable(fits: readonly Fit[]): void {
  const withheld = fits.flatMap(({ noGrade }) => noGrade ?? []);
  if (withheld.length < fits.length) return;
  throw new NotEvaluableError(
    'no-body-graded',
    `Spine is in view, but none of ${fits.length} bodies can be graded (${countsOf(withheld)}).`,
    { facts: { bodies: fits.length } },
  );
}
