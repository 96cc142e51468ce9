/**
 * Seeded synthetic CTs of the spine with known truth: one generator for the demo, the tests and the training.
 *
 * Drawn are vertebral bodies (superellipse section, waist, concave endplates, cortex), discs, posterior elements, canal, sacrum,
 * pelvis, ribs, muscles, organs, vessels with plaques, skin and table; then scanner blur, slice thickness and noise are applied.
 * The patient depends on the seed alone; the picture depends on the grid, too.
 */
import type { PointLps } from '#core/image/geometry.ts';
import { createRandom } from './random.ts';
import {
  type Anatomy,
  type Fracture,
  type FractureType,
  type GenantGrade,
  type Heights,
  LEVELS,
  type Level,
  largestLoss,
  makeAnatomy,
  type Vertebra,
} from './spine/anatomy.ts';
import { paintSpine } from './spine/bones.ts';
import type { Canvas, Grid } from './spine/canvas.ts';
import { type Extras, makeExtras, paintHardware } from './spine/extras.ts';
import { at } from './spine/frame.ts';
import { addNoise, sharpen } from './spine/noise.ts';
import { makeTrunk, paintOrgans, paintTrunk } from './spine/surroundings.ts';

export { LABELS } from './spine/bones.ts';

/** The options that make the patient. All others concern the scan. */
export interface SpinePatient {
  readonly seed: number;
  /** Exactly these fractures (an empty list for none); random if absent. */
  readonly fractures?: readonly Fracture[];
  /** The chance of a fracture for each body from T4 down; random if absent. */
  readonly fractureRate?: number;
  /** Kinds of fractures, all equally likely. By default every second one is a wedge. */
  readonly fractureTypes?: readonly [FractureType, ...FractureType[]];
  /** Leaves out metal, cement, bridges of bone, arms beside the trunk and a sharp kernel. */
  readonly plain?: boolean;
}

export interface SpinePhantomOptions extends SpinePatient {
  readonly columns?: number;
  readonly rows?: number;
  /** By default as many as cover `from`…`to`. */
  readonly slices?: number;
  readonly spacingMm?: readonly [column: number, row: number, slice: number];
  /** By default the slice spacing. */
  readonly sliceThicknessMm?: number;
  /** Lowest and highest level in view; `S` is the whole sacrum. Random if absent. */
  readonly from?: Level | 'S';
  readonly to?: Level;
  /** Standard deviation of noise, HU. */
  readonly noiseHu?: number;
}

export interface VertebraTruth {
  readonly level: Level;
  readonly centre: PointLps;
  readonly heightsMm: Heights;
  /** The same body before its fracture. */
  readonly intactHeightsMm: Heights;
  readonly lossPercent: number;
  readonly grade: GenantGrade;
  readonly type?: FractureType;
  /** Whether the whole body, without posterior elements, lies in the picture. */
  readonly complete: boolean;
}

export interface SpinePhantom {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: readonly [column: number, row: number, slice: number];
  readonly sliceThicknessMm: number;
  /** Centre of the first voxel, mm. Columns run to the left, rows to posterior, slices to the head (LPS axes). */
  readonly origin: PointLps;
  /** Hounsfield units, slice-major. */
  readonly voxels: Int16Array;
  readonly truth: SpineTruth;
}
export interface SpineTruth {
  /** Every vertebra with at least its centre in the picture, from the lowest up. */
  readonly vertebrae: readonly VertebraTruth[];
  readonly conditions: SpineConditions;
}

/** The conditions that make a phantom easy or hard. */
export interface SpineConditions {
  readonly noiseHu: number;
  /** Density of the marrow. Below 90 HU it is usually osteoporotic. */
  readonly coreHu: number;
  readonly contrast: boolean;
  /** Width of the field of view. */
  readonly fieldMm: number;
  /** How far the spine deviates to a side (scoliosis). */
  readonly lateralMm: number;
  /** Sharpness of the kernel: 0 is soft, 1 is sharp. */
  readonly sharpness: number;
  readonly screws: boolean;
  readonly cement: boolean;
  readonly bridges: boolean;
  readonly arms: boolean;
}

