/** Names, numbers and birth dates, as people spell them in texts: `Müller` as `MULLER` or `Mueller`, 5 March 1961 as `5.3.61`. */

/** Letters that no decomposition tells from their base. */
const PLAIN: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', æ: 'ae', œ: 'oe', ł: 'l', đ: 'd', ı: 'i' };

/** Lower case without marks, with umlauts in one letter: of `ae`, `oe` and `ue`, the first is kept. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßøæœłđı]/g, (letter) => PLAIN[letter] ?? letter)
    .replace(/([aou])e/g, '$1');
}

/** The folded words of a text: letters only. */
export const wordsOf = (text: string): readonly string[] => folded(text).match(/\p{L}+/gu) ?? [];

/** The folded letters and digits of a text, without anything between them. */
export const signsOf = (text: string): string => folded(text).replace(/[^\p{L}\p{N}]/gu, '');

/** How names of months begin in English, German, French, Spanish and Italian, January first. Folded. */
const MONTHS: readonly RegExp[] = [
  ...[/^(jan|ene|gen)/, /^(feb|fev)/, /^(mar|mrz)/, /^(apr|avr|abr)/, /^(may|mai|mag)/, /^(jun|juin|giu)/],
  ...[/^(jul|juil|lug)/, /^(aug|ao|ago)/, /^(sep|set)/, /^(oct|okt|ott)/, /^nov/, /^(dec|dez|dic)/],
];

/** The numbers of a text in their order, with those of the months that it names. */
function numbersOf(text: string): readonly string[] {
  const counted = folded(text).replace(/\p{L}+/gu, (word) => {
    const month = MONTHS.findIndex((begins) => begins.test(word));
    return month === -1 ? ' ' : ` ${month + 1} `;
  });
  return counted.match(/\d+/g) ?? [];
}

export interface Day {
  readonly year: string;
  readonly month: string;
  readonly day: string;
}

/** @param date as DA; undefined where it is none */
export function dayOf(date: string): Day | undefined {
  const [, year, month, day] = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(date.trim()) ?? [];
  return year && month && day ? { year, month, day } : undefined;
}

/** Whether a text may name the day, in any order, with a year of two or four digits, or its year alone. */
export function mayName(text: string, { year, month, day }: Day): boolean {
  const short = year.slice(2);
  const digits = text.replace(/\D/g, '');
  if ([year + month + day, day + month + year, month + day + year].some((date) => digits.includes(date))) return true;
  const numbers = numbersOf(text);
  const dense = [day + month + short, month + day + short, short + month + day];
  if (numbers.some((number) => number === year || dense.some((date) => number.includes(date)))) return true;
  return [year, short].some((one) => {
    const wanted = inOrder([one, month, day]);
    return numbers.some((_, at) => inOrder(numbers.slice(at, at + 3)) === wanted);
  });
}

const inOrder = (numbers: readonly string[]): string =>
  numbers
    .map(Number)
    .toSorted((a, b) => a - b)
    .join(' ');
