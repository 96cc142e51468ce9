/** The known truth of a dental phantom, in the terms of findings. */
import type { ImagePoint } from '#core/image/geometry.ts';
import type { Random } from '../random.ts';
import { type Caries, type DepthClass, growCaries, type Surface } from './lesion.ts';
import { paintTooth, type Restoration, type ToothFillings } from './paint.ts';
import type { Scene } from './scene.ts';
import type { Tooth } from './tooth.ts';

/** First and last column and row (0-based, inclusive) of a region. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface ToothTruth {
  readonly fdi: number;
  readonly box: PixelBox;
  /** The middle of its crown. */
  readonly centre: ImagePoint;
  readonly restored: boolean;
}

export interface LesionTruth {
  /** 1-based: its value in `lesionLabels`. */
  readonly number: number;
  readonly fdi: number;
  readonly surface: Surface;
  readonly depth: DepthClass;
  /** Depth from the tooth's surface, mm on the detector. */
  readonly depthMm: number;
  readonly centre: ImagePoint;
  readonly box: PixelBox;
  readonly pixels: number;
}

export interface DentalTruth {
  readonly teeth: readonly ToothTruth[];
  readonly lesions: readonly LesionTruth[];
  /** Row-major label pictures; see `Scene`. */
  readonly toothLabels: Uint8Array;
  readonly crownCores: Uint8Array;
  readonly lesionLabels: Uint8Array;
  readonly restorations: Uint8Array;
}

/** One radiograph, 12 bits stored, MONOCHROME2 (bright where absorption is high), with its truth. */
export interface DentalPhantom {
  readonly kind: 'bitewing' | 'periapical' | 'panoramic';
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly pixels: Uint16Array;
  /** mm between rows and columns at the detector. */
  readonly spacingMm: readonly [row: number, column: number];
  readonly truth: DentalTruth;
}

/** The options of a phantom. The same options give the same pixels on any machine. */
export interface DentalOptions {
  readonly seed: number;
  /** Chance of caries for each surface that can have it; 0 makes a sound mouth. */
  readonly cariesRate?: number;
}

/** How often each depth occurs. Panoramics show small lesions too rarely to require them. */
const DEPTHS: Readonly<Record<DentalPhantom['kind'], readonly [DepthClass, ...DepthClass[]]>> = {
  bitewing: ['E1', 'E2', 'E2', 'D1', 'D1', 'D2', 'D2', 'D3'],
  periapical: ['E1', 'E2', 'E2', 'D1', 'D1', 'D2', 'D2', 'D3'],
  panoramic: ['E2', 'D1', 'D1', 'D2', 'D2', 'D3', 'D3'],
};

/** Paints `teeth` with random fillings and caries. `rate` is the chance of caries per surface. */
export function paintTeeth(
  scene: Scene,
  teeth: readonly Tooth[],
  { kind, scale, rate }: { readonly kind: DentalPhantom['kind']; readonly scale: number; readonly rate: number },
  random: Random,
): DentalTruth {
  const planned: { readonly number: number; readonly tooth: Tooth; readonly caries: Caries }[] = [];
  const restored = new Set<number>();
  for (const tooth of teeth) {
    const restorations = chooseRestorations(tooth, scale, random);
    if (restorations.length > 0) restored.add(tooth.fdi);
    const taken = new Set<string>(restorations.map((restoration) => restoration.kind));
    const caries: { number: number; caries: Caries }[] = [];
    for (const surface of ['mesial', 'distal', 'occlusal'] as const) {
      const possible = surface !== 'occlusal' || tooth.position >= 4;
      if (!possible || !random.chance(surface === 'occlusal' ? 0.6 * rate : rate)) continue;
      if (taken.has('crown') || taken.has(surface) || (surface === 'occlusal' && taken.size > 0)) continue;
      const depth =
        surface === 'occlusal' ? random.pick<DepthClass>(['D1', 'D2', 'D2', 'D3']) : random.pick(DEPTHS[kind]);
      const number = planned.length + 1;
      if (number > 250) continue;
      const grown = growCaries(tooth, surface, depth, scale, random);
      planned.push({ number, tooth, caries: grown });
      caries.push({ number, caries: grown });
    }
    const fillings: ToothFillings = { caries, restorations };
    paintTooth(scene, tooth, fillings, random);
  }
  const toothRegions = regions(scene.toothLabels, scene.columns);
  const lesionRegions = regions(scene.lesionLabels, scene.columns);
  return {
    teeth: teeth.flatMap((tooth) => {
      const region = toothRegions.get(tooth.fdi);
      if (region === undefined) return [];
      return [
        { fdi: tooth.fdi, box: region.box, centre: crownCentre(scene, tooth), restored: restored.has(tooth.fdi) },
      ];
    }),
    lesions: planned.flatMap(({ number, tooth, caries }) => {
      const region = lesionRegions.get(number);
      if (region === undefined) return [];
      const { box, pixels, centre } = region;
      const { surface, depth, depthMm } = caries;
      return [{ number, fdi: tooth.fdi, surface, depth, depthMm, centre, box, pixels }];
    }),
    toothLabels: scene.toothLabels,
    crownCores: scene.crownCores,
    lesionLabels: scene.lesionLabels,
    restorations: scene.restorations,
  };
}

function chooseRestorations(tooth: Tooth, scale: number, random: Random): readonly Restoration[] {
  if (tooth.position <= 3 || !random.chance(0.28)) return [];
  const density = random.between(8, 30);
  const kind = random.pick(['occlusal', 'occlusal', 'mesial', 'distal', 'crown'] as const);
  if (kind === 'crown' && random.chance(0.5)) return [];
  const filling: Restoration = {
    kind,
    depthMm: scale * random.between(1.6, 3),
    half: kind === 'occlusal' ? tooth.width * random.between(0.15, 0.32) : tooth.crown * random.between(0.22, 0.36),
    density,
  };
  return kind === 'mesial' || kind === 'distal'
    ? [filling, { kind: 'occlusal', depthMm: scale * 2, half: tooth.width * 0.3, density }]
    : [filling];
}

function crownCentre(scene: Scene, tooth: Tooth): ImagePoint {
  const v = 0.5 * tooth.crown;
  const down = tooth.jaw === 'lower' ? 1 : -1;
  const x = tooth.x - v * Math.sin(tooth.tilt);
  const y = tooth.y + down * v * Math.cos(tooth.tilt);
  return [x / scene.spacingMm, y / scene.spacingMm];
}

interface Region {
  readonly box: PixelBox;
  readonly pixels: number;
  readonly centre: ImagePoint;
}

/** Box, size and centroid of each label. */
function regions(labels: Uint8Array, columns: number): ReadonlyMap<number, Region> {
  const sums = new Map<
    number,
    { left: number; top: number; right: number; bottom: number; n: number; x: number; y: number }
  >();
  labels.forEach((label, index) => {
    if (label === 0) return;
    const x = index % columns;
    const y = (index - x) / columns;
    const sum = sums.get(label);
    if (sum === undefined) {
      sums.set(label, { left: x, top: y, right: x, bottom: y, n: 1, x: x + 0.5, y: y + 0.5 });
      return;
    }
    sum.left = Math.min(sum.left, x);
    sum.right = Math.max(sum.right, x);
    sum.bottom = Math.max(sum.bottom, y);
    sum.n += 1;
    sum.x += x + 0.5;
    sum.y += y + 0.5;
  });
  return new Map(
    [...sums].map(([label, { left, top, right, bottom, n, x, y }]) => [
      label,
      { box: { left, top, right, bottom }, pixels: n, centre: [x / n, y / n] },
    ]),
  );
}
