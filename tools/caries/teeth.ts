/** Teeth from the model's crown cores: the place of each crown and, on a panoramic, which tooth it is (FDI, ISO 3950). */
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

/** Mesiodistal widths, mm, of positions 1 to 8 as they appear on a panoramic (front teeth are narrowed). */
const WIDTHS: Readonly<Record<Jaw, readonly number[]>> = {
  upper: [7.8, 6, 7, 7, 6.8, 10.2, 9.6, 8.6],
  lower: [4.9, 5.3, 6.2, 7, 7.1, 11.2, 10.5, 10],
};
const MAGNIFICATIONS = Array.from({ length: 13 }, (_, i) => 1.02 + 0.03 * i);
/** Fewer crowns do not determine an arch. */
const LEAST_CROWNS = 10;
const MISSING_COST = [0.5, 0.5, 0.6, 0.4, 0.4, 0.5, 0.35, 0.05];
const STRAY_COST = 2.5;
/** Mean cost per tooth above which the numbering is not trusted. */
const BELIEVABLE = 0.9;

/** Whether enough crowns to determine an arch form none: they are not a row of teeth, or are recognised too poorly. */
export const fitsNoArch = (crowns: readonly Crown[]): boolean =>
  crowns.length >= LEAST_CROWNS && crowns.every(({ fdi }) => fdi === undefined);

/**
 * Gives panoramic crowns their FDI numbers. Both arches are laid over the usual tooth widths, with the midline and the
 * magnification that fit best, and crowns are matched to teeth in order; missing teeth leave gaps. Crowns stay without a number
 * where the fit is poor or there are too few. `patientRightOnLeft` is how radiographs are usually shown.
 */
export function numberTeeth(crowns: readonly Crown[], patientRightOnLeft = true): readonly Crown[] {
  if (crowns.length < LEAST_CROWNS) return crowns;
  const jaws = {
    upper: crowns.filter(({ jaw }) => jaw === 'upper'),
    lower: crowns.filter(({ jaw }) => jaw === 'lower'),
  };
  const first = Math.min(...crowns.map(({ column }) => column));
  const last = Math.max(...crowns.map(({ column }) => column));
  let best: { readonly cost: number; readonly numbers: ReadonlyMap<Crown, number> } | undefined;
  for (const magnification of MAGNIFICATIONS) {
    const scale = magnification / WORKING_MM.panoramic;
    for (let midline = 0.35; midline <= 0.65; midline += 0.01) {
      const middle = first + midline * (last - first);
      const upper = matchArch(jaws.upper, 'upper', middle, scale);
      const lower = matchArch(jaws.lower, 'lower', middle, scale);
      const cost = upper.cost + lower.cost;
      if (best === undefined || cost < best.cost)
        best = { cost, numbers: new Map([...upper.numbers, ...lower.numbers]) };
    }
  }
  if (best === undefined || best.cost / crowns.length > BELIEVABLE) return crowns;
  const { numbers } = best;
  return crowns.map((crown) => {
    const slot = numbers.get(crown);
    return slot === undefined ? crown : { ...crown, fdi: fdiOf(crown.jaw, slot, patientRightOnLeft) };
  });
}

/** Slots 0 to 15 run from the picture's left to its right: 8 … 1, then 1 … 8. */
function fdiOf(jaw: Jaw, slot: number, patientRightOnLeft: boolean): string {
  const onLeft = slot < 8;
  const position = onLeft ? 8 - slot : slot - 7;
  const right = onLeft === patientRightOnLeft;
  const quadrant = jaw === 'upper' ? (right ? 1 : 2) : right ? 4 : 3;
  return `${quadrant}${position}`;
}

/** The cheapest match, in order, of crowns (sorted by column) to the 16 slots of an arch, by dynamic programming. */
function matchArch(crowns: readonly Crown[], jaw: Jaw, middle: number, scale: number) {
  const slots = slotsOf(jaw).map(({ centre, width, missing }) => ({
    column: middle + centre * scale,
    width: width * scale,
    missing,
  }));
  const stride = crowns.length + 1;
  const cost = new Float64Array((slots.length + 1) * stride);
  const taken = new Uint8Array((slots.length + 1) * stride);
  for (let c = 1; c <= crowns.length; c++) cost[c] = c * STRAY_COST;
  slots.forEach((slot, s) => {
    for (let c = 0; c <= crowns.length; c++) {
      const at = (s + 1) * stride + c;
      let least = (cost[at - stride] ?? 0) + slot.missing;
      let choice = 0;
      const crown = crowns[c - 1];
      if (crown !== undefined) {
        const aside = (crown.column - slot.column) / (0.6 * slot.width);
        const wider = Math.log(crown.width / slot.width) / 0.3;
        const match = (cost[at - stride - 1] ?? 0) + aside * aside + 0.5 * wider * wider;
        const stray = (cost[at - 1] ?? 0) + STRAY_COST;
        if (match < least) [least, choice] = [match, 1];
        if (stray < least) [least, choice] = [stray, 2];
      }
      cost[at] = least;
      taken[at] = choice;
    }
  });
  const numbers = new Map<Crown, number>();
  let s = slots.length;
  let c = crowns.length;
  while (s > 0) {
    const choice = taken[s * stride + c];
    const crown = crowns[c - 1];
    if (choice === 1 && crown !== undefined) numbers.set(crown, s - 1);
    if (choice !== 2) s -= 1;
    if (choice !== 0) c -= 1;
  }
  return { cost: cost[slots.length * stride + crowns.length] ?? 0, numbers };
}

function slotsOf(jaw: Jaw): readonly { readonly centre: number; readonly width: number; readonly missing: number }[] {
  let edge = 0;
  const half = WIDTHS[jaw].map((width, index) => {
    edge += width;
    return { centre: edge - width / 2, width, missing: MISSING_COST[index] ?? 0.5 };
  });
  return [...half.map((slot) => ({ ...slot, centre: -slot.centre })).toReversed(), ...half];
}
