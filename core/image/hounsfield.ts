/**
 * Whether the values of a CT are Hounsfield units, told by what every body shows. Air is −1000 and water 0 by the unit's definition;
 * fat near −100, muscle and organs near 40 follow from what they consist of (ICRU Report 44). A header can say HU of values that are
 * shifted, scaled, inverted, cut to a display window or computed for one photon energy, and a threshold in HU then finds other tissue.
 */
import { NotEvaluableError } from '../errors.ts';
import { type Places, placesOf, type TissuePeak, tissuePeaks } from './tissue-peaks.ts';
import type { Volume } from './volume.ts';

/** HU, bounds included. They hold from 70 to 140 kVp, with and without contrast agent. */
const FAT = { from: -145, to: -45 } as const;
const TISSUE = { from: FAT.from, to: 170 } as const;
/** Blood with contrast agent and bone are the most of a small field of view around the heart or in the spine, with fat beside them. */
const BRIGHT = 500;
/** Muscle and organs are above this, water about at 0. */
const LEAST_MUSCLE = 10;
/** Lung and air are below, and dense bone and metal are above. Peaks of fat, muscle and organs are looked for between. */
const BETWEEN = { from: -700, to: 1500 } as const;
/** Air is not darker than the first: calibration keeps it within some 50 HU. From the second down values are padding, with or without noise. */
const LEAST_AIR = -1100;
const PADDING = -1900;
/** Air that is brighter is none; lung with little air in it may be, and its peak is wide. Phantoms have homogeneous lungs below. */
const MOST_AIR = -750;

/** Fat and air are darker than this, and every CT of a body contains some of either. */
const DARK = -55;
/** Shares of all places, or of the highest peak. */
const LEAST_DARK = 0.01;
const LEAST_TISSUE = 0.01;
const LEAST_AIR_SHARE = 0.05;
const LEAST_SECOND = 0.25;
const LEAST_FAT = 0.1;
const NARROW = 0.7;
/** Values cut off below a level or above it: nothing lies beyond the level, and this share of all places is exactly at it. */
const LEAST_CUT = { below: 0.02, above: 0.001 } as const;
/** No body has more bone and contrast agent: a larger share above was drawn so. */
const MOST_CUT_ABOVE = 0.25;
/** Cuts beyond these levels take nothing from tissue: air ends there, and only dense bone and metal is above. */
const HARMLESS_CUT = { below: -700, above: 700 } as const;
/** From fat to muscle or organs, HU. */
const PAIR = { least: 120, most: 200, mostScaled: 320 } as const;
const LEAST_DISTANCE = 85;

/**
 * Reads some 20,000 places, spread evenly. Padding, noise, metal, contrast agent, a small field of view and the lack of air or
 * fat are no reasons to refuse. Shifts of less than about 60 HU and factors between about 0.6 and 1.4 cannot be told from the
 * differences between patients and tube voltages, and values that changed in bone or contrast agent alone are not noticed.
 *
 * @throws NotEvaluableError `blank` where all voxels have one value, `no-body` where hardly any tissue is in view,
 *   `display-window` where values are cut off, `not-hounsfield` where peaks lie where no tissue has them
 */
export function requireHounsfield(volume: Volume): void {
  const places = placesOf(volume);
  requireContent(places);
  requireUncut(places);
  requireAir(places);
  const peaks = tissuePeaks(places, BETWEEN.from, BETWEEN.to);
  const [highest] = peaks;
  if (highest === undefined || shareBetween(places, BETWEEN.from, BETWEEN.to) < LEAST_TISSUE) {
    throw new NotEvaluableError(
      'no-body',
      `Less than 1 % of the series has values between ${BETWEEN.from} and ${BETWEEN.to} HU, where fat, muscle, organs and bone lie: it does not show a body, or its values are not Hounsfield units.`,
    );
  }
  const tooBright = peaks.find(({ value, share }) => value > BRIGHT && share >= LEAST_SECOND * highest.share);
  if (tooBright !== undefined && highest.value <= BRIGHT) throw fatAndMuscle(highest, tooBright);
  const clear = peaks.filter(({ share }) => share >= LEAST_FAT * highest.share);
  const most = clear.some(isFat) ? BRIGHT : TISSUE.to;
  if (highest.value < TISSUE.from || highest.value > most) {
    throw notHounsfield(
      `Most of what is neither air nor lung lies near ${highest.value} HU. In a body, most of it lies near −100 (fat) or 40 (muscle and organs).`,
      [highest],
    );
  }
  if (shareBetween(places, Number.NEGATIVE_INFINITY, DARK) < LEAST_DARK) {
    throw notHounsfield('Nothing in the series is as dark as fat or air.', [highest]);
  }
  requireFatAndMuscle(clear);
}

