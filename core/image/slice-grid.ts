/** The regular grid that the positions of slices make along their normal. */
import { GeometryError } from '../errors.ts';
import type { PositionRounding } from './rounding.ts';

/** Slice k lies at `startMm + k × spacingMm` along the normal. */
export interface SliceGrid {
  readonly startMm: number;
  readonly spacingMm: number;
  /** The unit of rounding, where positions lie on the grid only within it. */
  readonly roundedMm?: number;
}

/** Two slices closer together than this fraction of the usual spacing are the same slice twice. */
const DUPLICATE_SPACING = 0.1;
/** A gap above this multiple of the usual spacing is not due to rounding: slices are missing, or the spacing changes. */
const GAP_SPACING = 1.5;
/**
 * How far a slice may lie from the regular grid, as a fraction of the spacing. Scanners round positions to 0.1 or 0.01 mm,
 * which stays below the limit. A height between two slices is then wrong by at most a fifth of a slice, less than the partial
 * volume effect of half a slice at either end.
 */
const MAX_GRID_DEVIATION = 0.1;
/** A stated spacing that explains all positions to this, mm, is the spacing: the rest is the precision of the text. */
const SAME_SPACING_MM = 0.005;
/** Positions that deviate less, mm, show no rounding. */
const NOTICEABLE_MM = 0.01;
/** Added to the bound of rounding, mm, for numbers that were rounded twice. */
const SLACK_MM = 1e-3;
/**
 * Below this multiple of the rounding unit, a missing slice looks like a rounded one: 1, 2, 4 are slices 1 mm apart without
 * the third, or slices 1.5 mm apart. Only a spacing that the header states can then explain the positions.
 */
const TELLS_MISSING = 2;
/** A grid of the stated spacing does not use the whole of the rounding interval. A missing slice, or a jump, does. */
const WHOLE_INTERVAL = 0.95;
/**
 * Rounding a spacing that scanners have (2.5 mm, 3.75 mm) gives gaps of two kinds, each of them often. A gap that differs from
 * all others is a jump of the table.
 */
const LEAST_OFTEN = { share: 0.15, gaps: 3 };

/**
 * The grid of slices at these ascending positions (mm along the normal).
 *
 * Positions within a tenth of the spacing of a grid make that grid. Positions that are rounded more coarsely (to 1 mm, or to
 * 0.1 mm in thin slices) make a grid if all of them meet one within half of the rounding unit. The spacing is then the stated
 * one, where it explains the positions, or the least-squares fit. If the slices were scanned on a grid, the
 * spacing of the fit is wrong by less than the unit over the extent of the series: 0.3 % for 1 mm over 336 mm, 0.1 mm in the
 * height of a vertebral body. If they were not, which such positions cannot show, a distance is wrong by at most the unit.
 *
 * @param stated spacings that the header states or suggests (Spacing Between Slices, Slice Thickness), mm, best first
 * @throws GeometryError `duplicate-slices`, `missing-slices`, `variable-spacing`
 */
export function sliceGrid(
  along: readonly number[],
  rounding: PositionRounding,
  stated: readonly number[] = [],
): SliceGrid {
  const strict = strictGrid(along);
  if (strict instanceof GeometryError) {
    const rounded = strict.code === 'duplicate-slices' ? undefined : roundedGrid(along, rounding, stated);
    if (rounded === undefined) throw strict;
    return rounded;
  }
  const exact = stated.find((spacing) => spread(along, spacing) <= 2 * SAME_SPACING_MM);
  if (exact !== undefined) return { ...strict, spacingMm: exact };
  const deviates = deviationFrom(along, strict) > NOTICEABLE_MM;
  return (deviates && rounding.unitMm > 0 && roundedGrid(along, rounding, stated)) || strict;
}

function strictGrid(along: readonly number[]): SliceGrid | GeometryError {
  const gaps = along.slice(1).map((position, i) => position - (along[i] ?? position));
  const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
  const duplicates = gaps.filter((gap) => gap <= usual * DUPLICATE_SPACING).length;
  if (duplicates > 0) {
    const lie = duplicates === 1 ? '1 slice lies' : `${duplicates} slices lie`;
    return new GeometryError('duplicate-slices', `${lie} at the position of another slice`, {
      facts: { duplicates, spacingMm: rounded(usual) },
    });
  }
  const wide = gaps.filter((gap) => gap > usual * GAP_SPACING);
  if (wide.length > 0) return gapsError(wide, usual);
  const [start = 0] = along;
  const grid = { startMm: start, spacingMm: ((along.at(-1) ?? start) - start) / gaps.length };
  const deviation = deviationFrom(along, grid);
  return deviation > grid.spacingMm * MAX_GRID_DEVIATION
    ? variableSpacing({ spacingMm: rounded(grid.spacingMm), deviationMm: rounded(deviation) })
    : grid;
}

