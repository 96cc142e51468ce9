/** Statistics for evaluations. Percentiles are defined as in numpy (linear between neighbours). */
import { createRandom } from '#phantoms/random.ts';

/** @throws RangeError if there is no value */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/**
 * @param percent 0 to 100
 * @throws RangeError if there is no value
 */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('There is no value');
  return sortedPercentile(Float64Array.from(values).sort(), percent);
}

function sortedPercentile(sorted: Float64Array, percent: number): number {
  const place = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (place - below) * (high - low);
}

/** @throws RangeError if there is no value */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('There is no value');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of a sample (divisor n − 1); 0 for a single value. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

export interface BootstrapOptions {
  readonly seed?: number;
  readonly resamples?: number;
  /** The share of resamples inside the interval. */
  readonly level?: number;
}

/**
 * The percentile bootstrap (Efron 1979) over cases, that is, over patients: findings of one patient are not independent.
 * Resamples for which the statistic is not defined (e.g. without a fracture) are left out. The same seed gives the same
 * interval.
 *
 * @param statistic computes the statistic of a resample; NaN if it is not defined
 * @returns undefined for fewer than two cases, or if no resample has a value
 */
export function bootstrap<Case>(
  cases: readonly Case[],
  statistic: (sample: readonly Case[]) => number,
  { seed = 1, resamples = 1000, level = 0.95 }: BootstrapOptions = {},
): readonly [low: number, high: number] | undefined {
  if (cases.length < 2) return undefined;
  const random = createRandom(seed);
  const values: number[] = [];
  for (let round = 0; round < resamples; round += 1) {
    const sample = cases.map(() => cases[random.int(0, cases.length - 1)] as Case);
    const value = statistic(sample);
    if (Number.isFinite(value)) values.push(value);
  }
  if (values.length === 0) return undefined;
  const tail = (100 * (1 - level)) / 2;
  return [percentile(values, tail), percentile(values, 100 - tail)];
}

/**
 * The exact interval of a share if all `n` cases agree (Clopper and Pearson 1934). Resampling would show no uncertainty then,
 * although three of three is no proof.
 *
 * @param share 0 or 1
 */
export function unanimousInterval(share: 0 | 1, n: number, level = 0.95): readonly [low: number, high: number] {
  const limit = ((1 - level) / 2) ** (1 / n);
  return share === 1 ? [limit, 1] : [0, 1 - limit];
}

/** Counts pairs of true and found labels. */
export interface ConfusionMatrix {
  readonly labels: readonly string[];
  /** [truth][found] */
  readonly counts: readonly (readonly number[])[];
}

/** @throws RangeError if a pair has a label that is not listed */
export function confusionMatrix(
  pairs: readonly { readonly truth: string; readonly found: string }[],
  labels: readonly string[],
): ConfusionMatrix {
  const counts = labels.map(() => labels.map(() => 0));
  for (const { truth, found } of pairs) {
    const row = counts[labels.indexOf(truth)];
    const column = labels.indexOf(found);
    if (row === undefined || column < 0) throw new RangeError(`There is no label ${truth} or ${found}`);
    row[column] = (row[column] ?? 0) + 1;
  }
  return { labels, counts };
}

/** The share of pairs that agree; NaN if there are none. */
export function exactAgreement({ counts }: ConfusionMatrix): number {
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, row, index) => sum + (row[index] ?? 0), 0) / total;
}

/**
 * Cohen's kappa with quadratic weights (Cohen 1968) for ordered labels, e.g. Genant grades: 1 is full agreement, 0 is the
 * agreement expected by chance. NaN if all truths and findings have the same single label.
 */
export function quadraticKappa({ labels, counts }: ConfusionMatrix): number {
  const size = labels.length;
  const rows = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = labels.map((_, column) => counts.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  const total = rows.reduce((sum, count) => sum + count, 0);
  let [seen, expected] = [0, 0];
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const weight = (i - j) ** 2;
      seen += weight * (counts[i]?.[j] ?? 0);
      expected += (weight * (rows[i] ?? 0) * (columns[j] ?? 0)) / total;
    }
  }
  return 1 - seen / expected;
}

/** Figures of binary answers. A figure is NaN if there are no cases to compute it from. */
export interface BinaryFigures {
  readonly sensitivity: number;
  readonly specificity: number;
  /** Positive predictive value, at the prevalence of these cases. */
  readonly precision: number;
  readonly positives: number;
  readonly negatives: number;
}

