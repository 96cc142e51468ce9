/** Pale marrow can look like disc to the model: what a body encloses in a sagittal plane is body. */
import type { GridShape } from '#core/image/components.ts';

/** Gives enclosed gaps of each body, plane by plane, the body's number. Changes `labels` in place; returns what was filled. */
export function fillHoles(labels: Uint8Array, { columns, rows, slices }: GridShape): readonly number[] {
  const filled: number[] = [];
  for (let plane = 0; plane < slices; plane += 1) {
    const start = plane * rows * columns;
    for (const [label, box] of boxesOf(labels.subarray(start, start + rows * columns), columns)) {
      for (const at of enclosed(labels, start, columns, label, box)) {
        labels[at] = label;
        filled.push(at);
      }
    }
  }
  return filled;
}

/** Bounds of a label in a plane, both ends included. */
interface Box {
  left: number;
  right: number;
  low: number;
  high: number;
}

function boxesOf(plane: Uint8Array, columns: number): ReadonlyMap<number, Box> {
  const boxes = new Map<number, Box>();
  for (const [at, label] of plane.entries()) {
    if (label === 0) continue;
    const column = at % columns;
    const row = Math.floor(at / columns);
    const box = boxes.get(label);
    if (box === undefined) boxes.set(label, { left: column, right: column, low: row, high: row });
    else {
      box.left = Math.min(box.left, column);
      box.right = Math.max(box.right, column);
      box.high = row;
    }
  }
  return boxes;
}

/** Unlabelled points in the box that no path of other points joins to its border. */
function enclosed(labels: Uint8Array, start: number, columns: number, label: number, box: Box): readonly number[] {
  const width = box.right - box.left + 1;
  const height = box.high - box.low + 1;
  const indexOf = (n: number): number => start + (box.low + Math.floor(n / width)) * columns + box.left + (n % width);
  const outside = new Uint8Array(width * height);
  const queue: number[] = [];
  const visit = (n: number): void => {
    if (outside[n] === 1 || labels[indexOf(n)] === label) return;
    outside[n] = 1;
    queue.push(n);
  };
  for (let column = 0; column < width; column += 1) for (const row of [0, height - 1]) visit(row * width + column);
  for (let row = 0; row < height; row += 1) for (const column of [0, width - 1]) visit(row * width + column);
  for (let n = queue.pop(); n !== undefined; n = queue.pop()) {
    const column = n % width;
    if (column > 0) visit(n - 1);
    if (column < width - 1) visit(n + 1);
    if (n >= width) visit(n - width);
    if (n + width < outside.length) visit(n + width);
  }
  return [...outside.keys()]
    .filter((n) => outside[n] === 0)
    .map(indexOf)
    .filter((at) => labels[at] === 0);
}
