/** The number of letters to insert, remove, replace or swap with their neighbour (optimal string alignment distance). */
export function letterEdits(from: string, to: string): number {
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
