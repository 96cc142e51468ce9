/**
 * Volumes that are not what they claim to be: orientation, units, distances or order of slices are wrong, or it is no spine of
 * one adult. Each is a real CT or a sound phantom with voxels, values or header changed.
 */
import type { Volume } from '#core/image/volume.ts';

type Index = readonly [column: number, row: number, slice: number];

/** A change of a volume. Plain functions, so that the truth can follow the voxels. */
export interface Lie {
  readonly name: string;
  /** Columns, rows and slices; the original's if absent. */
  size?(original: Volume): Index;
  /** The voxel of the original that is at a voxel of the lie. */
  source?(index: Index, original: Volume): Index;
  value?(hu: number, index: Index): number;
  header?(original: Volume): Partial<Pick<Volume, 'spacingMm'>>;
}

/** The slice at a share of the height. */
const slicesAt = ({ slices }: Volume, share: number): number => Math.round(share * slices);

const scaled = (factors: Index): Pick<Lie, 'header'> => ({
  header: ({ spacingMm: [x, y, z] }) => ({ spacingMm: [x * factors[0], y * factors[1], z * factors[2]] }),
});

/** Slices are missing from the middle, and the rest is moved together. */
const lacking = (name: string, from: number, mm: number): Lie => {
  const gap = ({ spacingMm }: Volume): number => Math.max(1, Math.round(mm / spacingMm[2]));
  return {
    name,
    size: (original) => [original.columns, original.rows, original.slices - gap(original)],
    source: ([i, j, k], original) => [i, j, k < slicesAt(original, from) ? k : k + gap(original)],
  };
};

export const ORIENTATIONS: readonly Lie[] = [
  { name: 'front and back exchanged', source: ([i, j, k], { rows }) => [i, rows - 1 - j, k] },
  { name: 'upside down', source: ([i, j, k], { slices }) => [i, j, slices - 1 - k] },
  {
    name: 'feet first entered as head first',
    source: ([i, j, k], { columns, slices }) => [columns - 1 - i, j, slices - 1 - k],
  },
  { name: 'prone entered as supine', source: ([i, j, k], { columns, rows }) => [columns - 1 - i, rows - 1 - j, k] },
  {
    name: 'upside down, front and back exchanged',
    source: ([i, j, k], { rows, slices }) => [i, rows - 1 - j, slices - 1 - k],
  },
  {
    name: 'on the side entered as supine',
    size: ({ columns, rows, slices }) => [rows, columns, slices],
    source: ([i, j, k], { columns }) => [columns - 1 - j, i, k],
  },
];

export const VALUES: readonly Lie[] = [
  { name: '300 HU too high', value: (hu) => hu + 300 },
  { name: '300 HU too low', value: (hu) => hu - 300 },
  { name: '1024 HU too high', value: (hu) => hu + 1024 },
  { name: 'slope of 2', value: (hu) => 2 * hu },
  { name: 'slope of one half', value: (hu) => hu / 2 },
  { name: 'inverted', value: (hu) => -hu },
  { name: 'eight bits of a window', value: (hu) => Math.min(255, Math.max(0, ((hu + 160) / 400) * 255)) },
];

export const DISTANCES: readonly Lie[] = [
  { name: 'a child: all distances times 0.6', ...scaled([0.6, 0.6, 0.6]) },
  { name: 'a child: all distances times 0.5', ...scaled([0.5, 0.5, 0.5]) },
  { name: 'all distances times 1.6', ...scaled([1.6, 1.6, 1.6]) },
  { name: 'slices said to be half as far apart', ...scaled([1, 1, 0.5]) },
  { name: 'slices said to be 1.3 times as far apart', ...scaled([1, 1, 1.3]) },
  { name: 'pixels said to be half as far apart', ...scaled([0.5, 0.5, 1]) },
];

export const SLICES: readonly Lie[] = [
  lacking('20 mm are missing at a half', 0.5, 20),
  lacking('40 mm are missing at two thirds', 2 / 3, 40),
  {
    name: 'the same 40 mm twice',
    size: ({ columns, rows, slices, spacingMm }) => [columns, rows, slices + Math.round(40 / spacingMm[2])],
    source: ([i, j, k], original) => [
      i,
      j,
      k < slicesAt(original, 0.6) ? k : k - Math.round(40 / original.spacingMm[2]),
    ],
  },
  {
    name: 'pairs of slices exchanged',
    source: ([i, j, k], { slices }) => [i, j, Math.min(slices - 1, k % 2 === 0 ? k + 1 : k - 1)],
  },
  {
    name: 'slices in the order of their names as text',
    source: ([i, j, k], { slices }) => [i, j, orderAsText(slices)[k] ?? k],
  },
  {
    name: 'the upper half moved to the side by 25 mm',
    source: ([i, j, k], original) => [
      k < slicesAt(original, 0.5) ? i : Math.max(0, i - Math.round(25 / original.spacingMm[0])),
      j,
      k,
    ],
  },
];

