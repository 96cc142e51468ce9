/** The surroundings of the spine: skin, fat, muscle, organs, vessels, ribs, pelvis and the table. */
import type { PointLps } from '#core/image/geometry.ts';
import type { Random } from '../random.ts';
import type { Anatomy, Vertebra } from './anatomy.ts';
import { type Canvas, type Material, paint } from './canvas.ts';
import type { Arms, Extras } from './extras.ts';
import { ellipsoidShape, plateShapes, ribShapes, rodShape, tubeShapes } from './shapes.ts';

/** The trunk's outline and tissue, drawn once per phantom, so that every grid shows the same patient. */
export interface Trunk {
  readonly halfWidthMm: number;
  readonly halfDepthMm: number;
  readonly fatMm: number;
  readonly backMm: number;
  readonly wallMm: number;
  readonly contrastHu: number;
  readonly bone: { readonly core: number; readonly shell: number };
  readonly tableMm: number;
}

export function makeTrunk(random: Random): Trunk {
  return {
    halfWidthMm: random.between(145, 195),
    halfDepthMm: random.between(95, 140),
    fatMm: random.between(6, 34),
    backMm: random.between(66, 84),
    wallMm: random.between(9, 16),
    contrastHu: random.chance(0.5) ? random.between(90, 330) : random.between(30, 60),
    bone: {
      core: random.chance(0.6) ? random.between(30, 140) : random.between(120, 290),
      shell: random.between(260, 720),
    },
    tableMm: random.between(4, 25),
  };
}

/** How far the skin follows the spine's curves. */
const FOLLOW = 0.45;

/** y of the spine's axis at height z: interpolated between bodies, constant beyond them. */
function spineY(anatomy: Anatomy, z: number): number {
  const { vertebrae } = anatomy;
  let below: Vertebra | undefined;
  for (const vertebra of vertebrae) {
    if (vertebra.frame.centre[2] >= z) {
      if (below === undefined) return vertebra.frame.centre[1];
      const [, y0, z0] = below.frame.centre;
      const [, y1, z1] = vertebra.frame.centre;
      return y0 + ((y1 - y0) * (z - z0)) / (z1 - z0);
    }
    below = vertebra;
  }
  return below?.frame.centre[1] ?? 0;
}

/** Fills air, fat, muscle wall, cavity and table, row by row; outside there is air. */
export function paintTrunk(canvas: Canvas, anatomy: Anatomy, trunk: Trunk & Pick<Extras, 'arms'>): void {
  const { grid, voxels } = canvas;
  if (voxels === undefined) return;
  const [dx, dy, dz] = grid.spacingMm;
  voxels.fill(-1000);
  const back = trunk.backMm + trunk.fatMm;
  for (let k = 0; k < grid.slices; k += 1) {
    const z = grid.origin[2] + k * dz;
    const grow = 1 + 0.06 * Math.min(1, Math.max(0, (20 - z) / 60));
    const centreY = FOLLOW * spineY(anatomy, z) + back - trunk.halfDepthMm;
    for (let j = 0; j < grid.rows; j += 1) {
      const y = grid.origin[1] + j * dy;
      const row = (k * grid.rows + j) * grid.columns;
      const fill = (inset: number, hu: number): void => {
        const b = trunk.halfDepthMm - inset;
        const f = 1 - Math.abs((y - centreY) / b) ** 2.3;
        if (f <= 0) return;
        const half = (trunk.halfWidthMm * grow - inset) * f ** (1 / 2.3);
        const from = Math.max(0, Math.ceil((-half - grid.origin[0]) / dx));
        const to = Math.min(grid.columns, Math.floor((half - grid.origin[0]) / dx) + 1);
        if (from < to) voxels.fill(hu, row + from, row + to);
      };
      fill(0, 20);
      fill(2, -105);
      fill(trunk.fatMm, 55);
      fill(trunk.fatMm + trunk.wallMm, -95);
      const table = y - (FOLLOW * spineY(anatomy, 0) + back + trunk.tableMm);
      if (table > 0 && table < 40) {
        const from = Math.max(0, Math.ceil((-210 - grid.origin[0]) / dx));
        const to = Math.min(grid.columns, Math.floor((210 - grid.origin[0]) / dx) + 1);
        if (from < to) voxels.fill(table < 3 || table > 37 ? -120 : -880, row + from, row + to);
      }
    }
  }
  if (trunk.arms !== undefined) paintArms(canvas, trunk, trunk.arms);
}

