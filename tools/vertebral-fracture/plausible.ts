/** What an answer is checked for before it is given: a model that has seen spines only finds some in everything. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';

/** Fat and air are darker than this, HU, and there is some of either in every CT of a body. */
const DARK_HU = -30;
const LEAST_DARK = 0.01;
/** Every this many voxels one is looked at. */
const STEP = 101;
/** Fewer bodies in a row may be a skull's base, a joint or noise, and are too few to tell what one of them was before. */
const LEAST_BODIES = 3;

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

/** @throws NotEvaluableError `too-few-bodies` */
export function requireSpine(bodies: number): void {
  if (bodies >= LEAST_BODIES) return;
  throw new NotEvaluableError(
    'too-few-bodies',
    `Only ${bodies} vertebral ${bodies === 1 ? 'body was' : 'bodies were'} found; ${LEAST_BODIES} in a row are needed to tell a spine from something else and a fracture from a small body.`,
    { facts: { bodies } },
  );
}
