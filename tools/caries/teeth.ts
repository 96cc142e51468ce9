/** Teeth from the model's crown cores: the place of each crown. `arch.ts` numbers those of a panoramic. */
import { type PlaneRegion, type Planes, regionsAbove } from './planes.ts';
import { WORKING_MM } from './scale.ts';

export type Jaw = 'upper' | 'lower';

/** A crown on the working picture, in pixels. (column, row) is 0-based; (0, 0) is the middle of the first pixel. */
export interface Crown {
  readonly jaw: Jaw;
  readonly column: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
  /** FDI number, where it is known. */
  readonly fdi?: string;
}

/** Cores are searched at the first threshold. Regions too large for one tooth are split at the next ones. */
const CORE_THRESHOLDS = [0.5, 0.7, 0.85, 0.95];
/** Smallest core that counts as a tooth, working pixels. A lower incisor's core has about 400. */
const SMALLEST_CORE = 110;
/** Largest width and height of a crown, working pixels: a magnified first molar. */
const LARGEST_CROWN = { width: 135, height: 130 };
/** The model is trained on cores of 0.6 of the crown's width and 0.72 of its height. */
const CORE_WIDTH = 0.6;
const CORE_HEIGHT = 0.72;

/** All crowns, from the picture's left to its right. */
export function findCrowns({ rows, columns, upperCore, lowerCore }: Planes): readonly Crown[] {
  const ofJaw = (jaw: Jaw, plane: Float32Array): readonly Crown[] =>
    coresOf(plane, rows, columns).map((region) => crownOf(jaw, region));
  return [...ofJaw('upper', upperCore), ...ofJaw('lower', lowerCore)].toSorted((a, b) => a.column - b.column);
}

/** The crowns without those on the other jaw's side: parts of roots and bone can look like crowns of the other jaw. */
export function onTheirSide(crowns: readonly Crown[]): readonly Crown[] {
  const middleOf = (jaw: Jaw): number | undefined => {
    const rows = crowns.filter((crown) => crown.jaw === jaw).map(({ row }) => row);
    return rows.toSorted((a, b) => a - b)[rows.length >> 1];
  };
  const [upper, lower] = [middleOf('upper'), middleOf('lower')];
  if (upper === undefined || lower === undefined || upper >= lower) return crowns;
  return crowns.filter(({ jaw, row }) => (jaw === 'upper' ? row < lower : row > upper));
}

/** Half the height of the band that contains a panoramic's crowns, mm on the detector, with bite, curve and tilt. */
const BAND_MM = 21;

/** A wider gap in both jaws, mm on the detector, separates the teeth from structures beside the jaws. It is as wide as three lost molars. */
const GAP_MM = 34;

/** The crowns in the band with the most crowns: parts of the skull base and the spine can look like crowns. */
export function inDentalBand(crowns: readonly Crown[]): readonly Crown[] {
  const reach = BAND_MM / WORKING_MM.panoramic;
  const around = (row: number): readonly Crown[] => crowns.filter((crown) => Math.abs(crown.row - row) <= reach);
  return withoutGaps(largest(crowns.map(({ row }) => around(row))));
}

/** The longest row of crowns, from the picture's left to its right, without a wide gap. */
function withoutGaps(crowns: readonly Crown[]): readonly Crown[] {
  const groups: Crown[][] = [];
  for (const crown of crowns) {
    const before = groups.at(-1)?.at(-1);
    if (before !== undefined && crown.column - before.column <= GAP_MM / WORKING_MM.panoramic)
      groups.at(-1)?.push(crown);
    else groups.push([crown]);
  }
  return largest(groups);
}

const largest = (groups: readonly (readonly Crown[])[]): readonly Crown[] =>
  groups.reduce((most, own) => (own.length > most.length ? own : most), []);

function coresOf(plane: Float32Array, rows: number, columns: number): readonly PlaneRegion[] {
  const cores: PlaneRegion[] = [];
  let rest = plane;
  for (const threshold of CORE_THRESHOLDS) {
    const regions = regionsAbove(rest, rows, columns, threshold).filter(({ size }) => size >= SMALLEST_CORE);
    const tooLarge = regions.filter((region) => !isOneTooth(region));
    cores.push(...regions.filter(isOneTooth));
    if (tooLarge.length === 0) break;
    const left = new Float32Array(plane.length);
    for (const { pixels } of tooLarge) for (const index of pixels) left[index] = plane[index] ?? 0;
    rest = left;
  }
  return cores;
}

function isOneTooth({ min, max }: PlaneRegion): boolean {
  const width = (max[0] - min[0] + 1) / CORE_WIDTH;
  const height = (max[1] - min[1] + 1) / CORE_HEIGHT;
  return width <= LARGEST_CROWN.width && height <= LARGEST_CROWN.height;
}

function crownOf(jaw: Jaw, { centroid, min, max }: PlaneRegion): Crown {
  return {
    jaw,
    column: centroid[0],
    row: centroid[1],
    width: (max[0] - min[0] + 1) / CORE_WIDTH,
    height: (max[1] - min[1] + 1) / CORE_HEIGHT,
  };
}
