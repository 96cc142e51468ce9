/** The most characters of a Decimal String (PS3.5 6.2, VR DS). */
const LONGEST = 16;

/**
 * Formats a number as Decimal String: at most 16 characters, as precise as they allow (PS3.5 6.2).
 *
 * JavaScript's own shortest text is used where it fits: it reads back as the same number. A longer text loses its last
 * digits, never its exponent: `-5.684341886080802e-14` becomes `-5.684341886e-14`.
 *
 * @throws RangeError where `value` is not finite
 */
export function formatDecimal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('A Decimal String needs a finite number');
  const shortest = String(value === 0 ? 0 : value);
  if (shortest.length <= LONGEST) return shortest;
  for (let digits = 16; digits > 0; digits--) {
    const texts = [value.toPrecision(digits), value.toExponential(digits - 1)];
    // Rounding up may carry the largest numbers beyond the finite range.
    const fitting = texts.find((text) => text.length <= LONGEST && Number.isFinite(Number(text)));
    if (fitting !== undefined) return fitting;
  }
  throw new RangeError('A Decimal String of 16 characters always holds one digit');
}
