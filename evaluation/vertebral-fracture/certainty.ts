/** Whether a certainty means what it says: the share of right answers in three bins of equal size. */
import type { Metric } from '../evaluation.ts';
import { statisticOf } from '../metrics.ts';
import { mean, type ReliabilityBin } from '../statistics.ts';

/** One answer with a certainty, 0 to 1. */
export interface Certain {
  readonly certainty: number;
  readonly right: boolean;
}

const BINS = 3;

/** Bins of equal size, from the least certain answers to the most certain ones; none if there are fewer answers than bins. */
export function equalBins(answers: readonly Certain[], bins = BINS): readonly ReliabilityBin[] {
  if (answers.length < bins) return [];
  const sorted = answers.toSorted((a, b) => a.certainty - b.certainty);
  return Array.from({ length: bins }, (_, bin) => {
    const inside = sorted.slice(
      Math.round((bin * sorted.length) / bins),
      Math.round(((bin + 1) * sorted.length) / bins),
    );
    return {
      certainty: mean(inside.map(({ certainty }) => certainty)),
      right: inside.filter(({ right }) => right).length / inside.length,
      n: inside.length,
    };
  });
}

/** The largest difference between a bin's certainty and its share of right answers; nothing if no answer has a certainty. */
export function certaintyMetrics<Case>(
  cases: readonly Case[],
  answersOf: (one: Case) => readonly Certain[],
): Readonly<Record<string, Metric | undefined>> {
  const error = (answers: readonly Certain[]): number =>
    Math.max(...equalBins(answers).map(({ certainty, right }) => Math.abs(certainty - right)));
  const bins = equalBins(cases.flatMap(answersOf));
  return {
    certaintyBinError: statisticOf(cases, answersOf, error, { goal: { atMost: 0.05 } }),
    ...Object.fromEntries(
      bins.flatMap(({ certainty, right, n }, index) => [
        [`certaintyBin${index + 1}Mean`, { value: certainty, n }],
        [`certaintyBin${index + 1}Right`, { value: right, n }],
      ]),
    ),
  };
}
