/** How many characters a Decimal String may have (PS3.5 6.2, VR DS). */
const LONGEST = 16;

/**
 * A number as Decimal String: at most 16 characters, as precise as they allow (PS3.5 6.2).
 *
 * JavaScript's own shortest text is taken where it fits, so that it reads back as the same number. A longer one loses
 * its last digits, never its exponent: `-5.684341886080802e-14` becomes `-5.684341886e-14`.
 *
 * @throws RangeError where `value` is not finite
 */
export function formatDecimal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('A Decimal String needs a finite number');
  const shortest = String(value === 0 ? 0 : value);
  if (shortest.length <= LONGEST) return shortest;
  for (let digits = 16; digits > 0; digits--) {
    const texts = [value.toPrecision(digits), value.toExponential(digits - 1)];
    // The largest numbers may be rounded up beyond what there is.
    const fitting = texts.find((text) => text.length <= LONGEST && Number.isFinite(Number(text)));
    if (fitting !== undefined) return fitting;
  }
  throw new RangeError('A Decimal String of 16 characters always holds one digit');
}
