/** How sure a tool is, in words and percent. */

/** From these percents on. */
const WORDS = [
  [90, 'high'],
  [60, 'moderate'],
  [0, 'low'],
] as const;

/** What the words rest on, for legends. */
export const CERTAINTY_LEGEND =
  'Certainty is the model’s own figure (high from 90 %, moderate from 60 %), not the probability that the finding is there.';

/** `high, 92 %`. Only what is exactly certain is 100 %, and only what is exactly excluded 0 %. @param certainty 0 to 1 */
export function certaintyInWords(certainty: number): string {
  const rounded = Math.round(certainty * 100);
  const percent = certainty > 0 && certainty < 1 ? Math.min(99, Math.max(1, rounded)) : rounded;
  const word = WORDS.find(([from]) => percent >= from)?.[1] ?? 'low';
  return `${word}, ${percent} %`;
}
