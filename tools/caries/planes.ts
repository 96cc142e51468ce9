/** The model's output for each pixel of the working picture. */
import { type Component, labelComponents } from '#core/image/components.ts';
import type { Tensor } from '#core/ports.ts';

/** The model's output planes, in its order. Values are probabilities; arrays are row-major, `rows` × `columns`. */
export interface Planes {
  readonly rows: number;
  readonly columns: number;
  readonly lesion: Float32Array;
  readonly tooth: Float32Array;
  readonly upperCore: Float32Array;
  readonly lowerCore: Float32Array;
  readonly restoration: Float32Array;
  /** The probabilities that a lesion's pixel goes deeper than E1, E2, D1 and D2. */
  readonly deeper: readonly Float32Array[];
}

/** How many planes the model answers with. */
export const PLANES = 9;

export function planesOf({ data, shape }: Tensor): Planes {
  const [, , rows = 0, columns = 0] = shape;
  const plane = (index: number): Float32Array => data.subarray(index * rows * columns, (index + 1) * rows * columns);
  return {
    rows,
    columns,
    lesion: plane(0),
    tooth: plane(1),
    upperCore: plane(2),
    lowerCore: plane(3),
    restoration: plane(4),
    deeper: [5, 6, 7, 8].map(plane),
  };
}

/** A connected region of a plane above a threshold. */
export interface PlaneRegion extends Component {
  /** Indices of its pixels in the plane, ascending. */
  readonly pixels: readonly number[];
  /** Highest and mean value of the plane in the region. */
  readonly peak: number;
  readonly mean: number;
}

/** Regions of `plane` at or above `threshold`, in order of their first pixel. */
export function regionsAbove(
  plane: Float32Array,
  rows: number,
  columns: number,
  threshold: number,
): readonly PlaneRegion[] {
  const mask = new Uint8Array(plane.length);
  for (let index = 0; index < plane.length; index++) if ((plane[index] ?? 0) >= threshold) mask[index] = 1;
  const { labels, components } = labelComponents(mask, { columns, rows, slices: 1 }, 'corner');
  const pixels: number[][] = components.map(() => []);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? 0;
    if (label > 0) pixels[label - 1]?.push(index);
  }
  return components.map((component) => {
    const own = pixels[component.label - 1] ?? [];
    let peak = 0;
    let sum = 0;
    for (const index of own) {
      const value = plane[index] ?? 0;
      peak = Math.max(peak, value);
      sum += value;
    }
    return { ...component, pixels: own, peak, mean: sum / Math.max(1, own.length) };
  });
}
