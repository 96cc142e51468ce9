/** A contact sheet of pictures with captions, e.g. a tool's failures or its marks. */
import { PNG } from 'pngjs';
import { wrapWords } from '#core/fonts/font.ts';
import { drawText, type Rgb, type RgbImage, textWidth } from '#core/image/text.ts';

/** One picture. Long captions are wrapped. */
export interface Tile {
  readonly caption: string;
  readonly rows: number;
  readonly columns: number;
  /** Grey (rows × columns) or RGB (rows × columns × 3), row-major. */
  readonly pixels: Uint8Array;
}

/** A tile as plain JSON, for outcomes. */
export interface StoredTile extends Omit<Tile, 'pixels'> {
  readonly base64: string;
}

export function storeTile({ pixels, ...tile }: Tile): StoredTile {
  return { ...tile, base64: Buffer.from(pixels).toString('base64') };
}

export function restoreTile({ base64, ...tile }: StoredTile): Tile {
  return { ...tile, pixels: new Uint8Array(Buffer.from(base64, 'base64')) };
}

export interface GalleryOptions {
  /** Pictures per row. */
  readonly perRow?: number;
  /** The longest side of a tile on the sheet, px. Larger pictures are reduced by averaging, smaller ones are kept. */
  readonly side?: number;
}

const GAP = 8;
const BACKGROUND = 24;
const TEXT: Rgb = [235, 235, 235];
const LINE = 14;

/** The sheet as a PNG file. The same tiles give the same bytes. */
export function gallery(tiles: readonly Tile[], { perRow = 4, side = 220 }: GalleryOptions = {}): Uint8Array {
  const pictures = tiles.map((tile) => ({ ...fitted(tile, side), lines: linesOf(tile.caption, side) }));
  const rows = Array.from({ length: Math.ceil(pictures.length / perRow) }, (_, row) => {
    const inRow = pictures.slice(row * perRow, (row + 1) * perRow);
    const height = Math.max(...inRow.map((picture) => picture.rows));
    const lines = Math.max(...inRow.map((picture) => picture.lines.length));
    return { inRow, height, total: height + lines * LINE + 2 * GAP };
  });
  const image: RgbImage = {
    columns: GAP + Math.min(perRow, Math.max(1, tiles.length)) * (side + GAP),
    rows: GAP + rows.reduce((sum, { total }) => sum + total, 0),
    rgb: new Uint8Array(0),
  };
  const canvas: RgbImage = { ...image, rgb: new Uint8Array(image.rows * image.columns * 3).fill(BACKGROUND) };
  let top = GAP;
  for (const { inRow, height, total } of rows) {
    for (const [index, picture] of inRow.entries()) {
      const left = GAP + index * (side + GAP);
      place(canvas, picture, left + ((side - picture.columns) >> 1), top + ((height - picture.rows) >> 1));
      for (const [line, words] of picture.lines.entries()) {
        drawText(canvas, left, top + height + 4 + line * LINE, words, TEXT, LINE);
      }
    }
    top += total;
  }
  return pngOf(canvas);
}

/** The tile in RGB, with no side longer than `side`. A pixel of a reduced picture is the mean of the pixels that it covers. */
function fitted({ rows, columns, pixels }: Tile, side: number): RgbImage {
  const channels = pixels.length === rows * columns ? 1 : 3;
  if (pixels.length !== rows * columns * channels) {
    throw new RangeError(`A tile of ${rows} × ${columns} has ${pixels.length} bytes`);
  }
  const factor = Math.max(1, rows / side, columns / side);
  const [toRows, toColumns] = [Math.max(1, Math.floor(rows / factor)), Math.max(1, Math.floor(columns / factor))];
  const rgb = new Uint8Array(toRows * toColumns * 3);
  for (let row = 0; row < toRows; row += 1) {
    const [top, bottom] = covered(row, rows / toRows, rows);
    for (let column = 0; column < toColumns; column += 1) {
      const [left, right] = covered(column, columns / toColumns, columns);
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let y = top; y < bottom; y += 1) {
          for (let x = left; x < right; x += 1) {
            sum += pixels[(y * columns + x) * channels + (channels === 1 ? 0 : channel)] ?? 0;
          }
        }
        rgb[(row * toColumns + column) * 3 + channel] = Math.round(sum / ((bottom - top) * (right - left)));
      }
    }
  }
  return { rows: toRows, columns: toColumns, rgb };
}

function covered(index: number, factor: number, size: number): readonly [from: number, to: number] {
  const from = Math.min(size - 1, Math.floor(index * factor));
  return [from, Math.max(from + 1, Math.min(size, Math.floor((index + 1) * factor)))];
}

function linesOf(caption: string, width: number): readonly string[] {
  return caption.split('\n').flatMap((words) => wrapWords(words, width, (line) => textWidth(line, LINE)));
}

function place(canvas: RgbImage, { rows, columns, rgb }: RgbImage, left: number, top: number): void {
  for (let row = 0; row < rows; row += 1) {
    canvas.rgb.set(rgb.subarray(row * columns * 3, (row + 1) * columns * 3), ((top + row) * canvas.columns + left) * 3);
  }
}

function pngOf({ rows, columns, rgb }: RgbImage): Uint8Array {
  const png = new PNG({ width: columns, height: rows, colorType: 2 });
  for (let at = 0; at < rows * columns; at += 1) {
    png.data.set([rgb[at * 3] ?? 0, rgb[at * 3 + 1] ?? 0, rgb[at * 3 + 2] ?? 0, 255], at * 4);
  }
  return PNG.sync.write(png, { colorType: 2 });
}