function gapsError(wide: readonly number[], usual: number): GeometryError {
  const missing = wide.map((gap) => Math.round(gap / usual) - 1);
  const whole = wide.every((gap) => Math.abs(gap / usual - Math.round(gap / usual)) <= 2 * MAX_GRID_DEVIATION);
  const facts = { gaps: wide.length, spacingMm: rounded(usual), widestMm: rounded(largest(wide)) };
  if (!whole) return variableSpacing(facts);
  const count = missing.reduce((sum, n) => sum + n, 0);
  const areMissing = count === 1 ? '1 slice is missing' : `${count} slices are missing`;
  const places = wide.length === 1 ? 'in one place' : `in ${wide.length} places`;
  return new GeometryError('missing-slices', `${areMissing} ${places}`, { facts: { ...facts, missing: count } });
}

function variableSpacing(facts: Readonly<Record<string, number>>): GeometryError {
  return new GeometryError('variable-spacing', 'The distance between slices changes within the series', { facts });
}

/** The grid that all positions meet within the rounding; undefined where there is none, or where a slice may be missing. */
function roundedGrid(
  along: readonly number[],
  { unitMm, toleranceMm, isOblique }: PositionRounding,
  stated: readonly number[],
): SliceGrid | undefined {
  if (unitMm === 0 || along.length < 3) return undefined;
  const whole = 2 * toleranceMm;
  const most = isOblique ? whole + 2 * SLACK_MM : whole * WHOLE_INTERVAL;
  const explains = stated.find((spacing) => spread(along, spacing) <= most);
  const spacingMm = explains ?? fittedSpacing(along, whole, isOblique);
  if (spacingMm === undefined) return undefined;
  const offsets = along.map((position, k) => position - k * spacingMm);
  const startMm = (largest(offsets) - largest(offsets.map((offset) => -offset))) / 2;
  return { startMm, spacingMm, roundedMm: unitMm };
}

/**
 * The spacing by least squares, where all positions meet such a grid within half of `whole`, and it shows in the gaps. In
 * oblique slices each coordinate has a spacing of its own, so that any kind of gap may be rare.
 */
function fittedSpacing(along: readonly number[], whole: number, isOblique: boolean): number | undefined {
  const bounds = spacingBounds(along, whole + 2 * SLACK_MM);
  if (bounds === undefined) return undefined;
  const fitted = Math.min(bounds.most, Math.max(bounds.least, leastSquares(along)));
  const gaps = along.slice(1).map((position, i) => position - (along[i] ?? position));
  const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
  const others = gaps.filter((gap) => Math.abs(gap - usual) > whole / 2).length;
  const isOften = isOblique || (others >= LEAST_OFTEN.gaps && others >= LEAST_OFTEN.share * gaps.length);
  return fitted >= TELLS_MISSING * whole && isOften ? fitted : undefined;
}

/** The spacings of all grids that every position meets within half of `allowed`: each pair of slices bounds them. */
function spacingBounds(
  along: readonly number[],
  allowed: number,
): { readonly least: number; readonly most: number } | undefined {
  let [least, most] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < along.length; i += 1) {
    for (let j = i + 1; j < along.length; j += 1) {
      const distance = (along[j] ?? 0) - (along[i] ?? 0);
      least = Math.max(least, (distance - allowed) / (j - i));
      most = Math.min(most, (distance + allowed) / (j - i));
    }
    if (least > most) return undefined;
  }
  return { least, most };
}

function leastSquares(along: readonly number[]): number {
  const middle = (along.length - 1) / 2;
  const [product, square] = along.reduce(
    ([sum, squares], position, k) => [sum + (k - middle) * position, squares + (k - middle) ** 2],
    [0, 0],
  );
  return product / square;
}

/** The range of what is left of the positions when a grid of this spacing is taken away. */
function spread(along: readonly number[], spacing: number): number {
  const offsets = along.map((position, k) => position - k * spacing);
  return largest(offsets) + largest(offsets.map((offset) => -offset));
}

function deviationFrom(along: readonly number[], { startMm, spacingMm }: SliceGrid): number {
  return largest(along.map((position, k) => Math.abs(position - startMm - k * spacingMm)));
}

/** Takes any number of values, unlike the arguments of `Math.max`. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
