/** Maps a lesion back to the source's own pixels: its mask and its outline. */
import type { ImagePoint } from '#core/image/geometry.ts';
import type { Lesion } from './lesions.ts';
import type { Planes } from './planes.ts';

/** The relation between the source's and the working picture's pixels. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** Working pixels per source pixel. */
  readonly rowScale: number;
  readonly columnScale: number;
}

export interface Mark {
  /** Indices of the source's pixels in the lesion, ascending. */
  readonly pixels: readonly number[];
  /** Closed outline. The last point repeats the first. */
  readonly outline: readonly ImagePoint[];
}

/** The lesion's pixels on the source: near its region, where the interpolated lesion plane is at least `edge`. */
export function markOf(lesion: Lesion, planes: Planes, grid: Grid, edge: number): Mark {
  const { region } = lesion;
  const own = new Set(region.pixels);
  const near = (column: number, row: number): boolean => {
    for (let dr = 0; dr <= 1; dr++)
      for (let dc = 0; dc <= 1; dc++) if (own.has((row + dr) * planes.columns + column + dc)) return true;
    return false;
  };
  const from = (low: number, scale: number): number => Math.max(0, Math.floor((low - 1) / scale));
  const to = (high: number, scale: number, size: number): number => Math.min(size - 1, Math.ceil((high + 2) / scale));
  const pixels: number[] = [];
  const lastColumn = to(region.max[0], grid.columnScale, grid.columns);
  const lastRow = to(region.max[1], grid.rowScale, grid.rows);
  for (let row = from(region.min[1], grid.rowScale); row <= lastRow; row++) {
    const y = clamp((row + 0.5) * grid.rowScale - 0.5, planes.rows - 1);
    for (let column = from(region.min[0], grid.columnScale); column <= lastColumn; column++) {
      const x = clamp((column + 0.5) * grid.columnScale - 0.5, planes.columns - 1);
      const left = Math.floor(x);
      const top = Math.floor(y);
      if (near(left, top) && bilinear(planes, left, top, x - left, y - top) >= edge)
        pixels.push(row * grid.columns + column);
    }
  }
  return { pixels, outline: outlineOf(pixels, grid.columns) };
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));

function bilinear({ lesion, rows, columns }: Planes, left: number, top: number, fx: number, fy: number): number {
  const right = Math.min(columns - 1, left + 1);
  const bottom = Math.min(rows - 1, top + 1);
  const at = (row: number, column: number): number => lesion[row * columns + column] ?? 0;
  return (
    (at(top, left) * (1 - fx) + at(top, right) * fx) * (1 - fy) +
    (at(bottom, left) * (1 - fx) + at(bottom, right) * fx) * fy
  );
}

/**
 * The outer border of a mask, or of the part with its first pixel, along pixel edges (corners have whole coordinates). The walk
 * keeps the mask on its right; the result is thinned to the visible shape.
 */
export function outlineOf(pixels: readonly number[], columns: number): readonly ImagePoint[] {
  const first = pixels[0];
  if (first === undefined) return [];
  const inside = new Set(pixels);
  const has = (column: number, row: number): boolean =>
    column >= 0 && column < columns && inside.has(row * columns + column);
  const startColumn = first % columns;
  const startRow = (first - startColumn) / columns;
  const corners: ImagePoint[] = [];
  let [x, y] = [startColumn, startRow];
  // Headings: 0 right, 1 down, 2 left, 3 up. The upper edge of the first pixel in reading order lies on the border.
  let heading = 0;
  do {
    corners.push([x, y]);
    const [dx, dy] = STEPS[heading] ?? [0, 0];
    x += dx;
    y += dy;
    const [ahead, aside] = AHEAD[heading] ?? AHEAD[0];
    const leftIn = has(x + aside[0], y + aside[1]);
    const rightIn = has(x + ahead[0], y + ahead[1]);
    // Diagonal neighbours count as one region, so at a crossing the walk keeps to the left.
    if (leftIn) heading = (heading + 3) % 4;
    else if (!rightIn) heading = (heading + 1) % 4;
  } while (x !== startColumn || y !== startRow || heading !== 0);
  // Removes steps of single pixels, and keeps the shape of large and small marks alike.
  return thin([...corners, [startColumn, startRow]], Math.max(0.6, Math.sqrt(pixels.length) / 25));
}

type Step = readonly [column: number, row: number];
const STEPS: readonly Step[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];
/** For each heading, seen from the corner just reached: the pixel ahead on the right, and the one ahead on the left. */
const AHEAD: readonly [readonly [Step, Step], ...(readonly [Step, Step])[]] = [
  [
    [0, 0],
    [0, -1],
  ],
  [
    [-1, 0],
    [0, 0],
  ],
  [
    [-1, -1],
    [-1, 0],
  ],
  [
    [0, -1],
    [-1, -1],
  ],
];

/** Drops corners within `tolerance` pixels of the line between the corners that stay (Douglas–Peucker). */
function thin(points: readonly ImagePoint[], tolerance: number): readonly ImagePoint[] {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 3) return points;
  let farthest = 0;
  let split = 0;
  points.forEach((point, index) => {
    const distance = fromLine(point, first, last);
    if (distance > farthest) [farthest, split] = [distance, index];
  });
  if (farthest <= tolerance) return [first, last];
  return [...thin(points.slice(0, split + 1), tolerance).slice(0, -1), ...thin(points.slice(split), tolerance)];
}

function fromLine(point: ImagePoint, a: ImagePoint, b: ImagePoint): number {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (length === 0) return Math.hypot(point[0] - a[0], point[1] - a[1]);
  return Math.abs((b[0] - a[0]) * (a[1] - point[1]) - (a[0] - point[0]) * (b[1] - a[1])) / length;
}
