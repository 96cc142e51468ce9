/** Finds carious lesions in the model's lesion plane, each with the crown that it belongs to. */
import { type DepthClass, depthClassOf } from './depth.ts';
import { type PlaneRegion, type Planes, regionsAbove } from './planes.ts';
import type { DentalView } from './scale.ts';
import type { Crown } from './teeth.ts';

export type Side = 'left' | 'right' | 'occlusal';

export interface Lesion {
  readonly region: PlaneRegion;
  readonly crown: Crown;
  /** The side of the crown, as the picture shows it. */
  readonly side: Side;
  /** Extent inwards from the crown's side (for `occlusal`: from the occlusal surface), working pixels. */
  readonly depth: number;
  readonly depthClass: DepthClass;
  /** The model's highest value in the region, 0 to 1. It orders places and says nothing about how often they are right. */
  readonly score: number;
}

/** A lesion is a region of at least `pixels` pixels with a value of at least `edge`, one of them with at least `peak`. */
export interface OperatingPoint {
  readonly peak: number;
  readonly edge: number;
  readonly pixels: number;
}
/** Chosen on validation seeds; the model's CARD.md explains how. */
export const OPERATING_POINT: Readonly<Record<DentalView, OperatingPoint>> = {
  'intra-oral': { peak: 0.7, edge: 0.4, pixels: 8 },
  panoramic: { peak: 0.7, edge: 0.4, pixels: 8 },
};

/** A place farther from a crown's middle than this, in half widths and heights of the crown, does not belong to it. */
const FARTHEST = 1.35;

/** Caries begins at a surface. A place farther inside than this, in heights or widths of the crown, is no caries: often the pulp. */
const INSIDE = { occlusal: 0.3, side: 0.16 };
/** A place this far beyond the chewing surface, in heights of the crown, lies in front of the teeth or between them. */
const BEYOND = 0.15;

/** Lesions by the model's own value, the highest first. */
export function findLesions(
  planes: Planes,
  crowns: readonly Crown[],
  { peak, edge, pixels }: OperatingPoint,
): readonly Lesion[] {
  return regionsAbove(planes.lesion, planes.rows, planes.columns, edge)
    .filter((region) => region.peak >= peak && region.size >= pixels)
    .flatMap((region) => {
      const nearest = nearestCrown(region, crowns);
      return nearest === undefined ? [] : [lesionOf(region, nearest, planes)];
    })
    .filter(reachesSurface)
    .toSorted((a, b) => b.score - a.score || (a.region.pixels[0] ?? 0) - (b.region.pixels[0] ?? 0));
}

function nearestCrown({ centroid }: PlaneRegion, crowns: readonly Crown[]): Crown | undefined {
  let best: Crown | undefined;
  let least = FARTHEST;
  for (const crown of crowns) {
    const distance = Math.hypot(
      (centroid[0] - crown.column) / (crown.width / 2),
      (centroid[1] - crown.row) / (crown.height / 2),
    );
    if (distance < least) [best, least] = [crown, distance];
  }
  return best;
}

/** Whether the place reaches the chewing surface or the side of the crown, near enough for enamel. */
function reachesSurface({ region: { min, max }, crown, side }: Lesion): boolean {
  if (side === 'occlusal') {
    const { jaw, row, height } = crown;
    const below = jaw === 'upper' ? row + height / 2 - max[1] : min[1] - (row - height / 2);
    return below <= INSIDE.occlusal * height && below >= -BEYOND * height;
  }
  const { column, width } = crown;
  const inwards = side === 'left' ? min[0] - (column - width / 2) : column + width / 2 - max[0];
  return inwards <= INSIDE.side * width;
}

function lesionOf(region: PlaneRegion, crown: Crown, planes: Planes): Lesion {
  const aside = (region.centroid[0] - crown.column) / (crown.width / 2);
  const side: Side = Math.abs(aside) < 0.42 ? 'occlusal' : aside < 0 ? 'left' : 'right';
  const across = region.max[0] - region.min[0] + 1;
  const surface = crown.jaw === 'upper' ? crown.row + crown.height / 2 : crown.row - crown.height / 2;
  const down = crown.jaw === 'upper' ? surface - region.min[1] : region.max[1] + 1 - surface;
  return {
    region,
    crown,
    side,
    depth: side === 'occlusal' ? Math.max(0, down) : across,
    depthClass: depthClassOf(region, planes),
    score: region.peak,
  };
}
