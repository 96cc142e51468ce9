/** Complications beside anatomy: bridges of bone, screws, cement, arms in the picture, and a sharp kernel. */
import type { PointLps } from '#core/image/geometry.ts';
import type { Random } from '../random.ts';
import type { Anatomy, Vertebra } from './anatomy.ts';
import { type Canvas, paint } from './canvas.ts';
import { at } from './frame.ts';
import { ellipsoidShape, rodShape } from './shapes.ts';

export interface Extras {
  readonly bridges: readonly Bridge[];
  /** Indices of the bodies with pedicle screws, and of the bodies with cement. */
  readonly screws: readonly number[];
  readonly cement: readonly number[];
  readonly arms: Arms | undefined;
  /** Sharpness of the kernel: 0 is soft. */
  readonly sharpness: number;
}

/** Bone from one body to the next above, in front of the disc or beside it (as in DISH and spondylosis). */
export interface Bridge {
  /** The lower body. */
  readonly index: number;
  /** Direction around the body from its front, radians; positive to the left. */
  readonly angle: number;
  readonly radiusMm: number;
}

export interface Arms {
  readonly gapMm: number;
  readonly radiusMm: number;
}

/** Draws the extras. Every draw is made even if it is not used, so that one extra more does not change the others. */
export function makeExtras({ vertebrae }: Anatomy, random: Random, plain: boolean): Extras {
  const bridged = random.chance(0.16);
  const lowest = random.int(0, 9);
  const count = random.int(2, 6);
  const side = random.between(-0.9, 0.9);
  const bridges = vertebrae.slice(0, -1).map((_, index): Bridge & { readonly isThere: boolean } => ({
    index,
    angle: side + 0.5 * random.normal(),
    radiusMm: random.between(2, 4.5),
    isThere: random.chance(0.02) || (bridged && index >= lowest && index < lowest + count),
  }));
  const screwed = random.chance(0.05);
  const [firstScrew, screws] = [random.int(0, 6), random.int(2, 3)];
  const cemented = random.chance(0.05);
  const cement = random.int(0, 9);
  const hasArms = random.chance(0.25);
  const arms = { gapMm: random.between(2, 15), radiusMm: random.between(35, 50) };
  const sharp = random.chance(0.3);
  const sharpness = random.between(0.3, 1);
  if (plain) return { bridges: [], screws: [], cement: [], arms: undefined, sharpness: 0 };
  return {
    bridges: bridges.filter(({ isThere }) => isThere),
    screws: screwed ? Array.from({ length: screws }, (_, n) => firstScrew + n) : [],
    cement: cemented ? [cement] : [],
    arms: hasArms ? arms : undefined,
    sharpness: sharp ? sharpness : 0,
  };
}

/** Paints bridges before the bodies that they join. Their part outside the bodies belongs to no body. */
export function paintBridges(
  canvas: Canvas,
  { vertebrae }: Anatomy,
  { bridges }: Extras,
  bone: { readonly core: number; readonly shell: number },
): void {
  for (const { index, angle, radiusMm } of bridges) {
    const [below, above] = [vertebrae[index], vertebrae[index + 1]];
    if (below === undefined || above === undefined) continue;
    const [from, to] = [cornerOf(below, 1, angle), cornerOf(above, -1, angle)];
    paint(
      canvas,
      rodShape(from, to, radiusMm),
      { hu: bone.core + 60, shell: { hu: bone.shell, mm: 1.3 }, grainHu: 20 },
      { label: 0, body: 0 },
    );
  }
}

/** A point on the rim of a body's upper (1) or lower (−1) endplate. */
function cornerOf({ frame, widthMm, depthMm, rim }: Vertebra, side: 1 | -1, angle: number): PointLps {
  return at(frame, (widthMm / 2) * Math.sin(angle), (-depthMm / 2) * Math.cos(angle), side * (rim.anterior / 2 - 3.5));
}

const METAL_HU = 3000;
const CEMENT_HU = { least: 900, most: 2200 } as const;

/** Paints screws with their streaks, and cement. The bodies' truth stays the same. */
export function paintHardware(canvas: Canvas, { vertebrae }: Anatomy, extras: Extras, random: Random): void {
  const tips: PointLps[] = [];
  for (const vertebra of extras.screws.flatMap((index) => vertebrae[index] ?? [])) {
    const { frame, widthMm, depthMm, rim } = vertebra;
    for (const side of [-1, 1]) {
      const entry = at(frame, side * widthMm * 0.38, depthMm / 2 + 26, rim.posterior * 0.3);
      const tip = at(frame, side * widthMm * 0.18, -depthMm * 0.2, rim.posterior * 0.12);
      paint(canvas, rodShape(entry, tip, 3), { hu: METAL_HU });
      paint(canvas, ellipsoidShape(entry, [7, 7, 7]), { hu: METAL_HU });
      tips.push(entry, tip);
    }
  }
  if (tips.length > 0) addStreaks(canvas, tips, random);
  for (const vertebra of extras.cement.flatMap((index) => vertebrae[index] ?? [])) {
    const { frame, widthMm, depthMm, rim } = vertebra;
    for (let blob = 0; blob < 3; blob += 1) {
      const middle = at(frame, random.normal() * widthMm * 0.15, random.normal() * depthMm * 0.12, random.normal() * 2);
      const radius = rim.middle * random.between(0.15, 0.3);
      paint(canvas, ellipsoidShape(middle, [radius * 1.5, radius * 1.3, radius]), {
        hu: random.between(CEMENT_HU.least, CEMENT_HU.most),
        grainHu: 120,
      });
    }
  }
}

/** Bright and dark rays from the metal in nearby slices, fading with distance. */
function addStreaks({ grid, voxels }: Canvas, metal: readonly PointLps[], random: Random): void {
  if (voxels === undefined) return;
  const [dx, dy, dz] = grid.spacingMm;
  const strength = random.between(60, 350);
  const rays = Array.from({ length: 4 }, () => ({ count: random.int(2, 9), phase: random.between(0, 6.28) }));
  for (let k = 0; k < grid.slices; k += 1) {
    const z = grid.origin[2] + k * dz;
    for (const [x0, y0, z0] of metal) {
      const near = 1 - Math.abs(z - z0) / 6;
      if (near <= 0) continue;
      for (let j = 0; j < grid.rows; j += 1) {
        const y = grid.origin[1] + j * dy - y0;
        for (let i = 0; i < grid.columns; i += 1) {
          const x = grid.origin[0] + i * dx - x0;
          const angle = Math.atan2(y, x);
          const fade = near * Math.exp(-Math.hypot(x, y) / 45);
          if (fade < 0.02) continue;
          const wave = rays.reduce((sum, { count, phase }) => sum + Math.sin(count * angle + phase), 0);
          const at = (k * grid.rows + j) * grid.columns + i;
          voxels[at] = (voxels[at] ?? 0) + strength * fade * 0.5 * wave;
        }
      }
    }
  }
}