export function binaryFigures(answers: readonly { readonly truth: boolean; readonly found: boolean }[]): BinaryFigures {
  const count = (truth: boolean, found: boolean): number =>
    answers.filter((answer) => answer.truth === truth && answer.found === found).length;
  const [truePositive, falseNegative] = [count(true, true), count(true, false)];
  const [falsePositive, trueNegative] = [count(false, true), count(false, false)];
  return {
    sensitivity: truePositive / (truePositive + falseNegative),
    specificity: trueNegative / (trueNegative + falsePositive),
    precision: truePositive / (truePositive + falsePositive),
    positives: truePositive + falseNegative,
    negatives: trueNegative + falsePositive,
  };
}

/**
 * Area under the ROC curve by ranks (Mann and Whitney): the probability that a positive has a higher score than a negative.
 * Ties count half.
 */
export function areaUnderRoc(answers: readonly { readonly truth: boolean; readonly score: number }[]): number {
  const positives = answers.filter(({ truth }) => truth);
  const negatives = answers.filter(({ truth }) => !truth);
  let wins = 0;
  for (const { score } of positives) {
    for (const other of negatives) wins += score > other.score ? 1 : score === other.score ? 0.5 : 0;
  }
  return wins / (positives.length * negatives.length);
}

/** Bland and Altman 1986: the mean difference of two methods of measurement, and the limits of 95 % of the differences. */
export interface BlandAltman {
  readonly bias: number;
  readonly lower: number;
  readonly upper: number;
  readonly n: number;
}

/** @throws RangeError if there is no pair */
export function blandAltman(pairs: readonly { readonly measured: number; readonly reference: number }[]): BlandAltman {
  const differences = pairs.map(({ measured, reference }) => measured - reference);
  const bias = mean(differences);
  const spread = 1.96 * standardDeviation(differences);
  return { bias, lower: bias - spread, upper: bias + spread, n: pairs.length };
}

/** Dice's coefficient of two masks of the same length, in which non-zero means inside; 1 if both are empty. */
export function dice(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`The masks have ${a.length} and ${b.length} elements`);
  let [both, sum] = [0, 0];
  for (let at = 0; at < a.length; at += 1) {
    const [inA, inB] = [a[at] !== 0, b[at] !== 0];
    if (inA) sum += 1;
    if (inB) sum += 1;
    if (inA && inB) both += 1;
  }
  return sum === 0 ? 1 : (2 * both) / sum;
}

/** One place that a tool marks on a picture at some threshold. */
export interface Detection {
  readonly score: number;
  /** The lesion that the place lies on, by any id; absent if it lies on none. */
  readonly lesion?: string | number;
}

/** The marked places of one picture, and its number of lesions. */
export interface DetectionCase {
  readonly detections: readonly Detection[];
  readonly lesions: number;
}

/** A point of the FROC curve (Bunch 1978). */
export interface FrocPoint {
  /** Places with at least this score are marked. */
  readonly threshold: number;
  readonly falsePerCase: number;
  readonly sensitivity: number;
}

/** The curve from the highest threshold down. A lesion counts once, even if several places lie on it. NaN without lesions. */
export function frocPoints(cases: readonly DetectionCase[]): readonly FrocPoint[] {
  const lesions = cases.reduce((sum, one) => sum + one.lesions, 0);
  const all = cases
    .flatMap(({ detections }, index) => detections.map(({ score, lesion }) => ({ index, score, lesion })))
    .toSorted((a, b) => b.score - a.score);
  const found = new Set<string>();
  const points: FrocPoint[] = [];
  let wrong = 0;
  for (const [place, { index, score, lesion }] of all.entries()) {
    if (lesion === undefined) wrong += 1;
    else found.add(`${index} ${lesion}`);
    if (all[place + 1]?.score === score) continue;
    points.push({ threshold: score, falsePerCase: wrong / cases.length, sensitivity: found.size / lesions });
  }
  return points;
}

/** The best sensitivity of the curve with at most `falsePerCase` false places per case; 0 if every point has more. */
export function sensitivityAt(points: readonly FrocPoint[], falsePerCase: number): number {
  const allowed = points.filter((point) => point.falsePerCase <= falsePerCase);
  return allowed.reduce((best, { sensitivity }) => Math.max(best, sensitivity), 0);
}
