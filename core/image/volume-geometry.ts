/**
 * Whether the slices of a series make one regular grid (PS3.3 C.7.6.2). Other series are refused rather than resampled: a
 * tool measures in millimetres and must not measure what was never scanned.
 */
import type { ErrorFacts } from '#dicom/error.ts';
import { GeometryError } from '../errors.ts';
import { type FrameHeader, frameReference } from '../study/frames.ts';
import { attributeName, unreadable } from '../study/unreadable.ts';
import type { PointLps } from './geometry.ts';
import { cosineUnit, positionRounding } from './rounding.ts';
import { sliceGrid } from './slice-grid.ts';
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
  /** The unit to which positions are rounded, mm, where they lie on the grid only within it. */
  readonly roundedMm?: number;
}

/**
 * How far direction cosines may differ within a series, and from unit length and right angles. At the edge of a 512 mm field
 * of view this moves a voxel by half a millimetre, less than one voxel.
 */
const MAX_COSINE_DIFFERENCE = 1e-3;
/**
 * Rounding three cosines to a unit changes the length of their vector by at most 0.87 units, and the product of two vectors by
 * at most 1.74 units. At two decimals a direction may be off by 1°, which the direction from the first to the last slice
 * corrects: no tool measures along a direction that is off by more than its rounding.
 */
const ROUNDED_COSINES = 1.75;
/** Relative difference of Pixel Spacing allowed within a series: half a pixel over 500. */
const MAX_SPACING_DIFFERENCE = 1e-3;
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
  for (const slice of slices) checkSame(first, slice);
  const axes = axesAlong(first, slices);
  const { row, column, normal } = axes;
  const sorted = slices
    .map((slice) => ({ slice, along: dot(slice.position, normal) }))
    .toSorted((a, b) => a.along - b.along);
  const ordered = sorted.map(({ slice }) => slice);
  const positions = ordered.map(({ position }) => position);
  const grid = sliceGrid(
    sorted.map(({ along }) => along),
    positionRounding(positions, normal),
    statedSpacings(first.frame),
  );
  checkShift(ordered, axes);
  checkNominalTilt(ordered, normal);
  const lowest = ordered[0]?.position ?? first.position;
  return {
    frames: ordered.map(({ frame }) => frame),
    rows: first.rows,
    columns: first.columns,
    origin: subtract(lowest, scaled(normal, dot(lowest, normal) - grid.startMm)),
    columnDirection: row,
    rowDirection: column,
    sliceDirection: normal,
    spacingMm: [first.spacing[1], first.spacing[0], grid.spacingMm],
    ...(grid.roundedMm !== undefined && { roundedMm: grid.roundedMm }),
  };
}

/** Spacings that the header states (Spacing Between Slices) or suggests (Slice Thickness), mm. */
function statedSpacings({ SpacingBetweenSlices = 0, SliceThickness = 0 }: FrameHeader): readonly number[] {
  return [SpacingBetweenSlices, SliceThickness].filter((spacing) => spacing > MIN_SPACING_MM);
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
  if (worst > Math.max(MAX_COSINE_DIFFERENCE, ROUNDED_COSINES * unitOfCosines(row, column))) {
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

/**
 * The axes of slices whose cosines are rounded to two or three decimals: the normal is the direction from the first to the
 * last slice, where the rounding explains the difference. Over many slices it is more exact than the cosines.
 */
function axesAlong(first: Slice, slices: readonly Slice[]): Axes {
  const axes = axesOf(first);
  const limit = ROUNDED_COSINES * unitOfCosines(first.row, first.column);
  const along = slices.map(({ position }) => dot(position, axes.normal));
  const low = along.reduce((least, place, k) => (place < (along[least] ?? place) ? k : least), 0);
  const high = along.reduce((most, place, k) => (place > (along[most] ?? place) ? k : most), 0);
  const travel = subtract(slices[high]?.position ?? first.position, slices[low]?.position ?? first.position);
  if (limit === 0 || length(travel) < MIN_SPACING_MM) return axes;
  const normal = unit(travel);
  if (length(subtract(normal, axes.normal)) > limit) return axes;
  const row = unit(subtract(axes.row, scaled(normal, dot(normal, axes.row))));
  return { row, column: cross(normal, row), normal };
}

const unitOfCosines = (row: PointLps, column: PointLps): number => cosineUnit([...row, ...column]);

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

/**
 * A tilted gantry shifts each slice in its plane against the one before: the voxels do not make a right-angled grid. What the
 * rounding of positions explains is no shift.
 */
function checkShift(ordered: readonly Slice[], { row, column, normal }: Axes): void {
  const [first] = ordered;
  const last = ordered.at(-1);
  if (first === undefined || last === undefined) return;
  const positions = ordered.map(({ position }) => position);
  const roundedMm = [row, column].map((axis) => 2 * positionRounding(positions, axis).toleranceMm);
  for (const { position, frame } of ordered) {
    const moved = subtract(position, first.position);
    const across = [row, column].map((axis, i) => Math.abs(dot(moved, axis)) - (roundedMm[i] ?? 0));
    const pixels = Math.max((across[0] ?? 0) / first.spacing[1], (across[1] ?? 0) / first.spacing[0]);
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

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
