/**
 * Whether the slices of a series make one regular grid (PS3.3 C.7.6.2). Other series are refused rather than resampled: a
 * tool measures in millimetres and must not measure what was never scanned.
 */
import type { ErrorFacts } from '#dicom/error.ts';
import { GeometryError } from '../errors.ts';
import { type FrameHeader, frameReference } from '../study/frames.ts';
import { attributeName, unreadable } from '../study/unreadable.ts';
import type { PointLps } from './geometry.ts';
import { cross, dot, length, scaled, subtract, unit } from './vectors.ts';

/** Where the voxels of a volume are. Slices ascend along the normal. */
export interface VolumeGeometry {
  readonly frames: readonly FrameHeader[];
  readonly rows: number;
  readonly columns: number;
  readonly origin: PointLps;
  readonly columnDirection: PointLps;
  readonly rowDirection: PointLps;
  readonly sliceDirection: PointLps;
  /** mm between neighbouring columns, rows and slices. */
  readonly spacingMm: readonly [column: number, row: number, slice: number];
}

/**
 * How far direction cosines may differ within a series, and from unit length and right angles. At the edge of a 512 mm field
 * of view this moves a voxel by half a millimetre, less than one voxel.
 */
const MAX_COSINE_DIFFERENCE = 1e-3;
/** Relative difference of Pixel Spacing allowed within a series: half a pixel over 500. */
const MAX_SPACING_DIFFERENCE = 1e-3;
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
/** How far slices may shift against each other in their plane, in pixels. Beyond it, columns of voxels do not line up. */
const MAX_SHIFT_PIXELS = 1;
/** Scanners call a nominal tilt below this zero. */
const MAX_TILT_DEGREES = 0.5;
/** No gantry tilts farther. Steeper slices are reformatted, and their header keeps the tilt of the original slices. */
const STEEPEST_GANTRY_DEGREES = 30;

/** No scanner reaches farther, either in pixels times spacing or from the origin of its coordinates: 10 m. */
const MAX_REACH_MM = 10_000;
/** A nanometre. Less is a mistake, and a grid in millimetres over such a volume would not fit memory. */
const MIN_SPACING_MM = 1e-6;

/** A slice, with the parts of its header that geometry needs. */
interface Slice {
  readonly frame: FrameHeader;
  readonly position: PointLps;
  readonly row: PointLps;
  readonly column: PointLps;
  readonly spacing: readonly [row: number, column: number];
  readonly rows: number;
  readonly columns: number;
}

/**
 * The grid that the frames make, whatever order they come in.
 *
 * @throws GeometryError with the code of the first fault, and its numbers in `facts`
 */
export function volumeGeometry(frames: readonly FrameHeader[]): VolumeGeometry {
  const slices = frames.map(sliceOf);
  const [first] = slices;
  if (first === undefined || slices.length < 2) {
    throw new GeometryError(
      'too-few-slices',
      `A volume needs at least 2 slices, and there ${slices.length === 1 ? 'is only 1' : 'are none'}`,
      {
        facts: { slices: slices.length },
      },
    );
  }
  checkAxes(first);
  const { row, column, normal } = axesOf(first);
  for (const slice of slices) checkSame(first, slice);
  const sorted = slices
    .map((slice) => ({ slice, along: dot(slice.position, normal) }))
    .toSorted((a, b) => a.along - b.along);
  const spacing = checkSpacing(sorted.map(({ along }) => along));
  const ordered = sorted.map(({ slice }) => slice);
  checkShift(ordered, { row, column, normal });
  checkNominalTilt(ordered, normal);
  return {
    frames: ordered.map(({ frame }) => frame),
    rows: first.rows,
    columns: first.columns,
    origin: ordered[0]?.position ?? first.position,
    columnDirection: row,
    rowDirection: column,
    sliceDirection: normal,
    spacingMm: [first.spacing[1], first.spacing[0], spacing],
  };
}