/** Arms beside the trunk: flesh around one bone, longer than any picture. */
function paintArms(canvas: Canvas, { halfWidthMm, backMm, fatMm, bone }: Trunk, { gapMm, radiusMm }: Arms): void {
  for (const side of [-1, 1]) {
    const x = side * (halfWidthMm + gapMm + radiusMm);
    const y = backMm + fatMm - radiusMm - 12;
    const rod = (radius: number, material: Material): void =>
      paint(canvas, rodShape([x, y, -400], [x - side * 20, y, 800], radius), material);
    rod(radiusMm, { hu: -100 });
    rod(radiusMm * 0.86, { hu: 55, grainHu: 6 });
    rod(11, { hu: bone.core, shell: { hu: bone.shell + 300, mm: 3 } });
  }
}

/** Organs, vessels, muscles, ribs and pelvis. */
export function paintOrgans(canvas: Canvas, anatomy: Anatomy, trunk: Trunk, random: Random): void {
  if (canvas.voxels === undefined) return;
  const { vertebrae, scale } = anatomy;
  const centreOf = (name: string): PointLps => vertebrae.find(({ level }) => level === name)?.frame.centre ?? [0, 0, 0];
  const soft = (hu: number): Material => ({ hu, grainHu: 6 });
  const ellipsoid = (at: PointLps, radii: PointLps, hu: number): void =>
    paint(canvas, ellipsoidShape(at, radii), soft(hu));
  const tube = (line: readonly PointLps[], radius: number, material: Material): void => {
    for (const shape of tubeShapes(line, radius)) paint(canvas, shape, material);
  };
  const beside = (x: number, y: number, from: number, to: number): PointLps[] =>
    vertebrae
      .slice(from, to)
      .map(({ frame, depthMm }) => [frame.centre[0] + x, frame.centre[1] + y - depthMm / 2, frame.centre[2]]);

  // Muscles along the spine, from the sacrum to the neck.
  const muscle = random.between(35, 65);
  for (const side of [-1, 1]) {
    tube(
      [
        [side * 28, 38, -70],
        ...vertebrae.map(
          ({ frame, depthMm }): PointLps => [
            frame.centre[0] + side * 27,
            frame.centre[1] + depthMm / 2 + 28,
            frame.centre[2],
          ],
        ),
      ],
      random.between(17, 25),
      soft(muscle),
    );
    tube(
      [[side * 75, -50, -110], [side * 60, -25, -40], ...beside(side * 42, 26, 0, 5)],
      random.between(13, 22),
      soft(muscle),
    );
    tube(
      [
        [side * 95, 50, -120],
        [side * 75, 55, -40],
      ],
      34,
      soft(muscle),
    );
  }
  // Chest: lungs, mediastinum, heart.
  const [, t7y, t7z] = centreOf('T7');
  const chestA = Math.min(trunk.halfWidthMm - trunk.fatMm - trunk.wallMm - 4, 135);
  const chestB = trunk.halfDepthMm - trunk.fatMm - 8;
  const bottom = centreOf('T11')[2];
  const middleY = FOLLOW * t7y + trunk.backMm + trunk.fatMm - trunk.halfDepthMm;
  const half = (centreOf('T1')[2] - bottom) / 2 + 22;
  if (random.chance(0.95)) {
    for (const side of [-1, 1])
      ellipsoid(
        [side * chestA * 0.53, middleY + 4, bottom + half - 12],
        [chestA * 0.44, chestB * 0.84, half],
        random.between(-890, -780),
      );
    ellipsoid([12, middleY - chestB * 0.25, t7z - 30], [55, 48, 62], random.between(35, 60) + trunk.contrastHu * 0.4);
    tube(
      [
        [0, middleY - 5, t7z],
        [0, middleY - 8, t7z + 100],
      ],
      24,
      soft(random.between(-40, 60)),
    );
    tube(
      [
        [0, t7y - 30, t7z + 10],
        [0, t7y - 22, t7z + 110],
      ],
      8,
      { hu: -950 },
    );
  }
  // Belly: liver, spleen, kidneys, bowel.
  const l1 = centreOf('L1');
  const liver = random.between(40, 115);
  ellipsoid([-70, l1[1] - 55, bottom + 8], [72, 75, 78], liver);
  ellipsoid([85, l1[1] - 5, bottom + 10], [34, 45, 50], liver + random.between(-10, 20));
  for (const side of [-1, 1])
    ellipsoid([side * random.between(55, 70), l1[1] + 8, l1[2] - 25 + side * 8], [24, 26, 55], random.between(30, 190));
  for (let loop = random.int(14, 30); loop > 0; loop -= 1) {
    const at: PointLps = [random.normal() * 55, -random.between(35, 150), random.between(-110, l1[2])];
    const r = random.between(9, 26);
    const inside: PointLps = [at[0], Math.max(at[1], middleY - trunk.halfDepthMm + trunk.fatMm + 22 + r), at[2]];
    ellipsoid(inside, [r, r * random.between(0.6, 1.1), r * random.between(0.7, 1.6)], random.between(10, 70));
    if (random.chance(0.15))
      paint(canvas, ellipsoidShape(inside, [r * 0.8, r * 0.7, r * 0.8]), { hu: -150, grainHu: 160 });
    if (random.chance(0.5))
      ellipsoid(
        [inside[0], inside[1] - 2, inside[2]],
        [r * 0.7, r * 0.55, r * 0.7],
        random.pick([-900, -900, -700, 15, 150, 350]),
      );
  }
  // The diaphragm's crura and the tissue in front of the spine, often without fat between them and the bodies.
  for (const side of [-1, 1]) {
    const hugs = random.between(-10, 2);
    tube(
      beside(side * random.between(6, 16), hugs, random.int(1, 3), random.int(6, 9)),
      random.between(5, 12),
      soft(random.between(35, 70)),
    );
  }
  // Great vessels with calcified plaques.
  const aorta = beside(random.between(2, 16), -random.between(8, 15), 1, 14);
  tube(aorta, random.between(8, 13), soft(trunk.contrastHu));
  tube(beside(-20, -9, 0, 10), 10, soft(trunk.contrastHu * 0.7));
  for (let plaque = random.chance(0.5) ? random.int(3, 22) : 0; plaque > 0; plaque -= 1) {
    const [x, y, z] = aorta[random.int(0, aorta.length - 1)] ?? l1;
    const angle = random.between(0, 6.28);
    ellipsoid(
      [x + 10 * Math.cos(angle), y + 10 * Math.sin(angle), z + random.between(-12, 12)],
      [random.between(1, 3), random.between(1, 3), random.between(1.5, 6)],
      random.between(350, 1000),
    );
  }
  // Ribs, sternum, pelvis.
  const bone: Material = { hu: trunk.bone.core + 40, shell: { hu: trunk.bone.shell, mm: 1.4 }, grainHu: 20 };
  for (const vertebra of vertebrae) {
    if (!vertebra.level.startsWith('T')) continue;
    const number = Number(vertebra.level.slice(1));
    const size = number < 6 ? 0.55 + 0.075 * number : 1;
    const reach = number === 12 ? random.between(0.2, 0.5) : number === 11 ? 0.55 : 1;
    for (const side of [-1, 1] as const) {
      for (const shape of ribShapes(vertebra, side, { a: chestA * size, b: chestB * size }, reach))
        paint(canvas, shape, bone);
    }
  }
  const front = middleY - chestB * 0.92;
  for (const x of [-9, 0, 9])
    tube(
      [
        [x, front, t7z - 35],
        [x, front + 10, t7z + 80],
      ],
      6,
      bone,
    );
  paintPelvis(canvas, scale, bone);
}

