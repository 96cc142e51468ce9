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
  /** 0 to 1. */
  readonly certainty: number;
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

/** Lesions in order of certainty, the most certain first. */
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
    .toSorted((a, b) => b.certainty - a.certainty || (a.region.pixels[0] ?? 0) - (b.region.pixels[0] ?? 0));
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
    certainty: region.peak,
  };
}
