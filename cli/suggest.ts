/** Suggests a name in place of one that does not exist. */

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
    .map((name) => ({ name, edits: edits(lower, name.toLowerCase()) }))
    .filter(({ name, edits: n }) => n <= Math.max(lower.length, name.length) / 3 || begins(name, lower))
    .toSorted((a, b) => a.edits - b.edits);
  return nearest?.name;
}

const begins = (name: string, typed: string): boolean => typed.length >= 3 && name.toLowerCase().startsWith(typed);

/** The number of letters to insert, remove, replace or swap with their neighbour (optimal string alignment distance). */
function edits(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const [above, left, diagonal] = [rows[i - 1]?.[j] ?? i, row[j - 1] ?? j, rows[i - 1]?.[j - 1] ?? 0];
      const replaced = diagonal + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(Math.min(above + 1, left + 1, replaced, isSwap ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Infinity));
    }
    rows.push(row);
  }
  return rows[from.length]?.[to.length] ?? 0;
}
