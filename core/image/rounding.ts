/**
 * Rounding of geometry by software between scanner and archive: Image Position (Patient) to whole or tenths of millimetres,
 * Image Orientation (Patient) to two or three decimals. DICOM allows 16 characters a number (PS3.5 6.2, DS); converters and
 * de-identifiers write fewer.
 */
import type { PointLps } from './geometry.ts';

/** Units of rounding that matter, coarsest first, mm. Finer ones stay below the tolerance of every grid. */
const POSITION_UNITS_MM = [1, 0.1];
const COSINE_UNITS = [0.01, 0.001];
/** Numbers are multiples of a unit to this fraction of the unit. */
const EXACT = 1e-6;

/** A coordinate whose share of the movement along the normal is smaller than this moves no slice noticeably. */
const NOTICEABLE_SHARE = 0.02;

/** How coarsely positions are rounded, and how far a slice may lie from its place along the normal because of it. */
export interface PositionRounding {
  /** 0 where the positions are not rounded noticeably. */
  readonly unitMm: number;
  readonly toleranceMm: number;
  /** Whether several rounded coordinates place a slice along the normal, so that gaps between slices are of many kinds. */
  readonly isOblique: boolean;
}

/**
 * The rounding that the positions show. Each coordinate was moved by at most half its unit, so a slice was moved along the
 * normal by at most half the units, weighted by the normal.
 */
export function positionRounding(positions: readonly PointLps[], normal: PointLps): PositionRounding {
  const coordinates = [0, 1, 2].map((axis) => positions.map((position) => position[axis] ?? 0));
  const unitMm = Math.max(...coordinates.map((values) => (isConstant(values) ? 0 : unitOf(values))));
  // Rounding may have made a coordinate the same in all slices.
  const units = coordinates.map((values) => (isConstant(values) ? Math.min(unitMm, unitOf(values)) : unitOf(values)));
  const shares = units.map((unit, axis) => Math.abs(normal[axis] ?? 0) * unit);
  const most = Math.max(...shares);
  return {
    unitMm,
    toleranceMm: shares.reduce((sum, share) => sum + share / 2, 0),
    isOblique: shares.filter((share) => share > NOTICEABLE_SHARE * most).length > 1,
  };
}

const isConstant = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

function unitOf(values: readonly number[]): number {
  return POSITION_UNITS_MM.find((unit) => values.every((value) => isMultiple(value, unit))) ?? 0;
}

/** The unit to which direction cosines are rounded; 0 where they are exact, or axes of the patient. */
export function cosineUnit(cosines: readonly number[]): number {
  if (cosines.every((cosine) => isMultiple(cosine, 1))) return 0;
  return COSINE_UNITS.find((unit) => cosines.every((cosine) => isMultiple(cosine, unit))) ?? 0;
}

function isMultiple(value: number, unit: number): boolean {
  return Math.abs(value / unit - Math.round(value / unit)) <= EXACT / unit;
}
