/** Pictures on a page, with their captions. */
import type { RgbImage } from '../image/text.ts';
import { type Flow, MARGIN, WIDTH } from './page-flow.ts';
import { type PdfColor, wrapText } from './pdf-file.ts';

export interface CaptionedPicture extends RgbImage {
  readonly caption: string;
}

const GAP = 10;
const GREY: PdfColor = [0.3, 0.3, 0.3];
/** Pictures per row, and the tallest and the smallest height of a picture, in points. */
const PICTURES_A_ROW = 2;
const TALLEST = 330;
const SMALLEST = 140;
/** No picture is made smaller than that to have the whole report on one page. */
const GOOD = 220;
const CAPTION_SIZE = 8;
const CAPTION_LINE = 10;
/** Pixels of a picture per point, at most about twice as many: 180 per inch. */
const FINENESS = 2.5;

/**
 * Pictures side by side with their captions below, each as large as its share of the page allows.
 *
 * @param below height of what follows: the last row leaves it free, if the pictures do not become too small
 */
export function layOutPictures(flow: Flow, pictures: readonly CaptionedPicture[], below = 0): void {
  for (let first = 0; first < pictures.length; first += PICTURES_A_ROW) {
    const row = pictures.slice(first, first + PICTURES_A_ROW);
    const share = (WIDTH - GAP * (row.length - 1)) / row.length;
    const captions = row.map(({ caption }) => wrapText(caption, CAPTION_SIZE, share));
    const captionHeight = Math.max(...captions.map(({ length }) => length)) * CAPTION_LINE + 8;
    const left = flow.left() - captionHeight;
    const beside = first + PICTURES_A_ROW < pictures.length ? left : left - below - GAP;
    const limit = Math.min(TALLEST, beside >= GOOD ? beside : left >= SMALLEST ? left : TALLEST);
    const scales = row.map(({ rows, columns }) => Math.min(share / columns, limit / rows));
    const tallest = Math.max(...row.map(({ rows }, index) => rows * (scales[index] ?? 0)));
    const y = flow.take(tallest + captionHeight);
    row.forEach((picture, index) => {
      const scale = scales[index] ?? 0;
      const [width, height] = [picture.columns * scale, picture.rows * scale];
      const x = MARGIN + index * (share + GAP);
      flow.put({ kind: 'picture', x, y, width, height, image: reduced(picture, 1 / (scale * FINENESS)) });
      (captions[index] ?? []).forEach((text, line) => {
        const baseline = y + height + 2 + (line + 1) * CAPTION_LINE;
        flow.put({ kind: 'text', x, y: baseline, size: CAPTION_SIZE, color: GREY, text });
      });
    });
    flow.gap(GAP / 2);
  }
}

/** The picture reduced by the integer part of `factor`. Each pixel is the mean of the pixels that it replaces. */
function reduced(picture: RgbImage, factor: number): RgbImage {
  const step = Math.floor(factor);
  if (step < 2) return picture;
  const [rows, columns] = [Math.floor(picture.rows / step), Math.floor(picture.columns / step)];
  const rgb = new Uint8Array(rows * columns * 3);
  for (let i = 0; i < rgb.length; i++) {
    const pixel = Math.floor(i / 3);
    const [row, column] = [Math.floor(pixel / columns) * step, (pixel % columns) * step];
    let sum = 0;
    for (let y = row; y < row + step; y++) {
      for (let x = column; x < column + step; x++) sum += picture.rgb[(y * picture.columns + x) * 3 + (i % 3)] ?? 0;
    }
    rgb[i] = Math.round(sum / (step * step));
  }
  return { rows, columns, rgb };
}
