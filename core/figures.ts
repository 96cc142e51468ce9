/** Figures in sentences. A sentence about a limit must be true as it is printed: 4.02 mm are not "4.0 mm, over 4 mm". */

/** Beyond this many decimals a figure says nothing more. */
const MOST_DECIMALS = 6;

/**
 * The value with as few decimals as suffice to show on which side of the limit it lies.
 *
 * @param decimals the least number of decimals
 */
export function figureBeside(value: number, limit: number, decimals = 1): string {
  for (let digits = decimals; digits < MOST_DECIMALS; digits += 1) {
    const shown = Number(value.toFixed(digits));
    if (Math.sign(shown - limit) === Math.sign(value - limit)) return value.toFixed(digits);
  }
  return value.toFixed(MOST_DECIMALS);
}

/** Whether a value is over a limit by more than can be printed. Arithmetic may add a billionth to what a header says. */
export function isOver(value: number, limit: number): boolean {
  return value - limit > 10 ** -MOST_DECIMALS;
}