/** Label volumes of the same patient, on any grid. */
export interface SpineLabels {
  /** Classes of `LABELS`. */
  readonly labels: Uint8Array;
  /** Number of the body (1 = L5, 2 = L4, … as in `LEVELS`); 0 outside bodies. */
  readonly bodies: Uint8Array;
}

/** Makes the picture and its truth. About 1 s for 14 million voxels. */
export function makeSpinePhantom(options: SpinePhantomOptions): SpinePhantom {
  const anatomy = anatomyOf(options);
  const grid = gridOf(anatomy, options);
  const { columns, rows, slices, spacingMm, sliceThicknessMm, origin } = grid;
  const random = createRandom(options.seed ^ 0x5eed);
  const voxels = new Int16Array(columns * rows * slices);
  const canvas: Canvas = {
    grid,
    voxels,
    labels: undefined,
    bodies: undefined,
    edgeMm: Math.max(random.between(0.9, 2.2), spacingMm[0]),
  };
  const trunk = makeTrunk(random);
  const extras = extrasOf(options, anatomy);
  paintTrunk(canvas, anatomy, { ...trunk, arms: extras.arms });
  paintOrgans(canvas, anatomy, trunk, createRandom(options.seed ^ 0x0a9a));
  paintSpine(canvas, anatomy, trunk.bone, extras, createRandom(options.seed ^ 0xb04e));
  paintHardware(canvas, anatomy, extras, createRandom(options.seed ^ 0x5c2e));
  const noiseHu = options.noiseHu ?? random.between(6, 45);
  sharpen(voxels, grid, extras.sharpness);
  addNoise(voxels, grid, noiseHu, extras.sharpness, createRandom(options.seed ^ 0x4015e));
  const vertebrae = anatomy.vertebrae
    .filter(({ frame }) => inside(grid, frame.centre))
    .map((vertebra) => truthOf(vertebra, grid));
  const inView = (indices: readonly number[]): boolean =>
    indices.some((index) => vertebrae.some(({ level }) => level === LEVELS[index]));
  const conditions: SpineConditions = {
    noiseHu,
    coreHu: trunk.bone.core,
    contrast: trunk.contrastHu > 80,
    fieldMm: columns * spacingMm[0],
    lateralMm: Math.max(...vertebrae.map(({ centre }) => Math.abs(centre[0]))),
    sharpness: extras.sharpness,
    screws: inView(extras.screws),
    cement: inView(extras.cement),
    bridges: inView(extras.bridges.map(({ index }) => index)),
    arms: extras.arms !== undefined,
  };
  return { columns, rows, slices, spacingMm, sliceThicknessMm, origin, voxels, truth: { vertebrae, conditions } };
}

/** The truth of the same patient (same seed and fractures) as label volumes on `grid`. */
export function makeSpineLabels(options: SpinePatient, grid: Omit<Grid, 'sliceThicknessMm'>): SpineLabels {
  const anatomy = anatomyOf(options);
  const size = grid.columns * grid.rows * grid.slices;
  const labels = new Uint8Array(size);
  const bodies = new Uint8Array(size);
  const canvas: Canvas = {
    grid: { ...grid, sliceThicknessMm: grid.spacingMm[2] },
    voxels: undefined,
    labels,
    bodies,
    edgeMm: 1,
  };
  paintSpine(canvas, anatomy, { core: 0, shell: 0 }, extrasOf(options, anatomy), createRandom(options.seed ^ 0xb04e));
  return { labels, bodies };
}

function extrasOf({ seed, plain }: SpinePatient, anatomy: Anatomy): Extras {
  return makeExtras(anatomy, createRandom(seed ^ 0x4a2d), plain === true);
}

function anatomyOf({ seed, fractures, fractureRate, fractureTypes }: SpinePatient): Anatomy {
  return makeAnatomy({
    seed,
    ...(fractures && { fractures }),
    ...(fractureRate !== undefined && { fractureRate }),
    ...(fractureTypes && { fractureTypes }),
  });
}