function requireContent({ low, high, seen }: Places): void {
  if (seen > 0 && low < high) return;
  throw new NotEvaluableError('blank', `Every voxel of the series has the same value, ${low}.`);
}

/** Refuses values that were cut to a display window. */
function requireUncut({ low, high, seen, constant }: Places): void {
  const [atLow, atHigh] = [constant.get(low) ?? 0, constant.get(high) ?? 0];
  const [percentLow, percentHigh] = [atLow, atHigh].map((blocks) => ((100 * blocks) / seen).toFixed(1));
  if (low > HARMLESS_CUT.below && atLow >= LEAST_CUT.below * seen) {
    throw displayWindow(`${percentLow} % of the series has exactly the value ${low}, and nothing is darker`, { low });
  }
  if (high < HARMLESS_CUT.above && atHigh >= LEAST_CUT.above * seen && atHigh <= MOST_CUT_ABOVE * seen) {
    throw displayWindow(`${percentHigh} % of the series has exactly the value ${high}, and nothing is brighter`, {
      high,
    });
  }
}

/** Refuses air that is not near −1000. Air is homogeneous; lung is not. */
function requireAir(places: Places): void {
  const dark = tissuePeaks(places, PADDING, FAT.from).filter(({ share }) => share >= LEAST_AIR_SHARE);
  const wrong = dark.find(
    ({ value, narrowness }) => value < LEAST_AIR || (value > MOST_AIR && value < FAT.from - 60 && narrowness >= NARROW),
  );
  if (wrong === undefined) return;
  throw notHounsfield(
    `${(100 * wrong.share).toFixed(0)} % of the series is homogeneous near ${wrong.value} HU, where neither tissue nor air (near −1000) lies.`,
    [wrong],
  );
}

/** Refuses two peaks as of fat and muscle that are not where fat and muscle are. */
function requireFatAndMuscle(peaks: readonly TissuePeak[]): void {
  const [highest] = peaks;
  if (highest === undefined) return;
  const fat = peaks.find(isFat);
  const large = peaks.filter(({ share }) => share >= LEAST_SECOND * highest.share);
  const [pair] = large
    .filter(({ value }) => value < (fat ? FAT.from : LEAST_MUSCLE))
    .flatMap((lower) => large.filter((upper) => isPair(lower, upper)).map((upper) => [lower, upper] as const));
  if (pair) throw fatAndMuscle(...pair);
  if (fat === undefined) return;
  const muscle = peaks.find(({ value, share }) => value > FAT.to && share >= LEAST_SECOND * fat.share);
  if (muscle && muscle.value - fat.value < LEAST_DISTANCE && fat.value > -75) throw fatAndMuscle(fat, muscle);
}

const isFat = ({ value }: TissuePeak): boolean => value >= FAT.from && value <= FAT.to;

/** Whether two peaks are as far from each other as those of fat and muscle; below fat's own place also as if scaled. */
function isPair(lower: TissuePeak, upper: TissuePeak): boolean {
  const distance = upper.value - lower.value;
  return distance >= PAIR.least && distance <= (lower.value < FAT.from ? PAIR.mostScaled : PAIR.most);
}

function fatAndMuscle(lower: TissuePeak, upper: TissuePeak): NotEvaluableError {
  return notHounsfield(
    `Most of the body lies near ${lower.value} and near ${upper.value} HU. Fat lies near −100, muscle and organs near 40.`,
    [lower, upper],
  );
}

function notHounsfield(seen: string, peaks: readonly TissuePeak[]): NotEvaluableError {
  return new NotEvaluableError('not-hounsfield', `${seen} The values are not Hounsfield units, or it is not a body.`, {
    facts: { peaksHu: peaks.map(({ value }) => value).join(', ') },
  });
}

function displayWindow(seen: string, facts: Readonly<Record<string, number>>): NotEvaluableError {
  return new NotEvaluableError(
    'display-window',
    `${seen}: the values were cut to a display window. The series as reconstructed can be evaluated.`,
    { facts },
  );
}

/** The share of places between two values. */
function shareBetween({ means, constant, seen }: Places, from: number, to: number): number {
  let blocks = 0;
  for (const mean of means) if (mean >= from && mean <= to) blocks += 2;
  for (const [value, count] of constant) if (value >= from && value <= to) blocks += count;
  return blocks / seen;
}
