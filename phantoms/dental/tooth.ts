/**
 * The shape of one tooth, and its attenuation along the beam.
 *
 * Tooth coordinates, mm on the detector: `u` along the arch (mesiodistal), 0 on the long axis; `v` along the axis, 0 at the cusps,
 * increasing towards the apex. Sections of the crown across the beam are superellipses of enamel around dentin.
 */
import type { Random } from '../random.ts';

export type Jaw = 'upper' | 'lower';

/** The place and size of a tooth. Lengths in mm on the detector (magnification included). */
export interface Tooth {
  readonly fdi: number;
  readonly jaw: Jaw;
  /** Position in the quadrant, 1 (central incisor) to 8 (third molar). */
  readonly position: number;
  /** The point of the axis at the cusps, mm from the image's left and upper edges. */
  readonly x: number;
  readonly y: number;
  /** Tilt of the axis, radians. Positive values lean the apex towards the image's left. */
  readonly tilt: number;
  /** +1 where mesial is towards the image's right. */
  readonly mesial: 1 | -1;
  readonly width: number;
  readonly crown: number;
  readonly root: number;
  /** Along the beam (buccolingual). */
  readonly depth: number;
  readonly enamel: number;
  readonly cusp: number;
  readonly pulp: number;
  /** Half the distance between the apices of a molar's roots. */
  readonly spread: number;
}

type Size = readonly [width: number, crown: number, root: number, depth: number];

/** Mean sizes of permanent teeth, mm, position 1 to 8 (after S. J. Nelson, Wheeler's Dental Anatomy). */
const SIZES: Readonly<Record<Jaw, readonly Size[]>> = {
  upper: [
    [8.5, 10.5, 13, 7],
    [6.5, 9, 13, 6],
    [7.6, 10, 17, 8],
    [7.0, 8.5, 14, 9],
    [6.8, 8.5, 14, 9],
    [10.2, 7.5, 13, 11],
    [9.6, 7.2, 12, 11],
    [8.6, 6.5, 11, 10],
  ],
  lower: [
    [5.3, 9, 12.5, 6],
    [5.7, 9.5, 14, 6.5],
    [6.8, 11, 16, 7.5],
    [7.0, 8.5, 14, 7.7],
    [7.1, 8, 14.5, 8.2],
    [11.2, 7.5, 14, 10.5],
    [10.5, 7, 13, 10],
    [10, 7, 11, 9.5],
  ],
};

export function toothSize(jaw: Jaw, position: number): Size {
  return SIZES[jaw][position - 1] ?? [8, 8, 13, 8];
}

/** A tooth of the usual size with natural variation, multiplied by `scale` (the magnification on the detector). */
export function growTooth(
  place: Pick<Tooth, 'fdi' | 'jaw' | 'position' | 'x' | 'y' | 'tilt' | 'mesial'> & { readonly width: number },
  scale: number,
  random: Random,
): Tooth {
  const [, crown, root, depth] = toothSize(place.jaw, place.position);
  const molar = place.position >= 6;
  return {
    ...place,
    crown: crown * scale * random.between(0.92, 1.08),
    root: root * scale * random.between(0.88, 1.1),
    depth: depth * scale * random.between(0.92, 1.08),
    enamel: scale * random.between(0.9, 1.35) * (place.jaw === 'lower' && place.position <= 3 ? 0.6 : 1),
    cusp: scale * (place.position <= 2 ? random.between(0, 0.2) : random.between(0.3, 1)),
    pulp: scale * random.between(0.6, 1.3),
    spread: molar ? place.width * random.between(0.16, 0.34) : 0,
  };
}

/** Half the crown's width at depth `v` below the cusps: narrow at the occlusal surface, widest at the contact. */
export function crownHalfWidth(tooth: Tooth, v: number): number {
  const t = v / tooth.crown;
  const shape = tooth.position <= 3 ? INCISOR : MOLAR;
  const slot = Math.min(shape.length - 2, Math.max(0, Math.floor(t * (shape.length - 1))));
  const f = Math.min(1, Math.max(0, t * (shape.length - 1) - slot));
  const soft = f * f * (3 - 2 * f);
  return (tooth.width / 2) * ((shape[slot] ?? 1) * (1 - soft) + (shape[slot + 1] ?? 1) * soft);
}
const MOLAR = [0.74, 0.95, 1, 0.97, 0.89, 0.79];
const INCISOR = [0.88, 1, 0.98, 0.9, 0.8, 0.68];

/** Height of the occlusal surface at `u`: deeper than the cusps at the fissure. */
export function occlusalSurface(tooth: Tooth, u: number): number {
  const t = (2 * u) / tooth.width;
  return tooth.position <= 3
    ? tooth.position === 3
      ? tooth.cusp * 1.5 * Math.abs(t)
      : 0.15 * t * t
    : tooth.cusp * (0.5 + 0.5 * Math.cos(2 * Math.PI * t)) + 0.9 * tooth.cusp * Math.max(0, Math.abs(t) - 0.6);
}

/** Enamel thickness at the side. It thins out towards the neck. */
export function proximalEnamel(tooth: Tooth, v: number): number {
  const t = v / tooth.crown;
  return t > 0.97 ? 0 : tooth.enamel * Math.min(1, Math.sqrt((0.97 - t) / 0.55));
}