function sliceOf(frame: FrameHeader): Slice {
  const { ImagePositionPatient, ImageOrientationPatient, PixelSpacing, Rows, Columns } = frame;
  const facts = factsOf(frame);
  const missing = PLACING.find((name) => frame[name] === undefined);
  if (
    ImagePositionPatient === undefined ||
    ImageOrientationPatient === undefined ||
    Rows === undefined ||
    Columns === undefined
  ) {
    throw new GeometryError('missing-geometry', whyMissing(frame, missing ?? 'Rows'), { facts });
  }
  if (PixelSpacing === undefined) {
    throw new GeometryError('pixel-spacing-unknown', whyMissing(frame, 'PixelSpacing'), { facts });
  }
  if (PixelSpacing.some((spacing) => !(spacing >= MIN_SPACING_MM))) {
    throw new GeometryError('pixel-spacing-unknown', 'The Pixel Spacing of a slice is not above zero', { facts });
  }
  // Very large numbers are refused, too, because their sums could overflow. From here on every length is finite.
  const reach = Math.max(...ImagePositionPatient.map(Math.abs), Rows * PixelSpacing[0], Columns * PixelSpacing[1]);
  if (!(reach <= MAX_REACH_MM && ImageOrientationPatient.every((cosine) => Math.abs(cosine) <= 2))) {
    throw new GeometryError('missing-geometry', 'The position or size of a slice is beyond the reach of any scanner', {
      facts,
    });
  }
  const [rowX, rowY, rowZ, columnX, columnY, columnZ] = ImageOrientationPatient;
  return {
    frame,
    position: ImagePositionPatient,
    row: [rowX, rowY, rowZ],
    column: [columnX, columnY, columnZ],
    spacing: PixelSpacing,
    rows: Rows,
    columns: Columns,
  };
}

/** What places the pixels of a slice, besides Pixel Spacing. */
const PLACING = ['ImagePositionPatient', 'ImageOrientationPatient', 'Rows', 'Columns'] as const;

/** An attribute that cannot be read is not one that is not given. */
function whyMissing(frame: FrameHeader, name: string): string {
  return unreadable(frame, name) ?? `A slice gives no ${attributeName(name)}`;
}

/** The frame that an error is about. */
function factsOf(frame: FrameHeader): ErrorFacts {
  return { ...frameReference(frame) };
}

function checkAxes({ row, column, frame }: Slice): void {
  const worst = Math.max(Math.abs(length(row) - 1), Math.abs(length(column) - 1), Math.abs(dot(row, column)));
  if (worst > MAX_COSINE_DIFFERENCE) {
    throw new GeometryError(
      'missing-geometry',
      'Image Orientation (Patient) is not two unit vectors at a right angle',
      {
        facts: { ...factsOf(frame), deviation: rounded(worst) },
      },
    );
  }
}

interface Axes {
  readonly row: PointLps;
  readonly column: PointLps;
  readonly normal: PointLps;
}

/** Orthonormal axes next to a slice's cosines, which come rounded: millimetres must stay millimetres. */
function axesOf(slice: Slice): Axes {
  const row = unit(slice.row);
  const column = unit(subtract(slice.column, scaled(row, dot(row, slice.column))));
  return { row, column, normal: cross(row, column) };
}

function checkSame(first: Slice, slice: Slice): void {
  const facts = factsOf(slice.frame);
  const turned = Math.max(
    ...[...slice.row, ...slice.column].map((c, i) => Math.abs(c - ([...first.row, ...first.column][i] ?? 0))),
  );
  if (turned > MAX_COSINE_DIFFERENCE) {
    throw new GeometryError('mixed-orientation', 'The slices of the series are not parallel', {
      facts: { ...facts, deviation: rounded(turned) },
    });
  }
  const sameSpacing = slice.spacing.every(
    (spacing, i) => Math.abs(spacing / (first.spacing[i] ?? spacing) - 1) <= MAX_SPACING_DIFFERENCE,
  );
  if (slice.rows !== first.rows || slice.columns !== first.columns || !sameSpacing) {
    throw new GeometryError('mixed-matrix', 'The slices of the series differ in matrix or Pixel Spacing', {
      facts: { ...facts, rows: slice.rows, columns: slice.columns },
    });
  }
}

