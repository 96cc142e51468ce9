/** Paints in pictures: planes of one colour, boxes and lines. What lies outside the picture is cut off. */
import type { ImagePoint } from './geometry.ts';
import type { Rgb, RgbImage } from './text.ts';

/** Whole pixels; the right column and the bottom row are the first that do not belong to the box. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const BLACK: Rgb = [0, 0, 0];
export const WHITE: Rgb = [255, 255, 255];

/** A black picture. */
export function blank(rows: number, columns: number): RgbImage {
  return { rows, columns, rgb: new Uint8Array(rows * columns * 3) };
}

/** A grey picture from 0 to 255. */
export function greyImage(rows: number, columns: number, shadeAt: (index: number) => number): RgbImage {
  const image = blank(rows, columns);
  for (let index = 0; index < rows * columns; index += 1) image.rgb.fill(shadeAt(index), 3 * index, 3 * index + 3);
  return image;
}

/** Copies a picture into another one that it fits into. */
export function paste(onto: RgbImage, { rows, columns, rgb }: RgbImage, left: number, top: number): void {
  for (let row = 0; row < rows; row += 1) {
    const line = rgb.subarray(row * columns * 3, (row + 1) * columns * 3);
    onto.rgb.set(line, ((top + row) * onto.columns + left) * 3);
  }
}

function setPixel({ rows, columns, rgb }: RgbImage, column: number, row: number, color: Rgb): void {
  if (column >= 0 && column < columns && row >= 0 && row < rows) rgb.set(color, (row * columns + column) * 3);
}

export function fillBox(image: RgbImage, { left, top, right, bottom }: Box, color: Rgb): void {
  for (let row = top; row < bottom; row += 1)
    for (let column = left; column < right; column += 1) setPixel(image, column, row, color);
}

/** Three pixels on and three off, along rows as well as columns: for readers who do not see colours. */
export const isDot = (row: number, column: number): boolean => (row + column) % 6 < 3;

/** The look of a line. It lies on black, one pixel wider on each side, so that it can be seen on every shade of grey. */
export interface Stroke {
  readonly color: Rgb;
  /** In pixels; by default 1. */
  readonly width?: number;
  readonly dotted?: boolean;
}

/** A line between points in pixels, (0.5, 0.5) being the middle of the first pixel. */
export function drawLine(image: RgbImage, from: ImagePoint, to: ImagePoint, stroke: Stroke): void {
  drawPath(image, [from, to], stroke);
}

/** The lines between the points, in their order. */
export function drawPath(image: RgbImage, points: readonly ImagePoint[], { color, width = 1, dotted }: Stroke): void {
  eachOn(points, width + 2, (column, row) => setPixel(image, column, row, BLACK));
  eachOn(points, width, (column, row) => {
    if (!dotted || isDot(row, column)) setPixel(image, column, row, color);
  });
}

function eachOn(points: readonly ImagePoint[], width: number, put: (column: number, row: number) => void): void {
  for (const [index, to] of points.slice(1).entries()) {
    const from = points[index] ?? to;
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]))));
    for (let step = 0; step <= steps; step += 1) {
      const left = Math.floor(from[0] + ((to[0] - from[0]) * step) / steps - (width - 1) / 2);
      const top = Math.floor(from[1] + ((to[1] - from[1]) * step) / steps - (width - 1) / 2);
      for (let row = top; row < top + width; row += 1)
        for (let column = left; column < left + width; column += 1) put(column, row);
    }
  }
}

/** The border of what `isInside` says is inside, within a box: the line is inside, its black also outside. */
export function drawBorder(
  image: RgbImage,
  { left, top, right, bottom }: Box,
  isInside: (column: number, row: number) => boolean,
  { color, width = 1, dotted = false }: Stroke,
): void {
  const reaches = (column: number, row: number, steps: number, inside: boolean): boolean => {
    for (let step = 1; step <= steps; step += 1) {
      if (isInside(column - step, row) === inside || isInside(column + step, row) === inside) return true;
      if (isInside(column, row - step) === inside || isInside(column, row + step) === inside) return true;
    }
    return false;
  };
  for (let row = top - 1; row <= bottom; row += 1) {
    for (let column = left - 1; column <= right; column += 1) {
      if (!isInside(column, row)) {
        if (reaches(column, row, 1, true)) setPixel(image, column, row, BLACK);
      } else if (reaches(column, row, width, false))
        setPixel(image, column, row, dotted && !isDot(row, column) ? BLACK : color);
    }
  }
}