function paintPelvis(canvas: Canvas, scale: number, bone: Material): void {
  const p = (side: number, x: number, y: number, z: number): PointLps => [side * x * scale, y * scale, z * scale];
  for (const side of [-1, 1]) {
    const crest = [p(side, 52, 62, -8), p(side, 88, 42, 18), p(side, 118, -5, 22), p(side, 128, -45, -10)];
    const rim = [p(side, 48, 50, -55), p(side, 68, 22, -60), p(side, 84, -8, -62), p(side, 92, -30, -70)];
    for (const shape of plateShapes(crest, rim, 6 * scale, 9)) paint(canvas, shape, bone);
    paint(canvas, rodShape(p(side, 80, 0, -62), p(side, 88, -8, -98), 15 * scale, 24 * scale), bone);
    paint(canvas, rodShape(p(side, 88, -8, -100), p(side, 62, 22, -140), 15 * scale, 12 * scale), bone);
    paint(canvas, rodShape(p(side, 80, -30, -95), p(side, 4, -78, -122), 9 * scale), bone);
    paint(canvas, ellipsoidShape(p(side, 95, -8, -98), [23 * scale, 23 * scale, 23 * scale]), bone);
    paint(canvas, rodShape(p(side, 95, -8, -98), p(side, 135, 5, -130), 14 * scale), bone);
  }
}
