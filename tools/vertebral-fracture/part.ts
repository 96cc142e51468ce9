/** Splits components of "body" where two bodies are connected only by points of low probability. */
import { type Component, type Components, type GridShape, labelComponents } from '#core/image/components.ts';
import { subtract } from './chain-geometry.ts';
import { pointAt, type SpineMap, TISSUE } from './segment.ts';

/** Probabilities of "body", 0 to 255, at which a component may be split. */
const THRESHOLDS = [150, 175, 200, 225, 242];
/** The smallest rest of a body at such a threshold. Specks do not split a component. */
const LEAST_PART_ML = 0.7;
/** Bodies are stacked: the smallest upward fraction of the way between two parts' middles. */
const STEEP = 0.55;

/** The components of a map's bodies. After a split, each point at the rim belongs to the nearest part. */
export function partBodies(map: SpineMap): Components {
  const { shape, tissue, bodyProbability, grid } = map;
  const least = (1000 * LEAST_PART_ML) / (grid.spacingMm[0] * grid.spacingMm[1] * grid.spacingMm[2]);
  const mask = tissue.map((value) => Number(value === TISSUE.body));
  const whole = labelComponents(mask, shape);
  let labels = whole.labels;
  let count = whole.components.length;
  for (const threshold of THRESHOLDS) {
    const cores = labelComponents(
      mask.map((value, at) => Number(value > 0 && (bodyProbability[at] ?? 0) >= threshold)),
      shape,
    );
    const large = cores.components.filter(({ size }) => size >= least);
    const byRegion = Map.groupBy(large, ({ label }) => labels[cores.labels.indexOf(label)] ?? 0);
    const parted = new Map<number, number>();
    for (const parts of byRegion.values()) {
      if (parts.length < 2 || !areStacked(map, parts)) continue;
      for (const { label } of parts) {
        count += 1;
        parted.set(label, count);
      }
    }
    if (parted.size === 0) continue;
    const split = new Set(
      [...byRegion].filter(([, parts]) => parted.has(parts[0]?.label ?? 0)).map(([region]) => region),
    );
    labels = labels.map((region, at) => (split.has(region) ? (parted.get(cores.labels[at] ?? 0) ?? -1) : region));
    grow(labels, shape);
  }
  return { labels, components: measure(labels, shape) };
}

function areStacked(map: SpineMap, parts: readonly Component[]): boolean {
  const middles = parts.map(({ centroid }) => pointAt(map, centroid)).toSorted((a, b) => a[2] - b[2]);
  return middles.slice(1).every((upper, index) => {
    const [x, y, z] = subtract(upper, middles[index] ?? upper);
    return z > STEEP * Math.hypot(x, y, z);
  });
}

/** Gives every point of −1 the label of the nearest labelled point, by steps across faces. Unreachable points become 0. */
function grow(labels: Int32Array, { columns, rows, slices }: GridShape): void {
  const steps = [1, -1, columns, -columns, columns * rows, -columns * rows];
  let front: number[] = [];
  for (let at = 0; at < labels.length; at += 1) {
    if ((labels[at] ?? 0) > 0 && steps.some((step) => labels[at + step] === -1)) front.push(at);
  }
  while (front.length > 0) {
    const next: number[] = [];
    for (const at of front) {
      for (const step of steps) {
        if (labels[at + step] !== -1 || !areBeside(at, at + step, columns, rows, slices)) continue;
        labels[at + step] = labels[at] ?? 0;
        next.push(at + step);
      }
    }
    front = next;
  }
  for (let at = 0; at < labels.length; at += 1) if (labels[at] === -1) labels[at] = 0;
}

/** Whether a step of one column, row or slice stays in the grid and does not wrap from the end of one line to the next. */
function areBeside(a: number, b: number, columns: number, rows: number, slices: number): boolean {
  if (b < 0 || b >= columns * rows * slices) return false;
  const apart =
    Math.abs((a % columns) - (b % columns)) +
    Math.abs((Math.floor(a / columns) % rows) - (Math.floor(b / columns) % rows));
  return apart <= 1;
}

function measure(labels: Int32Array, { columns, rows }: GridShape): readonly Component[] {
  const sums = new Map<
    number,
    { size: number; sum: [number, number, number]; min: [number, number, number]; max: [number, number, number] }
  >();
  for (let at = 0; at < labels.length; at += 1) {
    const label = labels[at] ?? 0;
    if (label === 0) continue;
    let own = sums.get(label);
    if (own === undefined) {
      own = { size: 0, sum: [0, 0, 0], min: [Infinity, Infinity, Infinity], max: [-Infinity, -Infinity, -Infinity] };
      sums.set(label, own);
    }
    own.size += 1;
    const index = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))] as const;
    for (const axis of [0, 1, 2] as const) {
      own.sum[axis] += index[axis];
      own.min[axis] = Math.min(own.min[axis], index[axis]);
      own.max[axis] = Math.max(own.max[axis], index[axis]);
    }
  }
  return [...sums].map(([label, { size, sum, min, max }]) => ({
    label,
    size,
    centroid: [sum[0] / size, sum[1] / size, sum[2] / size],
    min,
    max,
  }));
}