/** Genant's grade of a height loss in percent. */
export function genantGrade(lossPercent: number): GenantGrade {
  return lossPercent < 20 ? 0 : lossPercent < 25 ? 1 : lossPercent <= 40 ? 2 : 3;
}

/** The margin that a body needs to count as completely in view: a voxel or two, in which its end is visible. */
const MARGIN_MM = 2.5;

function truthOf(vertebra: Vertebra, grid: Grid): VertebraTruth {
  const { level, frame, heights, intactHeights, fracture, rim, depthMm } = vertebra;
  const lossPercent = fracture === undefined ? 0 : 100 * largestLoss(heights, intactHeights);
  const corners = [-1, 1].flatMap((t) =>
    [-1, 1].map((h) =>
      at(frame, 0, t * (depthMm / 2 + MARGIN_MM), h * (Math.max(rim.posterior, rim.anterior) / 2 + MARGIN_MM)),
    ),
  );
  return {
    level,
    centre: frame.centre,
    heightsMm: heights,
    intactHeightsMm: intactHeights,
    lossPercent,
    grade: genantGrade(lossPercent),
    ...(fracture === undefined ? {} : { type: fracture.type }),
    complete: corners.every((corner) => inside(grid, corner)),
  };
}

function inside({ origin, spacingMm, columns, rows, slices }: Grid, point: PointLps): boolean {
  const size = [columns, rows, slices];
  return [0, 1, 2].every((n) => {
    const voxel = ((point[n] ?? 0) - (origin[n] ?? 0)) / (spacingMm[n] ?? 1);
    return voxel >= -0.5 && voxel <= (size[n] ?? 0) - 0.5;
  });
}

function gridOf(anatomy: Anatomy, options: SpinePhantomOptions): Grid {
  const random = createRandom(options.seed ^ 0x9417d);
  const lowest = options.from ?? random.pick(['S', 'S', 'S', 'S', 'L5', 'L3', 'T12', 'T9']);
  const highest = options.to ?? random.pick(['L2', 'L1', 'T12', 'T10', 'T8', 'T4', 'T1', 'C6']);
  const step = options.spacingMm?.[2] ?? random.pick([1, 1.25, 1.5, 2, 2.5, 3, 3, 5]);
  const fovMm = random.chance(0.3) ? random.between(170, 260) : random.between(330, 430);
  const inPlane = random.pick([1, 1.25, 1.5, 1.5, 2, 3]);
  const columns = options.columns ?? Math.round(fovMm / (options.spacingMm?.[0] ?? inPlane));
  const rows = options.rows ?? Math.round(fovMm / (options.spacingMm?.[1] ?? inPlane));
  const spacingMm = [options.spacingMm?.[0] ?? fovMm / columns, options.spacingMm?.[1] ?? fovMm / rows, step] as const;
  const z = (level: Level | 'S', side: number): number => {
    if (level === 'S') return -random.between(50, 130);
    const vertebra = anatomy.vertebrae[LEVELS.indexOf(level)];
    return (vertebra?.frame.centre[2] ?? 0) + side * random.between(10, 26);
  };
  const bottom = z(lowest, -1);
  const top = Math.max(z(highest, 1), bottom + 110);
  const slices = options.slices ?? Math.round((top - bottom) / step);
  const middle = anatomy.vertebrae.filter(
    ({ frame }) => frame.centre[2] > bottom && frame.centre[2] < bottom + slices * step,
  );
  const meanY = middle.reduce((sum, { frame }) => sum + frame.centre[1], 0) / Math.max(1, middle.length);
  const width = columns * spacingMm[0];
  const height = rows * spacingMm[1];
  // A small field of view is centred near the spine, a large one on the trunk.
  const forward = Math.max(0, Math.min(45, (height - 170) / 2.5));
  return {
    columns,
    rows,
    slices,
    spacingMm,
    sliceThicknessMm: options.sliceThicknessMm ?? step * (random.chance(0.2) ? 1.4 : 1),
    origin: [-width / 2 + random.normal() * 5, meanY + 8 - forward - height / 2 + random.normal() * 5, bottom],
  };
}
