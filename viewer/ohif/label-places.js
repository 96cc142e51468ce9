/** Where labels stand on an image. */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

const GAP = 14;
const MARGIN = 8;
const STEPS = [0, 1, -1, 2, -2, 3, -3, 4, -4];

/**
 * A place for a label beside a shape: the first of those right, left, below and above, and of those further up and down, that covers
 * nothing; otherwise the one that covers least.
 *
 * @param {Box} shape
 * @param {{ width: number, height: number }} label
 * @param {readonly Box[]} others what is to be left free
 * @param {{ width: number, height: number }} view
 * @returns {Box}
 */
export function placeBeside(shape, { width, height }, others, view) {
  const middle = { x: shape.x + shape.width / 2 - width / 2, y: shape.y + shape.height / 2 - height / 2 };
  const right = shape.x + shape.width + GAP;
  const left = shape.x - GAP - width;
  const step = height + GAP / 2;
  const corners = STEPS.flatMap((count) => [
    { x: right, y: middle.y + count * step },
    { x: left, y: middle.y + count * step },
  ]);
  const near = [
    { x: middle.x, y: shape.y + shape.height + GAP },
    { x: middle.x, y: shape.y - GAP - height },
  ];
  const places = [...corners.slice(0, 2), ...near, ...corners.slice(2)]
    .map(({ x, y }) => ({
      x: Math.max(MARGIN, Math.min(x, view.width - MARGIN - width)),
      y: Math.max(MARGIN, Math.min(y, view.height - MARGIN - height)),
      width,
      height,
    }))
    .map((box) => ({ box, covered: [shape, ...others].reduce((sum, other) => sum + overlap(box, other), 0) }));
  return places.reduce((best, place) => (place.covered < best.covered ? place : best)).box;
}

/** The area that two boxes share. */
export function overlap(a, b) {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, across) * Math.max(0, down);
}
