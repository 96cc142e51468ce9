/** Suggests a name in place of one that does not exist. */
import { letterEdits } from '#pipeline/letter-edits.ts';

/** `There is no tool cares (did you mean caries?). Choose one of: …` */
export function notAmong(what: string, typed: string, names: readonly string[]): string {
  const nearest = nearestOf(typed, names);
  const meant = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  return `There is no ${what} ${typed === '' ? "''" : typed}${meant}. Choose one of: ${names.join(', ')}`;
}

/** The most similar name, if it is similar enough or begins with what was typed. */
export function nearestOf(typed: string, names: readonly string[]): string | undefined {
  const lower = typed.toLowerCase();
  const [nearest] = names
    .map((name) => ({ name, edits: letterEdits(lower, name.toLowerCase()) }))
    .filter(({ name, edits: n }) => n <= Math.max(lower.length, name.length) / 3 || begins(name, lower))
    .toSorted((a, b) => a.edits - b.edits);
  return nearest?.name;
}

const begins = (name: string, typed: string): boolean => typed.length >= 3 && name.toLowerCase().startsWith(typed);
