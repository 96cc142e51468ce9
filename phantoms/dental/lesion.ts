/** Caries in tooth coordinates: its place, its depth, and the attenuation that it takes away. */
import type { Random } from '../random.ts';
import { crownHalfWidth, occlusalEnamel, occlusalSurface, proximalEnamel, type Tooth } from './tooth.ts';

export type Surface = 'mesial' | 'distal' | 'occlusal';

/** Radiographic depth: outer and inner half of the enamel, outer, middle and inner third of the dentin. */
export type DepthClass = 'E1' | 'E2' | 'D1' | 'D2' | 'D3';

export interface Caries {
  readonly surface: Surface;
  readonly depth: DepthClass;
  /** From the tooth's surface inwards, mm on the detector. */
  readonly depthMm: number;
  /** Centre on the surface: `v` for proximal caries, `u` for occlusal. */
  readonly at: number;
  /** Half of its extent along the surface in enamel and in dentin, mm. */
  readonly halfEnamel: number;
  readonly halfDentin: number;
  /** Fraction of the tooth's attenuation that is lost in the lesion's middle. */
  readonly loss: number;
}

/** The range of depth that each class reaches, as a fraction of the enamel's or of the dentin's thickness (from enamel to pulp). */
const REACH: Readonly<Record<DepthClass, readonly [number, number]>> = {
  E1: [0.35, 0.5],
  E2: [0.7, 1],
  D1: [0.12, 0.33],
  D2: [0.38, 0.66],
  D3: [0.7, 0.98],
};

export function growCaries(tooth: Tooth, surface: Surface, depth: DepthClass, scale: number, random: Random): Caries {
  const [lo, hi] = REACH[depth];
  const reach = random.between(lo, hi);
  const inEnamel = depth === 'E1' || depth === 'E2';
  if (surface === 'occlusal') {
    const dentin = 0.5 * tooth.crown - occlusalEnamel(tooth);
    return {
      surface,
      depth,
      depthMm: occlusalEnamel(tooth) + Math.max(0.9 * scale, reach * Math.max(1.5 * scale, dentin)),
      at: tooth.width * random.between(-0.14, 0.14),
      halfEnamel: scale * random.between(0.15, 0.35),
      halfDentin: scale * random.between(0.9, 1.3) * (0.8 + reach),
      loss: random.between(0.3, 0.55),
    };
  }
  const at = tooth.crown * random.between(0.42, 0.66);
  const enamel = proximalEnamel(tooth, at);
  const dentin = crownHalfWidth(tooth, at) - enamel - 0.2 * tooth.width;
  return {
    surface,
    depth,
    depthMm: inEnamel ? reach * enamel : enamel + reach * dentin,
    at,
    halfEnamel: scale * random.between(0.6, 1.2) * (depth === 'E1' ? 0.8 : 1),
    halfDentin: scale * random.between(0.7, 1.2) * (0.8 + 0.8 * reach),
    loss: inEnamel ? random.between(0.3, 0.5) : random.between(0.4, 0.65),
  };
}

/** How far inside the lesion (u, v) is: 1 in its middle, 0 outside, soft at the edge. */
export function cariesAt(tooth: Tooth, caries: Caries, u: number, v: number): number {
  if (caries.surface === 'occlusal') {
    const below = v - occlusalSurface(tooth, u);
    const roof = occlusalEnamel(tooth);
    const across = Math.abs(u - caries.at);
    if (below <= 0 || below > caries.depthMm + 0.3) return 0;
    if (below < roof) return 0.5 * soft(1 - across / caries.halfEnamel);
    const t = (below - roof) / (caries.depthMm - roof);
    return t >= 1 ? 0 : soft(1.8 * (1 - across / (caries.halfDentin * Math.sqrt(1 - t * t)))) * soft(2.4 * (1 - t));
  }
  const side = caries.surface === 'mesial' ? tooth.mesial : -tooth.mesial;
  const inwards = crownHalfWidth(tooth, v) - side * u;
  if (inwards <= 0 || inwards > caries.depthMm) return 0;
  const enamel = proximalEnamel(tooth, caries.at);
  const along = Math.abs(v - caries.at);
  if (inwards < enamel) {
    // A triangle with its base on the surface.
    return soft(1.8 * (1 - along / (caries.halfEnamel * (1 - 0.6 * (inwards / Math.min(enamel, caries.depthMm))))));
  }
  // A second triangle with its base on the border of the dentin and its blunt tip towards the pulp.
  const t = (inwards - enamel) / (caries.depthMm - enamel);
  return soft(1.7 * (1 - along / (caries.halfDentin * Math.sqrt(1 - t ** 1.6) + 1e-6))) * soft(2.6 * (1 - t));
}

const soft = (t: number): number => {
  const clipped = Math.min(1, Math.max(0, t));
  return clipped * clipped * (3 - 2 * clipped);
};