/** The spacing of slices at these ascending positions (mm along the normal). */
function checkSpacing(along: readonly number[]): number {
  const gaps = along.slice(1).map((position, i) => position - (along[i] ?? position));
  const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
  const duplicates = gaps.filter((gap) => gap <= usual * DUPLICATE_SPACING).length;
  if (duplicates > 0) {
    const lie = duplicates === 1 ? '1 slice lies' : `${duplicates} slices lie`;
    throw new GeometryError('duplicate-slices', `${lie} at the position of another slice`, {
      facts: { duplicates, spacingMm: rounded(usual) },
    });
  }
  const wide = gaps.filter((gap) => gap > usual * GAP_SPACING);
  if (wide.length > 0) {
    const missing = wide.map((gap) => Math.round(gap / usual) - 1);
    const whole = wide.every((gap) => Math.abs(gap / usual - Math.round(gap / usual)) <= 2 * MAX_GRID_DEVIATION);
    const facts = { gaps: wide.length, spacingMm: rounded(usual), widestMm: rounded(largest(wide)) };
    if (!whole) throw variableSpacing(facts);
    const count = missing.reduce((sum, n) => sum + n, 0);
    const areMissing = count === 1 ? '1 slice is missing' : `${count} slices are missing`;
    const places = wide.length === 1 ? 'in one place' : `in ${wide.length} places`;
    throw new GeometryError('missing-slices', `${areMissing} ${places}`, {
      facts: { ...facts, missing: count },
    });
  }
  const [start = 0] = along;
  const spacing = ((along.at(-1) ?? start) - start) / gaps.length;
  const deviation = largest(along.map((position, i) => Math.abs(position - start - i * spacing)));
  if (deviation > spacing * MAX_GRID_DEVIATION) {
    throw variableSpacing({ spacingMm: rounded(spacing), deviationMm: rounded(deviation) });
  }
  return spacing;
}

function variableSpacing(facts: Readonly<Record<string, number>>): GeometryError {
  return new GeometryError('variable-spacing', 'The distance between slices changes within the series', { facts });
}

/** A tilted gantry shifts each slice in its plane against the one before: the voxels do not make a right-angled grid. */
function checkShift(ordered: readonly Slice[], { row, column, normal }: Axes): void {
  const [first] = ordered;
  const last = ordered.at(-1);
  if (first === undefined || last === undefined) return;
  for (const { position, frame } of ordered) {
    const moved = subtract(position, first.position);
    const shift = [dot(moved, row) / first.spacing[1], dot(moved, column) / first.spacing[0]];
    const pixels = Math.max(...shift.map(Math.abs));
    if (pixels <= MAX_SHIFT_PIXELS) continue;
    const whole = subtract(last.position, first.position);
    const degrees = (Math.acos(Math.min(1, dot(whole, normal) / length(whole))) * 180) / Math.PI;
    throw gantryTilt({
      ...factsOf(frame),
      shiftPixels: rounded(pixels),
      degrees: rounded(degrees),
    });
  }
}

/**
 * Refuses a Gantry/Detector Tilt (0018,1120) that neither the orientation nor the positions show: the header contradicts
 * itself, and nobody knows which part is right.
 */
function checkNominalTilt(ordered: readonly Slice[], normal: PointLps): void {
  const shown = (Math.acos(Math.min(1, Math.abs(normal[2]))) * 180) / Math.PI;
  if (shown > STEEPEST_GANTRY_DEGREES + 2 * MAX_TILT_DEGREES) return;
  for (const { frame } of ordered) {
    const tilt = Math.abs(frame.GantryDetectorTilt ?? 0);
    if (tilt > MAX_TILT_DEGREES && Math.abs(tilt - shown) > 2 * MAX_TILT_DEGREES) {
      throw gantryTilt({ ...factsOf(frame), degrees: tilt });
    }
  }
}

function gantryTilt(facts: Readonly<Record<string, string | number>>): GeometryError {
  return new GeometryError('gantry-tilt', `The gantry was tilted by ${facts['degrees']}°: the slices are sheared`, {
    facts,
  });
}

/** Takes any number of values, unlike the arguments of `Math.max`. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
