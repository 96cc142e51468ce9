/** Fills outlines: which share of each pixel they cover. Sums and products only, so that the pixels are the same on every machine. */

/** x to the right, y down, in pixels. */
export type PlanePoint = readonly [x: number, y: number];

/** Of a closed outline, in its direction. */
export type Edge = readonly [from: PlanePoint, to: PlanePoint];

export interface Coverage {
  readonly rows: number;
  readonly columns: number;
  /** 0 to 1, row-major. */
  readonly share: Float64Array;
}

/**
 * The area that closed polygons cover, by the non-zero winding rule for outlines that do not cross themselves. Each edge adds, in each
 * row, its height to the pixel where it lies and to all right of it; the part of the pixel on its left is taken off. Edges lie within the
 * plane.
 */
export function coverage(edges: readonly Edge[], rows: number, columns: number): Coverage {
  const width = columns + 2;
  const steps = new Float64Array(rows * width);
  for (const [from, to] of edges) addEdge(steps, width, from, to);
  const share = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      sum += steps[row * width + column] ?? 0;
      share[row * columns + column] = Math.min(1, Math.abs(sum));
    }
  }
  return { rows, columns, share };
}

function addEdge(steps: Float64Array, width: number, from: PlanePoint, to: PlanePoint): void {
  if (from[1] === to[1]) return;
  const [sign, upper, lower] = from[1] < to[1] ? [1, from, to] : [-1, to, from];
  const slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
  for (let row = Math.floor(upper[1]); row < lower[1]; row++) {
    const [top, bottom] = [Math.max(row, upper[1]), Math.min(row + 1, lower[1])];
    const xs = [top, bottom].map((y) => upper[0] + slope * (y - upper[1]));
    addToRow(steps, row * width, Math.min(...xs), Math.max(...xs), sign * (bottom - top));
  }
}

/** An edge of height `height` that crosses a row from column `left` to column `right`. */
function addToRow(steps: Float64Array, start: number, left: number, right: number, height: number): void {
  let covered = 0;
  for (let column = Math.floor(left); column <= Math.floor(right) + 1; column++) {
    const now = height * shareRightOf(left, right, column + 1);
    steps[start + column] = (steps[start + column] ?? 0) + now - covered;
    covered = now;
  }
}

/** The share of the pixel left of `end` that lies right of the edge. */
function shareRightOf(left: number, right: number, end: number): number {
  const [from, to] = [end - 1, end];
  if (right <= from) return 1;
  const [a, b] = [Math.max(left, from), Math.min(right, to)];
  const crossed = right > left ? (b - a) / (right - left) : 1;
  const before = right > left ? Math.max(0, from - left) / (right - left) : 0;
  return before + crossed * (to - (a + b) / 2);
}
