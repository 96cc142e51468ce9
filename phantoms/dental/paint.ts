/** Paints a tooth with its caries and restorations into a scene. */
import type { Random } from '../random.ts';
import { type Caries, cariesAt } from './lesion.ts';
import type { Scene } from './scene.ts';
import { crownHalfWidth, occlusalSurface, sectionAt, type Tooth } from './tooth.ts';

/** A filling or crown: a region in tooth coordinates that absorbs more than enamel. */
export interface Restoration {
  readonly kind: 'occlusal' | 'mesial' | 'distal' | 'crown';
  /** Extent inwards from its surface, and half its extent along the surface, mm. */
  readonly depthMm: number;
  readonly half: number;
  /** Added attenuation in its middle, mm of dentin. */
  readonly density: number;
}

export interface ToothFillings {
  readonly caries: readonly { readonly number: number; readonly caries: Caries }[];
  readonly restorations: readonly Restoration[];
}

function inRestoration(tooth: Tooth, restoration: Restoration, u: number, v: number): boolean {
  const below = v - occlusalSurface(tooth, u);
  if (below <= 0.05) return false;
  switch (restoration.kind) {
    case 'crown':
      return v < tooth.crown * 0.95;
    case 'occlusal':
      return below < restoration.depthMm * (1 - 0.25 * (u / restoration.half) ** 2) && Math.abs(u) < restoration.half;
    case 'mesial':
    case 'distal': {
      const side = restoration.kind === 'mesial' ? tooth.mesial : -tooth.mesial;
      return crownHalfWidth(tooth, v) - side * u < restoration.depthMm && below < restoration.half * 2;
    }
  }
}

/** Pixels below this fraction of the lesion's middle are too faint to count as part of the lesion. */
const LESION_EDGE = 0.35;

/** Adds the tooth's attenuation and labels its pixels. Everything outside the picture is clipped. */
export function paintTooth(scene: Scene, tooth: Tooth, fillings: ToothFillings, random: Random): void {
  const { rows, columns, spacingMm } = scene;
  const down = tooth.jaw === 'lower' ? 1 : -1;
  const cos = Math.cos(tooth.tilt);
  const sin = Math.sin(tooth.tilt);
  const length = tooth.crown + tooth.root;
  const reach = Math.hypot(length, tooth.width);
  const firstRow = Math.max(0, Math.floor((tooth.y - (down > 0 ? 2 : reach)) / spacingMm));
  const lastRow = Math.min(rows - 1, Math.ceil((tooth.y + (down > 0 ? reach : 2)) / spacingMm));
  const sway = tooth.width + Math.abs(sin) * reach;
  const firstColumn = Math.max(0, Math.floor((tooth.x - sway) / spacingMm));
  const lastColumn = Math.min(columns - 1, Math.ceil((tooth.x + sway) / spacingMm));
  const burnout = random.between(0.03, 0.28);
  const core = { u: 0.3 * tooth.width, v: 0.36 * tooth.crown };

  for (let row = firstRow; row <= lastRow; row++) {
    const dy = down * ((row + 0.5) * spacingMm - tooth.y);
    for (let column = firstColumn; column <= lastColumn; column++) {
      const dx = (column + 0.5) * spacingMm - tooth.x;
      const u = dx * cos + dy * sin;
      const v = dy * cos - dx * sin;
      if (v < -0.5 || v > length + 1 || Math.abs(u) > tooth.width) continue;
      const index = row * columns + column;
      const section = sectionAt(tooth, u, v);
      if (section.part === 'outside') {
        ligament(scene, tooth, index, u, v);
        continue;
      }
      let attenuation = section.attenuation;
      // Cervical burnout: the thin neck between enamel and bone looks hollow at its sides.
      const neck = Math.max(0, 1 - Math.abs(v - tooth.crown - 0.4) / 1.6);
      const edge = Math.max(0, Math.abs(u) / crownHalfWidth(tooth, Math.min(v, tooth.crown)) - 0.45);
      attenuation *= 1 - burnout * neck * Math.min(1, 2 * edge);
      for (const { number, caries } of fillings.caries) {
        const inside = cariesAt(tooth, caries, u, v);
        attenuation *= 1 - caries.loss * inside;
        if (inside > LESION_EDGE) scene.lesionLabels[index] = number;
      }
      for (const restoration of fillings.restorations) {
        if (!inRestoration(tooth, restoration, u, v)) continue;
        attenuation += restoration.density;
        scene.restorations[index] = 1;
      }
      scene.teeth[index] = (scene.teeth[index] ?? 0) + attenuation;
      scene.surroundings[index] = (scene.surroundings[index] ?? 0) * (section.part === 'root' ? 0.8 : 1);
      scene.toothLabels[index] = tooth.fdi;
      if ((u / core.u) ** 2 + ((v - 0.5 * tooth.crown) / core.v) ** 2 < 1) scene.crownCores[index] = tooth.fdi;
    }
  }
}

/** The dark line of the periodontal ligament and the bright lamina dura around a root. */
function ligament(scene: Scene, tooth: Tooth, index: number, u: number, v: number): void {
  if (v < tooth.crown + 2 || Math.abs(u) > 0.5 * tooth.width + tooth.spread) return;
  const near = (mm: number): boolean => {
    const towards = u - Math.sign(u) * mm;
    return sectionAt(tooth, towards, v).part !== 'outside' || sectionAt(tooth, u, v - mm).part !== 'outside';
  };
  const bone = scene.surroundings[index] ?? 0;
  if (near(0.25)) scene.surroundings[index] = bone * 0.85;
  else if (near(0.55)) scene.surroundings[index] = bone * 1.12;
}
