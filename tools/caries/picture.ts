/** The key image: the radiograph, windowed as for reading, with each lesion outlined and labelled. */
import type { ImagePoint } from '#core/image/geometry.ts';
import { type Box, drawPath, greyImage } from '#core/image/paint.ts';
import { resamplePlane } from '#core/image/plane.ts';
import { type Directions, drawPlate, type LegendEntry } from '#core/image/plate.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { Rgb, RgbImage } from '#core/image/text.ts';
import { exposedRange } from './preprocess.ts';

export interface Outline {
  readonly label: string;
  readonly color: Rgb;
  /** Closed, on the source image. */
  readonly points: readonly ImagePoint[];
}

/** Smaller pictures are enlarged, so that labels are as small beside teeth as in large ones. */
const NARROWEST = 900;
const WIDEST = 1400;

/** Outlines lie around the lesion, so that they do not cover it. */
const STROKE = 2;

export interface PictureOptions {
  readonly outlines: readonly Outline[];
  readonly directions: Directions;
  readonly legend: readonly LegendEntry[];
  readonly notes: readonly string[];
}

/** 900 to 1400 pixels wide. Grey runs from the darkest 0.5 % to the brightest 0.2 % of the exposed area. */
export function drawPicture(image: Radiograph, { outlines, ...around }: PictureOptions): RgbImage {
  const scale = Math.max(NARROWEST / image.columns, Math.min(1, WIDEST / image.columns));
  const plane = resamplePlane(image, Math.round(image.rows * scale), Math.round(image.columns * scale));
  const [dark, bright] = exposedRange(plane.pixels, 0.005, 0.998);
  const picture = greyImage(plane.rows, plane.columns, (index) =>
    Math.min(255, Math.max(0, Math.round((255 * ((plane.pixels[index] ?? 0) - dark)) / Math.max(1e-6, bright - dark)))),
  );
  const paths = outlines.map(({ points, ...look }) => ({
    ...look,
    points: points.map(([column, row]): ImagePoint => [column * scale, row * scale]),
  }));
  for (const { points, color } of paths) drawPath(picture, points, { color, width: STROKE });
  const labels = paths.map(({ label, color, points }) => ({ text: label, color, target: boxAround(points) }));
  return drawPlate({ picture, labels, labelled: 'beside', ...around });
}

function boxAround(points: readonly ImagePoint[]): Box {
  const [columns, rows] = [points.map(([column]) => column), points.map(([, row]) => row)];
  return {
    left: Math.floor(Math.min(...columns)) - STROKE,
    top: Math.floor(Math.min(...rows)) - STROKE,
    right: Math.ceil(Math.max(...columns)) + STROKE,
    bottom: Math.ceil(Math.max(...rows)) + STROKE,
  };
}
