/**
 * Seeded synthetic CTs of the spine with known truth: one generator for the demo, the tests and the training.
 *
 * What is drawn: vertebral bodies (superellipse section, waist, concave endplates, cortex), discs, posterior elements,
 * canal, sacrum, pelvis, ribs, muscles, organs, vessels with plaques, skin, table; then scanner blur, slice thickness and
 * noise. The patient depends on the seed alone, the picture on the grid as well.
 */
import type { PointLps } from '#core/image/geometry.ts';
import { createRandom } from './random.ts';
import {
  type Anatomy,
  at,
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
import { type Canvas, type Grid, type Material, paint } from './spine/canvas.ts';
import { addNoise } from './spine/noise.ts';
import { archShapes, bodyShape, discShape, ellipsoidShape, rodShape, sacralShape, tubeShapes } from './spine/shapes.ts';
import { makeTrunk, paintOrgans, paintTrunk } from './spine/surroundings.ts';

/** Tissue classes of the label volume, and of the model's output. */
export const LABELS = { background: 0, body: 1, disc: 2, sacrum: 3, posterior: 4 } as const;

export interface SpinePhantomOptions {
  readonly seed: number;
  readonly columns?: number;
  readonly rows?: number;
  /** Defaults to what covers `from`…`to`. */
  readonly slices?: number;
  readonly spacingMm?: readonly [column: number, row: number, slice: number];
  /** Defaults to the slice spacing. */
  readonly sliceThicknessMm?: number;
  /** Lowest and highest level in view; `S` is the whole sacrum. By chance where not given. */
  readonly from?: Level | 'S';
  readonly to?: Level;
  /** Exactly these fractures; by chance where not given, none for an empty list. */
  readonly fractures?: readonly Fracture[];
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
  /** Whether the whole body, posterior elements apart, lies in the picture. */
  readonly complete: boolean;
}

export interface SpinePhantom {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: readonly [column: number, row: number, slice: number];
  readonly sliceThicknessMm: number;
  /** Centre of the first voxel, mm; columns run to the left, rows to posterior, slices to the head (LPS axes). */
  readonly origin: PointLps;
  /** Hounsfield units, slice-major. */
  readonly voxels: Int16Array;
  readonly truth: SpineTruth;
}
export interface SpineTruth {
  /** Every vertebra with at least its centre in the picture, from the lowest up. */
  readonly vertebrae: readonly VertebraTruth[];
}

/** Label volumes on any grid of the same patient. */
export interface SpineLabels {
  /** Classes of `LABELS`. */
  readonly labels: Uint8Array;
  /** Number of the body (1 = L5, 2 = L4, … as in `LEVELS`), 0 outside bodies. */
  readonly bodies: Uint8Array;
}

/** Makes the picture and its truth. About 1 s for 14 million voxels. */
export function makeSpinePhantom(options: SpinePhantomOptions): SpinePhantom {
  const anatomy = makeAnatomy({
    random: createRandom(options.seed),
    ...(options.fractures && { fractures: options.fractures }),
  });
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
  paintTrunk(canvas, anatomy, trunk);
  paintOrgans(canvas, anatomy, trunk, createRandom(options.seed ^ 0x0a9a));
  paintSpine(canvas, anatomy, trunk.bone, createRandom(options.seed ^ 0xb04e));
  const noiseHu = options.noiseHu ?? random.between(6, 45);
  addNoise(voxels, grid, noiseHu, createRandom(options.seed ^ 0x4015e));
  const vertebrae = anatomy.vertebrae
    .filter(({ frame }) => inside(grid, frame.centre))
    .map((vertebra) => truthOf(vertebra, grid));
  return { columns, rows, slices, spacingMm, sliceThicknessMm, origin, voxels, truth: { vertebrae } };
}

/** The truth of the same patient (same seed and fractures) as label volumes on `grid`. */
export function makeSpineLabels(
  options: Pick<SpinePhantomOptions, 'seed' | 'fractures'>,
  grid: Omit<Grid, 'sliceThicknessMm'>,
): SpineLabels {
  const anatomy = makeAnatomy({
    random: createRandom(options.seed),
    ...(options.fractures && { fractures: options.fractures }),
  });
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
  paintSpine(canvas, anatomy, { core: 0, shell: 0 }, createRandom(options.seed ^ 0xb04e));
  return { labels, bodies };
}

/** Genant's grade of a height loss in percent. */
export function genantGrade(lossPercent: number): GenantGrade {
  return lossPercent < 20 ? 0 : lossPercent < 25 ? 1 : lossPercent <= 40 ? 2 : 3;
}

function truthOf(vertebra: Vertebra, grid: Grid): VertebraTruth {
  const { level, frame, heights, intactHeights, fracture, rim, depthMm } = vertebra;
  const lossPercent = fracture === undefined ? 0 : 100 * largestLoss(heights, intactHeights);
  const corners = [-1, 1].flatMap((t) =>
    [-1, 1].map((h) => at(frame, 0, (t * depthMm) / 2, h * (rim.posterior / 2 + 2))),
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

function paintSpine(
  canvas: Canvas,
  anatomy: Anatomy,
  bone: { readonly core: number; readonly shell: number },
  random: ReturnType<typeof createRandom>,
): void {
  const { vertebrae, sacrum } = anatomy;
  const cortexMm = random.between(0.9, 1.7);
  const discHu = random.between(55, 115);
  const archMaterial: Material = { hu: bone.core + 90, shell: { hu: bone.shell, mm: 1.5 }, grainHu: 25 };
  const canal = vertebrae.map(({ frame, depthMm }) => at(frame, 0, depthMm / 2 + 9, 0));
  const [first] = sacrum;
  for (const { frame, depthMm } of sacrum.slice(0, 3)) canal.unshift(at(frame, 0, depthMm / 2 + 6, 0));
  for (const shape of tubeShapes(canal, 10)) paint(canvas, shape, { hu: -60 });
  for (const shape of tubeShapes(canal, 8)) paint(canvas, shape, { hu: 25, grainHu: 5 });

  for (const vertebra of vertebrae) {
    for (const shape of archShapes(vertebra)) paint(canvas, shape, archMaterial, { label: LABELS.posterior, body: 0 });
  }
  paintSacrum(canvas, anatomy, archMaterial, random.between(0.35, 1));
  for (const [index, vertebra] of vertebrae.entries()) {
    const below = vertebrae[index - 1] ?? first;
    if (below === undefined) continue;
    const vacuum = random.chance(0.06);
    paint(
      canvas,
      discShape(below, vertebra),
      { hu: discHu + random.normal() * 12, grainHu: 8 },
      { label: LABELS.disc, body: 0 },
    );
    if (vacuum)
      paint(canvas, ellipsoidShape(at(vertebra.frame, 0, 0, -vertebra.rim.middle / 2 - 3), [9, 7, 1.2]), { hu: -600 });
  }
  for (const [index, vertebra] of vertebrae.entries()) {
    const dense = vertebra.fracture === undefined ? 0 : random.between(-10, 120);
    const core = bone.core * random.between(0.88, 1.12) + dense;
    const truth = { label: LABELS.body, body: index + 1 };
    paint(
      canvas,
      bodyShape(vertebra),
      { hu: core, shell: { hu: Math.max(bone.shell * random.between(0.6, 1), core + 60), mm: cortexMm }, grainHu: 28 },
      truth,
    );
    // Marrow is uneven: a paler or darker middle, at its own height.
    const { frame: bodyFrame, widthMm, depthMm: bodyDepth, rim: bodyRim } = vertebra;
    const middle = at(bodyFrame, random.normal() * 3, random.between(-4, 8), random.normal() * 2);
    const spread = random.between(0.2, 0.36);
    paint(
      canvas,
      ellipsoidShape(middle, [widthMm * spread, bodyDepth * spread, bodyRim.middle * random.between(0.12, 0.26)]),
      { hu: Math.max(-20, core + random.between(-70, 30)), grainHu: 28 },
    );
    // The vein's canal in the back wall, and now and then an island of dense bone.
    paint(
      canvas,
      ellipsoidShape(at(bodyFrame, 0, bodyDepth / 2 - 5, random.normal()), [
        4,
        random.between(3, 9),
        random.between(0.8, 2.4),
      ]),
      {
        hu: random.between(-40, core),
      },
    );
    const [isIsland, islandMm] = [random.chance(0.14), random.between(1.5, 6)];
    const island = at(bodyFrame, random.normal() * 7, random.normal() * 6, random.normal() * 5);
    if (isIsland) {
      paint(canvas, ellipsoidShape(island, [islandMm, islandMm, islandMm * random.between(0.6, 1.3)]), {
        hu: random.between(350, 1100),
      });
    }
    for (const spur of [-1, 1]) {
      // Draw for every corner, so that one spur more or less leaves the rest of the patient as it is.
      const [grows, size] = [random.chance(0.1), random.between(2, 4)];
      const { frame, depthMm, rim } = vertebra;
      if (!grows) continue;
      const h = spur * (rim.anterior / 2 - 2);
      paint(
        canvas,
        rodShape(at(frame, 0, -depthMm / 2 + 2, h), at(frame, 0, -depthMm / 2 - size, h + spur * 2), 2.5, 1.5),
        { hu: bone.shell * 0.8 },
        truth,
      );
    }
  }
}

function paintSacrum(canvas: Canvas, { sacrum, scale }: Anatomy, material: Material, inner: number): void {
  const truth = { label: LABELS.sacrum, body: 0 };
  for (const { frame, widthMm, depthMm, heightMm } of sacrum) {
    for (const side of [-1, 1]) {
      const wide = widthMm * 1.05;
      paint(
        canvas,
        rodShape(
          at(frame, side * widthMm * 0.35, 2, 0),
          at(frame, side * wide * 0.9, 8, -4),
          heightMm * 0.52,
          heightMm * 0.48,
        ),
        material,
        truth,
      );
    }
    paint(
      canvas,
      rodShape(
        at(frame, 0, depthMm / 2 + 12, heightMm * 0.4),
        at(frame, 0, depthMm / 2 + 11, -heightMm * 0.4),
        4 * scale,
      ),
      material,
      truth,
    );
  }
  for (const segment of sacrum) {
    paint(
      canvas,
      sacralShape(segment),
      { hu: (material.hu - 90) * inner, shell: { hu: (material.shell?.hu ?? 0) * 0.8, mm: 1.3 }, grainHu: 25 },
      truth,
    );
  }
}
