/** The back teeth of one jaw and side, as intra-oral detectors show them. */
import type { Random } from '../random.ts';
import { growTooth, type Jaw, type Tooth, toothSize } from './tooth.ts';

export type PatientSide = 'right' | 'left';

export interface Row {
  readonly jaw: Jaw;
  readonly side: PatientSide;
  /** Start of the row, mm from the front edge of the picture towards the back. */
  readonly offset: number;
  /** Height of the cusps in the middle of the picture, mm, and its change per mm to the right. */
  readonly middle: number;
  readonly slope: number;
  /** Width of the picture, mm. */
  readonly widthMm: number;
  readonly magnification: number;
}

export function quadrantOf(jaw: Jaw, side: PatientSide): 1 | 2 | 3 | 4 {
  if (jaw === 'upper') return side === 'right' ? 1 : 2;
  return side === 'right' ? 4 : 3;
}

/** Teeth 3 to 8 in contact. The front ones are beyond the picture's edge or just inside it. */
export function placeBackTeeth(row: Row, random: Random): readonly Tooth[] {
  const { jaw, side, widthMm, magnification } = row;
  const mesial = side === 'right' ? 1 : -1;
  const quadrant = quadrantOf(jaw, side);
  const teeth: Tooth[] = [];
  // Distance from the front edge of the picture, increasing towards the back.
  let distance = row.offset - 2;
  for (let position = 3; position <= 8; position++) {
    const width = (toothSize(jaw, position)[0] ?? 8) * magnification * random.between(0.93, 1.07);
    const centre = distance + width / 2;
    distance += width + random.between(-0.55, 0.12);
    if (random.chance(position === 8 ? 0.4 : 0.04)) continue;
    const x = mesial > 0 ? widthMm - centre : centre;
    const y = row.middle + row.slope * (x - widthMm / 2) + random.normal() * 0.3;
    const tilt = random.normal() * 0.05 - row.slope * 0.5;
    teeth.push(
      growTooth({ fdi: quadrant * 10 + position, jaw, position, x, y, tilt, mesial, width }, magnification, random),
    );
  }
  return teeth;
}
