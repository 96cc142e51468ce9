/** Connected components of 2D and 3D masks. */

/** Size of a grid; index = (slice × rows + row) × columns + column. A 2D grid has one slice. */
export interface GridShape {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
}

/** One connected region. Coordinates are voxel indices (column, row, slice), 0-based. */
export interface Component {
  /** Its value in `labels`: 1, 2, … in order of the component's first voxel. */
  readonly label: number;
  /** Number of voxels. */
  readonly size: number;
  readonly centroid: readonly [column: number, row: number, slice: number];
  /** Bounding box, both ends included. */
  readonly min: readonly [column: number, row: number, slice: number];
  readonly max: readonly [column: number, row: number, slice: number];
}

export interface Components {
  /** 0 outside the mask, else the component's label. */
  readonly labels: Int32Array;
  readonly components: readonly Component[];
}

/** Neighbours that share a face (4 in 2D, 6 in 3D) or any corner (8 in 2D, 26 in 3D). */
export type Connectivity = 'face' | 'corner';

/** Labels the regions of voxels that are not 0 in `mask`. Time and memory are linear in the grid. */
export function labelComponents(mask: Uint8Array, shape: GridShape, connectivity: Connectivity = 'face'): Components {
  const { columns, rows, slices } = shape;
  if (mask.length !== columns * rows * slices) throw new RangeError('The mask does not have the size of its grid');
  const labels = new Int32Array(mask.length);
  const components: Component[] = [];
  const steps = neighbourSteps(shape, connectivity);
  let queue = new Int32Array(1024);

  for (let seed = 0; seed < mask.length; seed += 1) {
    if (mask[seed] === 0 || labels[seed] !== 0) continue;
    const label = components.length + 1;
    const region = newRegion();
    let head = 0;
    let tail = 1;
    queue[0] = seed;
    labels[seed] = label;
    while (head < tail) {
      const at = queue[head++] ?? 0;
      const column = at % columns;
      const row = Math.floor(at / columns) % rows;
      const slice = Math.floor(at / (columns * rows));
      extend(region, column, row, slice);
      for (const [dc, dr, ds, offset] of steps) {
        const c = column + dc;
        const r = row + dr;
        const s = slice + ds;
        if (c < 0 || r < 0 || s < 0 || c >= columns || r >= rows || s >= slices) continue;
        const next = at + offset;
        if (mask[next] === 0 || labels[next] !== 0) continue;
        labels[next] = label;
        if (tail === queue.length) queue = grown(queue);
        queue[tail++] = next;
      }
    }
    components.push({
      label,
      size: tail,
      centroid: [region.sum[0] / tail, region.sum[1] / tail, region.sum[2] / tail],
      min: region.min,
      max: region.max,
    });
  }
  return { labels, components };
}

type Step = readonly [column: number, row: number, slice: number, offset: number];

function neighbourSteps({ columns, rows, slices }: GridShape, connectivity: Connectivity): readonly Step[] {
  const steps: Step[] = [];
  const depth = slices > 1 ? [-1, 0, 1] : [0];
  for (const s of depth) {
    for (const r of [-1, 0, 1]) {
      for (const c of [-1, 0, 1]) {
        const distance = Math.abs(c) + Math.abs(r) + Math.abs(s);
        if (distance === 0 || (connectivity === 'face' && distance > 1)) continue;
        steps.push([c, r, s, (s * rows + r) * columns + c]);
      }
    }
  }
  return steps;
}

type Triple = [number, number, number];
interface Region {
  readonly sum: Triple;
  readonly min: Triple;
  readonly max: Triple;
}

const newRegion = (): Region => ({
  sum: [0, 0, 0],
  min: [Infinity, Infinity, Infinity],
  max: [-Infinity, -Infinity, -Infinity],
});

function extend({ sum, min, max }: Region, column: number, row: number, slice: number): void {
  sum[0] += column;
  sum[1] += row;
  sum[2] += slice;
  if (column < min[0]) min[0] = column;
  if (row < min[1]) min[1] = row;
  if (slice < min[2]) min[2] = slice;
  if (column > max[0]) max[0] = column;
  if (row > max[1]) max[1] = row;
  if (slice > max[2]) max[2] = slice;
}

function grown(queue: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(queue.length * 2);
  larger.set(queue);
  return larger;
}