/** Enamel in the beam before and behind the dentin. It ends gradually, so the neck shows no edge. */
function facialEnamel(tooth: Tooth, v: number): number {
  return tooth.enamel * Math.min(1, Math.max(0, (0.97 - v / tooth.crown) / 0.55));
}

/** Enamel thickness at the occlusal surface. */
export function occlusalEnamel(tooth: Tooth): number {
  return tooth.enamel * (tooth.position <= 3 ? 1 : 1.35);
}

const SQUARE = 3.4;
const chord = (u: number, halfWidth: number, depth: number): number => {
  const t = Math.abs(u) / halfWidth;
  return t >= 1 || depth <= 0 ? 0 : depth * (1 - t ** SQUARE) ** (1 / SQUARE);
};
const round = (u: number, halfWidth: number, depth: number): number => {
  const t = Math.abs(u) / halfWidth;
  return t >= 1 ? 0 : depth * Math.sqrt(1 - t * t);
};

/** Absorption of enamel and of pulp relative to dentin. */
const ENAMEL = 2.15;
const PULP = 0.45;

/** The section that the beam meets at (u, v): its attenuation in mm of dentin, and the part of the tooth. */
export interface Section {
  readonly attenuation: number;
  readonly part: 'crown' | 'root' | 'outside';
}

export function sectionAt(tooth: Tooth, u: number, v: number): Section {
  return v < tooth.crown ? crownSection(tooth, u, v) : rootSection(tooth, u, v - tooth.crown);
}

const OUTSIDE: Section = { attenuation: 0, part: 'outside' };

function crownSection(tooth: Tooth, u: number, v: number): Section {
  const half = crownHalfWidth(tooth, v);
  const below = v - occlusalSurface(tooth, u);
  if (below <= 0 || Math.abs(u) >= half) return OUTSIDE;
  // Cusps are rounded along the beam: below them, the section grows to its full depth.
  const depth =
    tooth.depth * Math.min(1, 0.45 + below / (0.5 * tooth.crown)) * (tooth.position <= 3 ? wedge(v / tooth.crown) : 1);
  const enamel = proximalEnamel(tooth, v);
  const outer = chord(u, half, depth);
  const roofed = below < occlusalEnamel(tooth);
  const inner = roofed ? 0 : chord(u, half - enamel, depth - 1.6 * facialEnamel(tooth, v));
  const chamberHalf = 0.2 * tooth.width * Math.min(1.3, tooth.pulp);
  const horn = tooth.crown * 0.62 - 0.12 * tooth.crown * Math.abs(Math.sin((Math.PI * u) / Math.max(0.5, chamberHalf)));
  const pulp = v > horn ? round(u, chamberHalf, 0.35 * tooth.depth * tooth.pulp) : 0;
  return { attenuation: ENAMEL * (outer - inner) + inner - (1 - PULP) * pulp, part: 'crown' };
}
/** Front teeth are thin at the edge. */
const wedge = (t: number): number => 0.35 + 0.65 * Math.min(1, t / 0.8);

function rootSection(tooth: Tooth, u: number, v: number): Section {
  const t = v / tooth.root;
  if (t >= 1) return OUTSIDE;
  const neck = crownHalfWidth(tooth, tooth.crown);
  const taper = Math.sqrt(1 - t ** 1.8);
  if (tooth.spread === 0) {
    const half = neck * taper;
    const canal = round(u, 0.05 * tooth.width * (1.4 - t) * tooth.pulp, 0.22 * tooth.depth);
    // Boxy at the neck like the crown, round towards the apex.
    const boxy = Math.max(0, 1 - 3 * t);
    const solid = taper * tooth.depth * (0.93 * boxy * chord(u, half, 1) + 0.9 * (1 - boxy) * round(u, half, 1));
    return solid === 0 ? OUTSIDE : { attenuation: Math.max(0, solid - (1 - PULP) * canal), part: 'root' };
  }
  const fork = 0.24;
  const apart = t < fork ? 0.5 * neck : 0.5 * neck + (tooth.spread - 0.25 * neck) * ((t - fork) / (1 - fork));
  const half = t < fork ? neck - apart : 0.5 * neck * taper;
  let attenuation = 0;
  for (const side of [-1, 1]) {
    const solid = round(u - side * apart, half * 1.04, 0.8 * tooth.depth * taper);
    const canal = round(u - side * apart, 0.045 * tooth.width * tooth.pulp, 0.2 * tooth.depth);
    attenuation = Math.max(attenuation, solid - (solid > 0 ? (1 - PULP) * canal : 0));
  }
  if (t < fork && Math.abs(u) < neck) {
    const trunk = chord(u, neck, (1 - 0.15 * Math.min(1, t / (0.8 * fork))) * tooth.depth);
    const floor = t < 0.5 * fork ? round(u, 0.18 * tooth.width, 0.3 * tooth.depth * tooth.pulp) : 0;
    attenuation = Math.max(attenuation, trunk - (1 - PULP) * floor);
  }
  // The palatal root of upper molars lies in the beam between the buccal ones.
  if (tooth.jaw === 'upper' && t >= fork) attenuation += round(u, 0.5 * neck * taper, 0.45 * tooth.depth * taper);
  return attenuation > 0 ? { attenuation, part: 'root' } : OUTSIDE;
}
