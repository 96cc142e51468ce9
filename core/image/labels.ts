/** Labels in pictures: beside what they name, with a thin line to it, never one over another. */
import { BLACK, type Box, drawLine, fillBox } from './paint.ts';
import { drawText, type Rgb, type RgbImage, textWidth } from './text.ts';

export interface Label {
  readonly text: string;
  readonly color: Rgb;
  /** What the label names, in the picture. */
  readonly target: Box;
  /** On a ground of its colour, in bold letters. */
  readonly emphasised?: boolean;
}

/** Between a label's letters and its border, and between two labels. */
const PAD = 3;
const GAP = 3;
/** Letters smaller than this cannot be read. */
const SMALLEST_LINE = 11;

/** The width of a label, its border included, with lines `size` pixels high. */
export function labelWidth({ text, emphasised = false }: Pick<Label, 'text' | 'emphasised'>, size: number): number {
  return textWidth(text, size, emphasised) + 2 * PAD;
}

/** Where each label goes, in the order of the labels; undefined for one that has no room. */
export type Places = readonly (Box | undefined)[];

/**
 * Places in a column, each as near as possible to the height of its target, in the order of the targets from above. Labels for which the
 * column has no room get none, the last ones first.
 */
export function placesInColumn(labels: readonly Label[], column: Box, size: number): Places {
  const step = size + GAP;
  const some = labels
    .slice(0, Math.max(0, Math.floor((column.bottom - column.top + GAP) / step)))
    .map((label, index) => ({ label, index, wanted: Math.round(middle(label.target)[1] - size / 2) }))
    .toSorted((a, b) => a.wanted - b.wanted);
  const tops = spread(
    some.map(({ wanted }) => wanted),
    step,
    [column.top, column.bottom - size],
  );
  const placed = new Map(some.map(({ index }, order) => [index, tops[order] ?? column.top]));
  return labels.map((label, index) => {
    const top = placed.get(index);
    if (top === undefined) return undefined;
    return { left: column.left, top, right: column.left + labelWidth(label, size), bottom: top + size };
  });
}

/**
 * Ascending whole numbers at least `step` apart and from `low` to `high`, as near as possible to ascending wanted ones (pool adjacent
 * violators).
 */
function spread(wanted: readonly number[], step: number, [low, high]: readonly [number, number]): readonly number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const [index, value] of wanted.entries()) {
    let pool = { sum: value - index * step, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
    }
    pools.push(pool);
  }
  const highest = high - (wanted.length - 1) * step;
  return pools
    .flatMap(({ sum, count }) => Array<number>(count).fill(Math.round(sum / count)))
    .map((value, index) => Math.max(low, Math.min(highest, value)) + index * step);
}

/**
 * Places beside the targets and over none of them, nearest first, within a box. What is labelled first has the first choice. A label
 * whose line would cross another label, or for which there is no room, looks on farther away.
 */
export function placesBeside(labels: readonly Label[], within: Box, size: number): Places {
  const targets = labels.map(({ target }) => target);
  const taken: Box[] = [];
  return labels.map((label) => {
    const width = labelWidth(label, size);
    const place = candidates(label.target, { width, height: size }, within).find(
      (box) =>
        !targets.some((target) => overlap(box, target, 1)) &&
        !taken.some((other) => overlap(box, other, GAP) || crosses(leader(box, label.target), other)),
    );
    if (place !== undefined) taken.push(place);
    return place;
  });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Places around a box from near to far: at each distance, right and left of it before above and below it. */
function candidates(target: Box, { width, height }: Size, within: Box): readonly Box[] {
  const [x, y] = middle(target);
  const farthest = Math.max(within.right - within.left, within.bottom - within.top);
  const boxes: Box[] = [];
  const add = (left: number, top: number): void => {
    const box = { left, top, right: left + width, bottom: top + height };
    if (left >= within.left && top >= within.top && box.right <= within.right && box.bottom <= within.bottom)
      boxes.push(box);
  };
  for (let distance = 2 * GAP; distance < farthest; distance += Math.ceil(height / 2)) {
    for (let shift = 0; shift <= distance; shift += Math.ceil(height / 2)) {
      for (const sign of shift === 0 ? [1] : [1, -1]) {
        add(target.right + distance, Math.round(y - height / 2) + sign * shift);
        add(target.left - distance - width, Math.round(y - height / 2) + sign * shift);
        add(Math.round(x - width / 2) + sign * shift, target.top - distance - height);
        add(Math.round(x - width / 2) + sign * shift, target.bottom + distance);
      }
    }
  }
  return boxes;
}

/** The size of lines, at most `size`, at which all labels find a place; the smallest one where they never do. */
export function placed(
  labels: readonly Label[],
  size: number,
  places: (size: number) => Places,
): { readonly size: number; readonly places: Places } {
  for (let smaller = size; ; smaller -= 1) {
    const found = places(smaller);
    if (smaller <= SMALLEST_LINE || labels.every((_, index) => found[index] !== undefined))
      return { size: smaller, places: found };
  }
}

/** Draws the labels at their places, each with a line to its target. */
export function drawLabels(image: RgbImage, labels: readonly Label[], places: Places, size: number): void {
  const pairs = labels.flatMap((label, index) => {
    const box = places[index];
    return box === undefined ? [] : [{ label, box }];
  });
  for (const { label, box } of pairs) {
    const [from, to] = leader(box, label.target);
    drawLine(image, from, to, { color: label.color });
  }
  for (const { label, box } of pairs) {
    const { text, color, emphasised = false } = label;
    fillBox(image, box, emphasised ? color : BLACK);
    drawText(image, box.left + PAD, box.top, text, emphasised ? BLACK : color, size, emphasised);
  }
}

type Point = readonly [x: number, y: number];

const middle = ({ left, top, right, bottom }: Box): Point => [(left + right) / 2, (top + bottom) / 2];

/** From the middle of the label's nearest side to the nearest point of the target. */
function leader(box: Box, target: Box): readonly [Point, Point] {
  const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
  const [x, y] = middle(box);
  const beside = box.right <= target.left || box.left >= target.right;
  const from: Point = beside
    ? [box.right <= target.left ? box.right : box.left, y]
    : [x, box.bottom <= target.top ? box.bottom : box.top];
  return [from, [clamp(from[0], target.left, target.right), clamp(from[1], target.top, target.bottom)]];
}

function overlap(a: Box, b: Box, gap: number): boolean {
  return a.left < b.right + gap && b.left < a.right + gap && a.top < b.bottom + gap && b.top < a.bottom + gap;
}

function crosses([from, to]: readonly [Point, Point], { left, top, right, bottom }: Box): boolean {
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]))));
  for (let step = 0; step <= steps; step += 1) {
    const [x, y] = [from[0] + ((to[0] - from[0]) * step) / steps, from[1] + ((to[1] - from[1]) * step) / steps];
    if (x > left && x < right && y > top && y < bottom) return true;
  }
  return false;
}
