/** Writes in pictures, in letters of our own: bands and labels must not depend on the machine's fonts. */
import { BOLD, type Glyph, glyphsOf, REGULAR, wrapWords, writable } from '../fonts/font.ts';
import { type OutlinePoint, outlineOf } from '../fonts/outline.ts';
import { coverage, type Edge, type PlanePoint } from './coverage.ts';

/** An RGB picture, row-major, three bytes a pixel. */
export interface RgbImage {
  readonly rows: number;
  readonly columns: number;
  readonly rgb: Uint8Array;
}
export type Rgb = readonly [red: number, green: number, blue: number];

/** Pixels between the places where a letter may begin: finer ones cannot be seen. */
const GRID = 0.25;
/** Straight pieces of a curve. */
const PIECES = 6;

/** Width in pixels of a line of text, `size` pixels high. */
export function textWidth(text: string, size: number, bold = false): number {
  const words = placed(text, size, bold);
  return Math.ceil(words.at(-1)?.end ?? 0);
}

/** Breaks text at spaces into lines no wider than `width` pixels, except for single words. */
export function linesWithin(text: string, width: number, size: number, bold = false): readonly string[] {
  return wrapWords(text, width, (line) => textWidth(line, size, bold));
}

/**
 * Writes text into the picture, smoothed. The line is `size` pixels high, its upper left corner at column `x` and row `y`; capital letters are
 * 0.6 × `size` high. Text outside the picture is cut off, and characters that the font lacks become `?`.
 */
export function drawText(
  image: RgbImage,
  x: number,
  y: number,
  text: string,
  color: Rgb,
  size: number,
  bold = false,
): void {
  const font = bold ? BOLD : REGULAR;
  const scale = size / (font.ascent - font.descent);
  const baseline = Math.round(y) + Math.round(font.ascent * scale);
  for (const { glyph, start } of placed(text, size, bold)) {
    const left = Math.round(x) + start;
    const onImage = ([right, up]: OutlinePoint): PlanePoint => [left + right * scale, baseline - up * scale];
    const edges = outlineOf(font, glyph).flatMap(([from, control, to]) =>
      pieces(onImage(from), onImage(control), onImage(to)),
    );
    fill(image, edges, color);
  }
}

interface Placed {
  readonly glyph: Glyph;
  /** In pixels from the start of the line. */
  readonly start: number;
  readonly end: number;
}

/** A word begins at a whole pixel, so that it looks the same wherever it stands. */
function placed(text: string, size: number, bold: boolean): readonly Placed[] {
  const font = bold ? BOLD : REGULAR;
  const scale = size / (font.ascent - font.descent);
  let pen = 0;
  return writable(text)
    .split(/(?<= )/)
    .flatMap((word) => {
      pen = Math.round(pen);
      return glyphsOf(font, word).map((glyph) => {
        const start = Math.round(pen / GRID) * GRID;
        pen += glyph.width * scale;
        return { glyph, start, end: pen };
      });
    });
}

/** A curve as straight edges. */
function pieces(from: PlanePoint, control: PlanePoint, to: PlanePoint): readonly Edge[] {
  const at = (t: number): PlanePoint => {
    const [a, b, c] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
    return [a * from[0] + b * control[0] + c * to[0], a * from[1] + b * control[1] + c * to[1]];
  };
  return Array.from({ length: PIECES }, (_, piece) => [at(piece / PIECES), at((piece + 1) / PIECES)]);
}

/** Colours each pixel by the share of it that the outline covers. */
function fill(image: RgbImage, edges: readonly Edge[], color: Rgb): void {
  const all = edges.flat();
  if (all.length === 0) return;
  const [left, top] = [Math.floor(Math.min(...all.map(([x]) => x))), Math.floor(Math.min(...all.map(([, y]) => y)))];
  const columns = Math.ceil(Math.max(...all.map(([x]) => x))) - left;
  const rows = Math.ceil(Math.max(...all.map(([, y]) => y))) - top;
  const moved = ([x, y]: PlanePoint): PlanePoint => [x - left, y - top];
  const { share } = coverage(
    edges.map(([from, to]): Edge => [moved(from), moved(to)]),
    rows,
    columns,
  );
  for (let row = Math.max(0, -top); row < Math.min(rows, image.rows - top); row++) {
    for (let column = Math.max(0, -left); column < Math.min(columns, image.columns - left); column++) {
      const part = share[row * columns + column] ?? 0;
      const at = ((top + row) * image.columns + left + column) * 3;
      for (const [channel, value] of color.entries()) {
        const behind = image.rgb[at + channel] ?? 0;
        image.rgb[at + channel] = Math.round(behind + (value - behind) * part);
      }
    }
  }
}
