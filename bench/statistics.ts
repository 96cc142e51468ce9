/** Formats medians and ranges for the bench's tables. */

/** `1.23 (1.10–1.40)`: the median, the minimum and the maximum. A single value stands alone; `–` for none. */
export function spread(values: readonly number[], digits = 2): string {
  if (values.length === 0) return '–';
  const sorted = values.toSorted((a, b) => a - b);
  const shown = (value: number | undefined): string => (value ?? 0).toFixed(digits);
  const text = shown(median(sorted));
  return sorted.length < 2 ? text : `${text} (${shown(sorted[0])}–${shown(sorted.at(-1))})`;
}

/** @throws RangeError if there is no value */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError('Nothing was measured');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** One row of a Markdown table. */
export const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
