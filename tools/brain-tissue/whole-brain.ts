/** Checks that the model found a whole brain in T1-weighted MR. It finds plausible volumes in anything else, too. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import type { ConformedHead } from './conform.ts';
import { innerBrightness } from './depth.ts';
import { type Brain, measureBrain } from './measures.ts';
import { type Surroundings, surroundingsOf } from './surroundings.ts';
import type { TissueMap } from './tissue.ts';

/** Less tissue than in a newborn's brain is not a brain, mL. */
const LEAST_BRAIN_ML = 300;
/**
 * Grey and white matter of adults, mL, and the part of both that is grey, %. Both ranges are wide, because programs differ by a
 * tenth and volumes fall with age (Bethlehem et al., Nature 2022;604:525): only gross errors lie outside. The model was made for
 * adults; a child's brain is within the ranges from about two years on and is not noticed.
 */
const ADULT_ML = [750, 1800] as const;
const ADULT_GREY_PERCENT = [40, 70] as const;
/** White matter is brighter than grey in T1: by a quarter in images like the model's own, and never by less than this factor. */
const LEAST_CONTRAST = 1.04;
/**
 * The brain's surroundings (fluid, with bone behind it) are darker than grey matter in T1: 0.65 of it in the heads at hand. The
 * ratio is 1.02 in the same heads with inverted grey values, where the model takes bright fluid and grey matter for white matter.
 */
const MOST_AROUND = 0.85;
/** The brain's surface is cortex; white matter reaches it at ventricles and brain stem. It is 0.07 of the surface in a real head. */
const MOST_WHITE_SURFACE = 0.4;
/**
 * The inner brain is brighter than its rim in T1: 1.25 and 1.48 times in two real heads. With the brightness of their tissues exchanged
 * as in FLAIR it is 0.89, and as in proton density 0.91.
 */
const LEAST_INNER = 1.1;
/**
 * Air has at most a fifth of the brightness of grey matter, in noisy images too. In images computed from two others, such as the uniform
 * image of MP2RAGE, it is noise around the middle of all values.
 */
const MOST_AIR = 0.5;
/**
 * Scalp, face and neck are 1.0 to 1.2 times the brain in the heads at hand, also without a face. It is 0.4 in one whose brain was cut out of
 * the image with a margin of 2 mm: the model then finds a fifth less grey matter.
 */
const LEAST_HEAD = 0.6;
/** Face and neck lie below the brain, 200 and 350 mL in the heads at hand; over it lie 20 to 70 mL of scalp. */
const MOST_ABOVE = { ml: 100, perBelow: 3 };
/** A head is longer than wide, or else the slices lie otherwise than the header says: 0.75 to 0.9 in adults. */
const MOST_WIDTH_PER_LENGTH = 1.1;
/** Each hemisphere is about half, also in a turned head. */
const LEAST_HALF = 0.3;
/** Brain in the outermost plane of the image is cut off. The spinal cord may reach it: about 1 cm². */
const MOST_CUT_MM2 = 600;
/**
 * Scalp and bone keep the top of a whole brain at least 6 mm from the end: 8 mm of its cap have 35 cm², cerebellum and stem 40, a
 * cut more (`INSIDE_MM` in `measures.ts`).
 */
const MOST_INSIDE_MM2 = 5000;

/** @throws NotEvaluableError with the codes in README.md */
export function checkBrain(tissue: TissueMap, head: ConformedHead, volume: Volume): void {
  const brain = measureBrain(tissue, head, volume);
  checkFound(brain);
  checkT1(brain);
  checkInner(innerBrightness(tissue, head));
  const surroundings = surroundingsOf(tissue, head, volume);
  checkAir(surroundings, brain);
  checkWhole(brain);
  checkHead(surroundings, brain);
  checkAdult(brain);
}

function checkFound({ whiteMl, greyMl }: Brain): void {
  const brainMl = Math.round(whiteMl + greyMl);
  if (brainMl >= LEAST_BRAIN_ML && whiteMl > 0 && greyMl > 0) return;
  throw new NotEvaluableError(
    'no-brain',
    `Only ${brainMl} mL of brain tissue were found, which is less than a whole brain.`,
    { facts: { brainMl } },
  );
}

