/** How sure a tool is, in words and percent. */

/** From these percents on. */
const WORDS = [
  [90, 'high'],
  [60, 'medium'],
  [0, 'low'],
] as const;

/** What the words rest on, for legends. */
export const CERTAINTY_LEGEND =
  'Certainty is the model’s own figure (high from 90 %, medium from 60 %), not the probability that the finding is there.';

/** `high, 92 %`, from 1 to 99 %. Empty for exactly 0 and 1, which are defaults and not estimates. @param certainty 0 to 1 */
export function certaintyInWords(certainty: number): string {
  if (certainty <= 0 || certainty >= 1) return '';
  const percent = Math.min(99, Math.max(1, Math.round(certainty * 100)));
  const word = WORDS.find(([from]) => percent >= from)?.[1] ?? 'low';
  return `${word}, ${percent} %`;
}
