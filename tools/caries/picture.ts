/** The key image: the radiograph, windowed as for reading, with each lesion outlined and numbered. */
import type { ImagePoint } from '#core/image/geometry.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { drawText, type Rgb, type RgbImage, textWidth } from '#core/image/text.ts';
import { exposedRange, resample } from './preprocess.ts';

export interface Outline {
  readonly label: string;
  /** Closed, on the source image. */
  readonly points: readonly ImagePoint[];
}

const RED: Rgb = [255, 70, 60];
const WIDEST = 1400;

/** At most 1400 pixels wide. Grey runs from the darkest 0.5 % to the brightest 0.2 % of the exposed area. */
export function drawPicture(image: Radiograph, outlines: readonly Outline[]): RgbImage {
  const shrink = Math.min(1, WIDEST / image.columns);
  const plane = resample(image, Math.round(image.rows * shrink), Math.round(image.columns * shrink));
  const [dark, bright] = exposedRange(plane.pixels, 0.005, 0.998);
  const rgb = new Uint8Array(plane.pixels.length * 3);
  plane.pixels.forEach((value, index) => {
    rgb.fill(
      Math.min(255, Math.max(0, Math.round((255 * (value - dark)) / Math.max(1e-6, bright - dark)))),
      3 * index,
      3 * index + 3,
    );
  });
  const picture: RgbImage = { rows: plane.rows, columns: plane.columns, rgb };
  const line = plane.columns >= 900 ? 24 : 16;
  for (const { label, points } of outlines) {
    const corners = points.map(([column, row]): ImagePoint => [column * shrink, row * shrink]);
    for (const [index, corner] of corners.slice(1).entries()) drawLine(picture, corners[index] ?? corner, corner);
    const right = Math.max(...corners.map(([column]) => column));
    const top = Math.min(...corners.map(([, row]) => row));
    const x = Math.min(plane.columns - textWidth(label, line), Math.round(right) + 3);
    drawText(picture, x, Math.max(0, Math.round(top) - line / 2), label, RED, line);
  }
  return picture;
}

function drawLine({ rows, columns, rgb }: RgbImage, from: ImagePoint, to: ImagePoint): void {
  const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]))));
  for (let step = 0; step <= steps; step++) {
    const column = Math.floor(from[0] + ((to[0] - from[0]) * step) / steps);
    const row = Math.floor(from[1] + ((to[1] - from[1]) * step) / steps);
    if (column >= 0 && column < columns && row >= 0 && row < rows) rgb.set(RED, 3 * (row * columns + column));
  }
}
