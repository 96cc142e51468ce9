/** Which of several volumes of a study promises most, from headers alone. The first that can be evaluated answers. */
import type { Reason } from '../errors.ts';
import { geometryOf } from '../image/image-geometry.ts';
import { isReformat } from './claims.ts';
import { type FrameHeader, imageFrames } from './frames.ts';
import { INTERSPACED } from './regular.ts';
import type { ImageIndex } from './study-index.ts';

/** What the headers of an image promise. Less is better in each number. */
interface Outlook {
  /** 1 where the slices make no regular grid: loading will refuse them. */
  readonly broken: number;
  /** 1 where tissue between the slices was left out. */
  readonly interspaced: number;
  /** 0 for images of the scan itself, 1 where the header does not say, 2 for derived ones (PS3.3 C.7.6.1.1.2), 3 for reformats. */
  readonly derived: number;
  /** 0 where the header names a body part (which the tool then accepts), 1 where it names none. */
  readonly unnamed: number;
  /** 0 for images about as long as the longest of the study, 1 for half of it, 2 for a quarter, 3 for less. */
  readonly short: number;
}

const NO_OUTLOOK: Outlook = { broken: 0, interspaced: 0, derived: 0, unnamed: 0, short: 0 };

/** An image of this share of the longest one's extent is as long. */
const AS_LONG = 0.8;
const SHORTEST = 3;

/**
 * Compares volumes of one study, the more promising first: whole before broken, contiguous before interspaced, original before
 * derived, of a named body part, then by extent along the body. 0 where nothing of that differs; radiographs never differ.
 */
export function compareOutlook(images: readonly ImageIndex[]): (a: ImageIndex, b: ImageIndex) => number {
  const extents = new Map(images.map((image) => [image, extentMm(image)]));
  const longest = Math.max(0, ...extents.values());
  const outlooks = new Map(images.map((image) => [image, outlookOf(image, extents.get(image) ?? 0, longest)]));
  return (a, b) => {
    const [left, right] = [outlooks.get(a) ?? NO_OUTLOOK, outlooks.get(b) ?? NO_OUTLOOK];
    return (
      left.broken - right.broken ||
      left.interspaced - right.interspaced ||
      left.derived - right.derived ||
      left.unnamed - right.unnamed ||
      left.short - right.short
    );
  };
}

function outlookOf(image: ImageIndex, extent: number, longest: number): Outlook {
  const [first] = imageFrames(image);
  if (image.kind !== 'volume' || first === undefined) return NO_OUTLOOK;
  const { SliceThickness = 0, BodyPartExamined, AnatomicRegion, ImageType = [] } = first;
  const spacing = spacingMm(image);
  return {
    broken: Number(spacing === undefined),
    interspaced: Number(isInterspaced(SliceThickness, spacing ?? 0)),
    derived: isReformat(image) ? REFORMAT : (DERIVATION.get(ImageType[0] ?? '') ?? 1),
    unnamed: Number(BodyPartExamined === undefined && AnatomicRegion === undefined),
    short: extent >= AS_LONG * longest ? 0 : Math.min(SHORTEST, Math.ceil(Math.log2((AS_LONG * longest) / extent))),
  };
}

const DERIVATION: ReadonlyMap<string, number> = new Map([
  ['ORIGINAL', 0],
  ['DERIVED', 2],
]);
const REFORMAT = 3;

/** Distance between slices, mm; undefined where they make no regular grid. */
function spacingMm(image: ImageIndex): number | undefined {
  const geometry = geometryOf(image);
  return 'code' in geometry ? undefined : geometry.spacingMm[2];
}

/** Why a volume ranks behind others, where it is by itself too weak to be evaluated: broken, or interspaced. */
export function weakness(image: ImageIndex): Reason | undefined {
  if (image.kind !== 'volume') return undefined;
  const geometry = geometryOf(image);
  if ('code' in geometry) return { code: geometry.code, message: geometry.message };
  const [{ SliceThickness = 0 } = {}] = imageFrames(image);
  const [, , spacing] = geometry.spacingMm;
  if (!isInterspaced(SliceThickness, spacing)) return undefined;
  const [apart, thick] = [spacing, SliceThickness].map((mm) => Number(mm.toFixed(2)));
  return {
    code: 'interspaced',
    message: `The slices are ${apart} mm apart and ${thick} mm thick, so tissue between them was left out`,
  };
}

function isInterspaced(thickness: number, spacing: number): boolean {
  return thickness > 0 && spacing > INTERSPACED * thickness;
}

/** Thickness of what one slice stands for: its own, or the distance to the next, whichever is larger, mm. */
export function sliceMm(image: ImageIndex): number | undefined {
  const [first] = imageFrames(image);
  const thickness = first?.SliceThickness;
  if (image.kind !== 'volume') return thickness;
  const spacing = spacingMm(image);
  return spacing === undefined || thickness === undefined ? (thickness ?? spacing) : Math.max(thickness, spacing);
}

/** From the lowest to the highest corner of any slice along the patient's z axis, mm. */
function extentMm(image: ImageIndex): number {
  const heights = imageFrames(image).flatMap(cornerHeights);
  const [low, high] = heights.reduce(
    ([least, most], height) => [Math.min(least, height), Math.max(most, height)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return Math.max(0, high - low);
}

function cornerHeights(frame: FrameHeader): readonly number[] {
  const { ImagePositionPatient, ImageOrientationPatient, PixelSpacing, Rows = 0, Columns = 0 } = frame;
  if (ImagePositionPatient === undefined || ImageOrientationPatient === undefined) return [];
  const [down, across] = PixelSpacing ?? [0, 0];
  const z = ImagePositionPatient[2];
  const alongRow = ImageOrientationPatient[2] * across * Math.max(0, Columns - 1);
  const alongColumn = ImageOrientationPatient[5] * down * Math.max(0, Rows - 1);
  return [z, z + alongRow, z + alongColumn, z + alongRow + alongColumn];
}