function checkT1({ white, grey, around, whiteSurface }: Brain): void {
  const contrast = hundredths(white / grey);
  if (white / grey < LEAST_CONTRAST) {
    throw notT1(
      `What lies where white matter should has ${contrast} of the brightness of grey matter; in T1 it is at least ${LEAST_CONTRAST}.`,
      { contrast },
    );
  }
  if (around / grey > MOST_AROUND) {
    throw notT1(
      `The surroundings of the brain have ${hundredths(around / grey)} of the brightness of grey matter; in T1 they are darker than ${MOST_AROUND}.`,
      { around: hundredths(around / grey) },
    );
  }
  if (whiteSurface > MOST_WHITE_SURFACE) {
    throw notT1(
      `The brighter tissue makes ${percent(whiteSurface)} % of the surface of the brain; in T1 it is white matter, which makes at most ${percent(MOST_WHITE_SURFACE)} %.`,
      { whiteSurface: hundredths(whiteSurface) },
    );
  }
}

/** The model finds plausible tissues where grey matter is the brighter one, as in FLAIR. */
function checkInner(inner: number | undefined): void {
  if (inner === undefined || inner >= LEAST_INNER) return;
  throw notT1(
    `The inner brain has ${hundredths(inner)} of the brightness of its rim; in T1, where white matter is the brighter tissue, it has at least ${LEAST_INNER}.`,
    { inner: hundredths(inner) },
  );
}

const notT1 = (message: string, facts: Readonly<Record<string, number>>): NotEvaluableError =>
  new NotEvaluableError('not-t1', message, { facts });

function checkAir({ corners }: Surroundings, { grey }: Brain): void {
  if (corners <= MOST_AIR * grey) return;
  const air = hundredths(corners / grey);
  throw notT1(
    `The corners of the image have ${air} of the brightness of grey matter, where air is dark in T1. The image may be computed from others, as the uniform image of MP2RAGE is.`,
    { air },
  );
}

function checkHead({ outsideMl, aboveMl, belowMl }: Surroundings, { whiteMl, greyMl }: Brain): void {
  const part = hundredths(outsideMl / (whiteMl + greyMl));
  if (part < LEAST_HEAD) {
    throw unlike(
      `Outside the brain, the image shows only ${part} times its volume of the head; it is about as much in whole heads, for which the model was made. The brain may have been cut out (skull-stripped).`,
      { part },
    );
  }
  if (aboveMl <= MOST_ABOVE.ml || aboveMl <= MOST_ABOVE.perBelow * belowMl) return;
  const [above, below] = [Math.round(aboveMl), Math.round(belowMl)];
  throw unlike(
    `In the direction that the header calls the head's, ${above} mL of head lie over the brain and ${below} mL under it, where face and neck are: the image may be upside down.`,
    { aboveMl: above, belowMl: below },
  );
}

function checkWhole({ cutMm2, insideMm2 }: Brain): void {
  if (cutMm2 <= MOST_CUT_MM2 && insideMm2 <= MOST_INSIDE_MM2) return;
  throw new NotEvaluableError(
    'brain-cut',
    'The brain reaches the border of the image, so it is not completely in view.',
    { facts: { cutMm2, insideMm2 } },
  );
}

function checkAdult({ whiteMl, greyMl, widthMm, lengthMm, rightPart }: Brain): void {
  const brainMl = Math.round(whiteMl + greyMl);
  const greyPercent = percent(greyMl / (whiteMl + greyMl));
  if (brainMl < ADULT_ML[0] || brainMl > ADULT_ML[1]) {
    throw unlike(`Grey and white matter measure ${brainMl} mL; adults have ${ADULT_ML.join(' to ')} mL.`, { brainMl });
  }
  if (greyPercent < ADULT_GREY_PERCENT[0] || greyPercent > ADULT_GREY_PERCENT[1]) {
    throw unlike(
      `Grey matter makes ${greyPercent} % of grey and white matter; in adults it makes ${ADULT_GREY_PERCENT.join(' to ')} %.`,
      { greyPercent },
    );
  }
  if (widthMm > MOST_WIDTH_PER_LENGTH * lengthMm) {
    throw unlike(
      `The brain measures ${widthMm} mm from right to left and ${lengthMm} mm from front to back; a brain is longer than wide.`,
      { widthMm, lengthMm },
    );
  }
  if (Math.min(rightPart, 1 - rightPart) < LEAST_HALF) {
    throw unlike(
      `${percent(rightPart)} % of the brain lie in its right half; each hemisphere has at least ${percent(LEAST_HALF)} %.`,
      { rightPercent: percent(rightPart) },
    );
  }
}

const unlike = (message: string, facts: Readonly<Record<string, number>>): NotEvaluableError =>
  new NotEvaluableError('implausible-brain', message, { facts });

const hundredths = (value: number): number => Math.round(value * 100) / 100;
const percent = (part: number): number => Math.round(100 * part);
