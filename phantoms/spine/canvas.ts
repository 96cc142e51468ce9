/** A grid on which shapes are painted, later ones over earlier ones, with soft edges like a scanner's. */
import type { PointLps } from '#core/image/geometry.ts';

/** An axial grid: columns run to the left (+x), rows to posterior (+y), slices to the head (+z). */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: readonly [column: number, row: number, slice: number];
  /** Centre of the first voxel, mm. */
  readonly origin: PointLps;
  /** The thickness over which one slice averages, mm along z. */
  readonly sliceThicknessMm: number;
}

/** A bounded solid. `depthAt` gives mm inside the surface (negative outside). Near the surface it is a true distance. */
export interface Shape {
  readonly min: PointLps;
  readonly max: PointLps;
  depthAt(x: number, y: number, z: number): number;
}

/** The material of a shape. */
export interface Material {
  readonly hu: number;
  /** A shell of different density, like cortical bone. */
  readonly shell?: { readonly hu: number; readonly mm: number };
  /** Standard deviation of 3 mm grains. */
  readonly grainHu?: number;
}

export interface Canvas {
  readonly grid: Grid;
  /** Hounsfield units; undefined where only labels are painted. */
  readonly voxels: Int16Array | undefined;
  readonly labels: Uint8Array | undefined;
  readonly bodies: Uint8Array | undefined;
  /** Blur of edges, mm. */
  readonly edgeMm: number;
}

/** The tissue class and body number (1-based, 0 for none) that a shape gets in the truth. */
export interface Truth {
  readonly label: number;
  readonly body: number;
}

/** Paints one shape. With `truth`, voxels whose centre is inside are labelled. */
export function paint(canvas: Canvas, shape: Shape, material: Material, truth?: Truth): void {
  const { grid, voxels, labels, bodies, edgeMm } = canvas;
  if (voxels === undefined && truth === undefined) return;
  const [dx, dy, dz] = grid.spacingMm;
  const margin = edgeMm + grid.sliceThicknessMm / 2;
  const range = (axis: 0 | 1 | 2, step: number, count: number): [number, number] => [
    Math.max(0, Math.ceil((shape.min[axis] - margin - grid.origin[axis]) / step)),
    Math.min(count - 1, Math.floor((shape.max[axis] + margin - grid.origin[axis]) / step)),
  ];
  const [i0, i1] = range(0, dx, grid.columns);
  const [j0, j1] = range(1, dy, grid.rows);
  const [k0, k1] = range(2, dz, grid.slices);
  const samples = voxels === undefined ? 0 : Math.max(1, Math.round(grid.sliceThicknessMm / 1.3));
  const { hu, shell, grainHu = 0 } = material;
  const softness = 1 / edgeMm;

  for (let k = k0; k <= k1; k += 1) {
    const z = grid.origin[2] + k * dz;
    for (let j = j0; j <= j1; j += 1) {
      const y = grid.origin[1] + j * dy;
      const row = (k * grid.rows + j) * grid.columns;
      for (let i = i0; i <= i1; i += 1) {
        const x = grid.origin[0] + i * dx;
        if (truth !== undefined && shape.depthAt(x, y, z) > 0) {
          if (labels !== undefined) labels[row + i] = truth.label;
          if (bodies !== undefined) bodies[row + i] = truth.body;
        }
        if (voxels === undefined) continue;
        let cover = 0;
        let value = 0;
        for (let sample = 0; sample < samples; sample += 1) {
          const depth = shape.depthAt(x, y, z + ((sample + 0.5) / samples - 0.5) * grid.sliceThicknessMm);
          const alpha = Math.min(1, Math.max(0, 0.5 + depth * softness));
          if (alpha === 0) continue;
          cover += alpha;
          value +=
            alpha *
            (shell === undefined ? hu : hu + (shell.hu - hu) * Math.min(1, Math.max(0, 1.5 - depth / shell.mm)));
        }
        if (cover === 0) continue;
        const grain = grainHu === 0 ? 0 : grainHu * grainAt(x, y, z);
        const old = voxels[row + i] ?? 0;
        const share = cover / samples;
        voxels[row + i] = Math.round(old * (1 - share) + (value / cover + grain) * share);
      }
    }
  }
}

const GRAINS = makeGrains();
function makeGrains(): Float32Array {
  const grains = new Float32Array(32 * 32 * 32);
  let state = 12345;
  for (let index = 0; index < grains.length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    grains[index] = (state / 2_147_483_648 - 1) * 1.7;
  }
  return grains;
}
function grainAt(x: number, y: number, z: number): number {
  return GRAINS[(((z * 0.4) & 31) << 10) | (((y * 0.4) & 31) << 5) | ((x * 0.4) & 31)] ?? 0;
}
