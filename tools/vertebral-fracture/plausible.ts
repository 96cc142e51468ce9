/** Checks before an answer is given. A model that was trained on spines alone finds one in every image. */
import { NotEvaluableError } from '#core/errors.ts';
import { figureBeside, isOver } from '#core/figures.ts';
import { requireTrunkInPlace } from '#core/image/body-position.ts';
import { requireHounsfield } from '#core/image/hounsfield.ts';
import { requireDistinctSlices, timesInARow } from '#core/image/repeated-slices.ts';
import { requireSteadySlices } from '#core/image/slice-changes.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Body } from './bodies.ts';
import type { Fit } from './fit.ts';
import { countsOf } from './no-grade.ts';

/** Fewer bodies in a row may be a skull base, a joint or noise, and cannot show what one of them was before a fracture. */
const LEAST_BODIES = 3;

/** In thicker slices, height errors exceed the width of a grade: 3 mm and more in one body of twenty (validation phantoms). */
const MOST_SLICE_MM = 4;

const THINNER = 'A reconstruction with thinner slices';
/** What lies apart along each axis of a volume. */
const AXES = ['columns of the pictures', 'rows of the pictures', 'slices'] as const;

/** @throws NotEvaluableError `slices-too-thick`; rows and columns count, too, because those of a reformat are slices of its source */
export function requireThinSlices({ spacingMm }: Pick<Volume, 'spacingMm'>): void {
  const coarse = AXES.flatMap((what, axis) => {
    const mm = spacingMm[axis] ?? 0;
    return isOver(mm, MOST_SLICE_MM) ? [{ what, figure: figureBeside(mm, MOST_SLICE_MM) }] : [];
  });
  if (coarse.length === 0) return;
  const apart = coarse.map(({ what, figure }, i) => `${i === 0 ? `The ${what} are` : `the ${what}`} ${figure} mm`);
  const better = coarse[0]?.what === 'slices' ? THINNER : 'A finer reconstruction of the scan itself';
  throw tooThick(`${apart.join(' and ')} apart`, better, {
    sliceMm: Math.max(...coarse.map(({ figure }) => Number(figure))),
  });
}

/** @throws NotEvaluableError `slices-too-thick` where the series was enlarged slice by slice from thicker ones */
function requireThinOwnSlices(volume: Volume): void {
  const times = timesInARow(volume);
  const ownMm = times * volume.spacingMm[2];
  if (!isOver(ownMm, MOST_SLICE_MM)) return;
  const figure = figureBeside(ownMm, MOST_SLICE_MM);
  throw tooThick(
    `Each slice comes ${Number(times.toFixed(1))} times in a row, so the scan's own slices are ${figure} mm apart`,
    THINNER,
    { sliceMm: Number(figure), times },
  );
}

function tooThick(seen: string, better: string, facts: Readonly<Record<string, number>>): NotEvaluableError {
  return new NotEvaluableError(
    'slices-too-thick',
    `${seen}. Heights are accurate enough for a grade only up to ${MOST_SLICE_MM} mm. ${better} can be evaluated.`,
    { facts },
  );
}

/**
 * What the picture itself tells before anything is measured.
 *
 * @throws NotEvaluableError as `requireHounsfield`, `requireTrunkInPlace`, `requireThinOwnSlices`, `requireDistinctSlices` and `requireSteadySlices` say
 */
export function requirePlausiblePicture(volume: Volume): void {
  requireHounsfield(volume);
  requireTrunkInPlace(volume);
  requireThinOwnSlices(volume);
  requireDistinctSlices(volume);
  requireSteadySlices(volume);
}

/** Below this mean probability in a body the model is guessing: spines are above 0.8; noise, skulls and MR are below 0.73. */
const SURE = 0.75;

/** @throws NotEvaluableError `too-few-bodies` */
export function requireSpine(bodies: readonly Pick<Body, 'probability'>[]): void {
  const sure = bodies.filter(({ probability }) => probability >= SURE).length;
  if (sure >= LEAST_BODIES) return;
  throw new NotEvaluableError(
    'too-few-bodies',
    `${sure === 0 ? 'No' : `Only ${sure}`} vertebral ${sure > 1 ? 'bodies were' : 'body was'} found with certainty. At least ${LEAST_BODIES} in a row are needed to tell a spine from other structures, and a fracture from a small body.`,
    { facts: { bodies: sure } },
  );
}

/** @throws NotEvaluableError `no-body-graded` where no body fits its neighbours, so none can be compared */
export function requireGradable(fits: readonly Fit[]): void {
  const withheld = fits.flatMap(({ noGrade }) => noGrade ?? []);
  if (withheld.length < fits.length) return;
  throw new NotEvaluableError(
    'no-body-graded',
    `The spine is in view, but none of its ${fits.length} bodies can be graded (${countsOf(withheld)}).`,
    { facts: { bodies: fits.length } },
  );
}
