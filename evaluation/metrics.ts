/** Computes metrics and their intervals from the outcomes of cases. */
import type { Metric } from './evaluation.ts';
import { bootstrap, percentile, unanimousInterval } from './statistics.ts';

export type MetricOptions = Pick<Metric, 'unit' | 'goal'>;

/** The number of hits, and the number of all. */
export type Counts = readonly [hits: number, of: number];

/**
 * A share over all findings of all cases (e.g. the share of fractures that were found), with its interval over cases.
 * Undefined if there is nothing to count, so that a missing figure is never shown as 0 or 1.
 *
 * @param counts returns one case's counts, e.g. `[found, all]`
 */
export function shareOf<Case>(
  cases: readonly Case[],
  counts: (one: Case) => Counts,
  options: MetricOptions = {},
): Metric | undefined {
  const counted = cases.map(counts).filter(([, of]) => of > 0);
  const n = counted.reduce((sum, [, of]) => sum + of, 0);
  if (n === 0) return undefined;
  const value = ratio(counted);
  const interval = value === 0 || value === 1 ? unanimousInterval(value, counted.length) : bootstrap(counted, ratio);
  return { value, ...(interval && { interval }), n, ...options };
}

/**
 * A number per case (e.g. false places per picture), with its interval over cases.
 *
 * @param count returns one case's number
 */
export function perCase<Case>(
  cases: readonly Case[],
  count: (one: Case) => number,
  options: MetricOptions = {},
): Metric | undefined {
  if (cases.length === 0) return undefined;
  const counted = cases.map((one): Counts => [count(one), 1]);
  const interval = bootstrap(counted, ratio);
  return { value: ratio(counted), ...(interval && { interval }), n: cases.length, ...options };
}

/**
 * A percentile of values pooled over all cases (e.g. height errors of bodies), with its interval over cases. Undefined if
 * there is no value.
 *
 * @param percent 50 for the median
 */
export function percentileOf<Case>(
  cases: readonly Case[],
  values: (one: Case) => readonly number[],
  percent: number,
  options: MetricOptions = {},
): Metric | undefined {
  return statisticOf(cases, values, (pooled) => percentile(pooled, percent), options);
}

/**
 * Any statistic of items pooled over all cases (a kappa, a bias, an area under a curve), with its interval over cases.
 * Undefined if there are no items or the statistic is not defined for them.
 */
export function statisticOf<Case, Item>(
  cases: readonly Case[],
  items: (one: Case) => readonly Item[],
  statistic: (pooled: readonly Item[]) => number,
  options: MetricOptions = {},
): Metric | undefined {
  const pools = cases.map(items).filter((pool) => pool.length > 0);
  const pooled = pools.flat();
  if (pooled.length === 0) return undefined;
  const value = statistic(pooled);
  if (!Number.isFinite(value)) return undefined;
  const interval = bootstrap(pools, (sample) => statistic(sample.flat()));
  return { value, ...(interval && { interval }), n: pooled.length, ...options };
}

/** The metrics that are defined, by name. */
export function told(metrics: Readonly<Record<string, Metric | undefined>>): Readonly<Record<string, Metric>> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, metric]) => (metric === undefined ? [] : [[name, metric]])),
  );
}

/** For cases that are all variants of one patient: resampling them would say nothing about other patients. */
export function withoutIntervals(
  metrics: Readonly<Record<string, Metric | undefined>>,
): Readonly<Record<string, Metric>> {
  const entries = Object.entries(told(metrics));
  return Object.fromEntries(entries.map(([name, { interval: _, ...metric }]) => [name, metric]));
}

/** Undefined if the metric has no goal. */
export function isReached({ value, goal }: Metric): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

function ratio(counted: readonly Counts[]): number {
  const [hits, of] = counted.reduce(([a, b], [hit, all]) => [a + hit, b + all] as const, [0, 0] as const);
  return hits / of;
}
