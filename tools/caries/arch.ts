/** The dental arches of a panoramic: which tooth each crown is (FDI, ISO 3950), and which way up the arches lie. */
import { WORKING_MM } from './scale.ts';
import type { Crown, Jaw } from './teeth.ts';

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

/** Both arches over the usual tooth widths, with the midline and the magnification that fit best. */
export interface ArchFit {
  /** The mean cost per crown. */
  readonly cost: number;
  /** The slot of each crown that is matched, 0 to 15 from the picture's left. */
  readonly slots: ReadonlyMap<Crown, number>;
}

/** Undefined for fewer crowns than determine an arch. Crowns are matched to teeth in order; missing teeth leave gaps. */
export function fitArches(crowns: readonly Crown[]): ArchFit | undefined {
  if (crowns.length < LEAST_CROWNS) return undefined;
  const jaws = {
    upper: crowns.filter(({ jaw }) => jaw === 'upper'),
    lower: crowns.filter(({ jaw }) => jaw === 'lower'),
  };
  const first = Math.min(...crowns.map(({ column }) => column));
  const last = Math.max(...crowns.map(({ column }) => column));
  let best: ArchFit | undefined;
  for (const magnification of MAGNIFICATIONS) {
    const scale = magnification / WORKING_MM.panoramic;
    for (let midline = 0.35; midline <= 0.65; midline += 0.01) {
      const middle = first + midline * (last - first);
      const upper = matchArch(jaws.upper, 'upper', middle, scale);
      const lower = matchArch(jaws.lower, 'lower', middle, scale);
      const cost = (upper.cost + lower.cost) / crowns.length;
      if (best === undefined || cost < best.cost) best = { cost, slots: new Map([...upper.numbers, ...lower.numbers]) };
    }
  }
  return best;
}

/** The same crowns if the picture were turned by 180°: what looks like the upper jaw is the lower one. */
export const fitTurned = (crowns: readonly Crown[]): ArchFit | undefined =>
  fitArches(crowns.map((crown) => ({ ...crown, jaw: crown.jaw === 'upper' ? 'lower' : 'upper' })));

export const isBelievable = ({ cost }: ArchFit): boolean => cost <= BELIEVABLE;

/** Gives the crowns their FDI numbers. The picture shows the patient's right on its left. */
export function numbered(crowns: readonly Crown[], { slots }: ArchFit): readonly Crown[] {
  return crowns.map((crown) => {
    const slot = slots.get(crown);
    return slot === undefined ? crown : { ...crown, fdi: fdiOf(crown.jaw, slot) };
  });
}

/** Slots 0 to 15 run from the picture's left to its right: 8 … 1, then 1 … 8. */
function fdiOf(jaw: Jaw, slot: number): string {
  const isRight = slot < 8;
  const quadrant = jaw === 'upper' ? (isRight ? 1 : 2) : isRight ? 4 : 3;
  return `${quadrant}${isRight ? 8 - slot : slot - 7}`;
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