/** 0, 1, 10, 11, 12, 2, 3 … */
const orders = new Map<number, readonly number[]>();
function orderAsText(slices: number): readonly number[] {
  const order =
    orders.get(slices) ?? Array.from({ length: slices }, (_, k) => k).toSorted((a, b) => (`${a}` < `${b}` ? -1 : 1));
  orders.set(slices, order);
  return order;
}

export const PATIENTS: readonly Lie[] = [
  {
    name: 'two patients side by side',
    size: ({ columns, rows, slices }) => [2 * columns, rows, slices],
    source: ([i, j, k], { columns }) => [i % columns, j, k],
  },
  {
    name: 'two patients, one above the other',
    size: ({ columns, rows, slices }) => [columns, rows, 2 * slices],
    source: ([i, j, k], { slices }) => [i, j, k % slices],
  },
  {
    name: 'the right half alone',
    size: ({ columns, rows, slices }) => [Math.floor(columns / 2), rows, slices],
  },
  {
    name: 'the back half of the spine alone',
    size: ({ columns, rows, slices }) => [columns, Math.floor(rows * 0.42), slices],
    source: ([i, j, k], { rows }) => [i, j + (rows - Math.floor(rows * 0.42)), k],
  },
];

/** Bones of no spine, in a trunk of water with air around: the values of an original's voxels do not count. */
export const SHAPES: readonly Lie[] = [
  shape('six stacked cylinders', (x, y, z) =>
    Math.hypot(x / 22, y / 16) < 1 && Math.abs(z) < 105 && mod(z, 35) < 26 ? 300 : undefined,
  ),
  shape('twelve stacked discs', (x, y, z) =>
    Math.hypot(x / 20, y / 16) < 1 && Math.abs(z) < 120 && mod(z, 20) < 13 ? 300 : undefined,
  ),
  shape('six stacked cylinders of two heights', (x, y, z) =>
    Math.hypot(x / 22, y / 16) < 1 && Math.abs(z) < 105 && mod(z, 35) < (mod(z, 70) < 35 ? 26 : 15) ? 300 : undefined,
  ),
  shape('a long bone', (x, y) => (Math.hypot(x, y) < 14 ? 900 : undefined)),
  shape('two long bones', (x, y) => (Math.hypot(Math.abs(x) - 60, y) < 14 ? 900 : undefined)),
  shape('a skull', (x, y, z) => {
    const r = Math.hypot(x / 70, y / 90, z / 80);
    return r > 0.92 && r < 1 ? 900 : r <= 0.92 ? 35 : undefined;
  }),
  shape('a stack of balls', (x, y, z) => (Math.hypot(x, y, mod(z, 32) - 16) < 14 ? 250 : undefined)),
  shape('nothing but water', () => undefined),
];

const mod = (value: number, by: number): number => ((value % by) + by) % by;

/** A shape around the middle of a volume of 300 × 240 × 300 mm; x, y and z in mm. */
function shape(name: string, huAt: (x: number, y: number, z: number) => number | undefined): Lie {
  const [columns, rows, slices] = [200, 160, 150];
  const [dx, dy, dz] = [1.5, 1.5, 2];
  return {
    name,
    size: () => [columns, rows, slices],
    source: () => [0, 0, 0],
    header: () => ({ spacingMm: [dx, dy, dz] }),
    value: (_, [i, j, k]) => {
      const [x, y, z] = [(i - columns / 2) * dx, (j - rows / 2) * dy, (k - slices / 2) * dz];
      if (Math.hypot(x / 140, y / 105) > 1) return -1000;
      const noise = (mod(Math.sin(i * 12.9898 + j * 78.233 + k * 37.719) * 43_758.5453, 1) - 0.5) * 40;
      return (huAt(x, y, z) ?? (Math.hypot(x / 130, y / 95) > 1 ? -100 : 40)) + noise;
    },
  };
}

/** The volume as it claims to be, and the voxel of the original at each of its voxels. */
export function told(original: Volume, lie: Lie): { readonly volume: Volume; source(index: Index): Index } {
  const [columns, rows, slices] = lie.size?.(original) ?? [original.columns, original.rows, original.slices];
  const source = (index: Index): Index => lie.source?.(index, original) ?? index;
  const value = lie.value ?? ((hu: number) => hu);
  const voxels = new Int16Array(columns * rows * slices);
  let at = 0;
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        const [a, b, c] = source([i, j, k]);
        const hu = original.voxels[(c * original.rows + b) * original.columns + a] ?? 0;
        voxels[at] = Math.min(32_767, Math.max(-32_768, Math.round(value(hu, [i, j, k]))));
        at += 1;
      }
    }
  }
  return {
    volume: {
      ...original,
      ...lie.header?.(original),
      columns,
      rows,
      slices,
      voxels,
      frames: Array.from({ length: slices }, (_, index) => ({ SOPInstanceUID: `2.25.4.${index + 1}` })),
    },
    source,
  };
}
