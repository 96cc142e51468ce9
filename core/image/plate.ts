/** A picture for readers: with labels, the patient's directions, a legend and a scale around it. */
import { drawLabels, type Label, labelWidth, placed, placesBeside, placesInColumn } from './labels.ts';
import { BLACK, type Box, blank, drawBorder, drawLine, fillBox, paste, WHITE } from './paint.ts';
import { drawText, linesWithin, type Rgb, type RgbImage, textWidth } from './text.ts';

export interface LegendEntry {
  readonly text: string;
  readonly color: Rgb;
  /** As the outlines that it explains. */
  readonly dotted?: boolean;
}

/** Where the sides of a picture lie: letters of the patient's directions (PS3.3 C.7.6.1.1.1). */
export interface Directions {
  readonly left?: string;
  readonly right?: string;
  readonly top?: string;
  readonly bottom?: string;
}

export interface Plate {
  /** With its outlines. */
  readonly picture: RgbImage;
  /** The most important first. Their targets are in the picture. */
  readonly labels: readonly Label[];
  /** In a column on the left or right of the picture, or in the picture beside what they name. */
  readonly labelled: 'left' | 'right' | 'beside';
  readonly directions?: Directions;
  /** Of the patient's millimetres per pixel, where a scale makes sense. */
  readonly mmPerPixel?: number;
  readonly legend: readonly LegendEntry[];
  /** Sentences below the legend. */
  readonly notes?: readonly string[];
}

const MARGIN = 6;
/** Between a column of labels and the picture, for the lines. */
const LEADERS = 24;
const GREY: Rgb = [200, 200, 200];
const NO_LABELS = { size: 0, places: [] };
/** Lengths of the scale, mm; the longest of at most a quarter of the width is taken. */
const SCALES = [100, 50, 20, 10, 5, 2, 1];

/** The height of a line of text for a picture of this size: the same share of the screen, whatever the number of pixels. */
export function lineOf({ rows, columns }: Pick<RgbImage, 'rows' | 'columns'>): number {
  return Math.min(26, Math.max(15, Math.round(Math.max(rows, columns) / 42)));
}

export function drawPlate(plate: Plate): RgbImage {
  const { picture, labels, labelled, directions = {}, notes = [] } = plate;
  const { rows, columns } = picture;
  const line = lineOf(picture);
  const inColumn = labelled !== 'beside' && labels.length > 0;
  const column = inColumn ? Math.max(...labels.map((label) => labelWidth(label, line))) + LEADERS + MARGIN : 0;
  const left = labelled === 'left' ? column : 0;
  const here = labels.map((label) => ({ ...label, target: moved(label.target, left) }));
  const edge = labelled === 'beside' ? line + MARGIN : 0;
  const { size, places } =
    labels.length === 0
      ? NO_LABELS
      : placed(here, line, (at) =>
          inColumn
            ? placesInColumn(here, { ...columnBox(left, columns), top: 0, bottom: rows }, at)
            : placesBeside(here, { left: edge, top: edge, right: columns - edge, bottom: rows - edge }, at),
        );
  const unplaced = labels.filter((_, index) => places[index] === undefined).length;
  const said = unplaced === 0 ? notes : [...notes, `${unplaced} more without a label here, for lack of room.`];
  const below = footer(plate, said, columns + column, line);
  const image = blank(rows + below.rows, columns + column);
  paste(image, picture, left, 0);
  drawDirections(image, { left, top: 0, right: left + columns, bottom: rows }, directions, line);
  drawLabels(image, here, places, size);
  paste(image, below, 0, rows);
  return image;
}

const moved = ({ left, top, right, bottom }: Box, by: number): Box => ({
  left: left + by,
  top,
  right: right + by,
  bottom,
});

/** Left of a picture that begins at `left`, or else right of it. */
function columnBox(left: number, columns: number): Pick<Box, 'left' | 'right'> {
  return left > 0 ? { left: 0, right: left } : { left: columns + LEADERS, right: columns };
}

/** The letters in the middle of the picture's sides. */
function drawDirections(image: RgbImage, { left, top, right, bottom }: Box, letters: Directions, line: number): void {
  const [x, y] = [Math.round((left + right) / 2), Math.round((top + bottom) / 2 - line / 2)];
  const write = (text: string | undefined, at: (width: number) => readonly [number, number]): void => {
    if (text === undefined) return;
    const width = textWidth(text, line, true);
    const [column, row] = at(width);
    fillBox(image, { left: column - 2, top: row, right: column + width + 2, bottom: row + line }, BLACK);
    drawText(image, column, row, text, WHITE, line, true);
  };
  write(letters.left, () => [left + MARGIN, y]);
  write(letters.right, (width) => [right - width - MARGIN, y]);
  write(letters.top, (width) => [x - (width >> 1), top + 2]);
  write(letters.bottom, (width) => [x - (width >> 1), bottom - line - 2]);
}

/** The strip below the picture: the legend, the scale at its right, and the notes. No rows where there is nothing to say. */
function footer({ legend, mmPerPixel, picture }: Plate, notes: readonly string[], columns: number, line: number) {
  const bar = mmPerPixel === undefined ? undefined : scaleOf(mmPerPixel, picture.columns);
  const barWidth = bar === undefined ? 0 : bar.pixels + textWidth(bar.text, line) + 3 * MARGIN;
  const lines = legendLines(legend, columns - 2 * MARGIN - barWidth, line);
  const words = notes.flatMap((note) => linesWithin(note, columns - 2 * MARGIN, line));
  const barLines = bar === undefined ? 0 : 1;
  const count = Math.max(lines.length, barLines) + words.length;
  const image = blank(count === 0 ? 0 : count * (line + 2) + 2 * MARGIN, columns);
  const topOf = (index: number): number => MARGIN + index * (line + 2);
  for (const [index, entries] of lines.entries())
    for (const { entry, left } of entries) drawEntry(image, entry, MARGIN + left, topOf(index), line);
  for (const [index, text] of words.entries())
    drawText(image, MARGIN, topOf(Math.max(lines.length, barLines) + index), text, GREY, line);
  if (bar !== undefined) drawBar(image, bar, columns - MARGIN, topOf(0), line);
  return image;
}

interface PlacedEntry {
  readonly entry: LegendEntry;
  readonly left: number;
}

/** The entries in lines of at most `width` pixels, one entry at least in each. */
function legendLines(legend: readonly LegendEntry[], width: number, line: number): readonly (readonly PlacedEntry[])[] {
  const lines: PlacedEntry[][] = [];
  let left = 0;
  for (const entry of legend) {
    const own = swatchWidth(line) + textWidth(entry.text, line) + 3 * MARGIN;
    const last = lines.at(-1);
    if (last === undefined || left + own > width) {
      lines.push([{ entry, left: 0 }]);
      left = own;
    } else {
      last.push({ entry, left });
      left += own;
    }
  }
  return lines;
}

const swatchWidth = (line: number): number => line + MARGIN;

function drawEntry(
  image: RgbImage,
  { text, color, dotted = false }: LegendEntry,
  left: number,
  top: number,
  line: number,
) {
  const box = { left, top: top + 2, right: left + line, bottom: top + line - 2 };
  const inBox = (x: number, y: number): boolean => x >= box.left && x < box.right && y >= box.top && y < box.bottom;
  drawBorder(image, box, inBox, { color, width: 3, dotted });
  drawText(image, left + swatchWidth(line), top, text, GREY, line);
}

interface Bar {
  readonly text: string;
  readonly pixels: number;
}

function scaleOf(mmPerPixel: number, columns: number): Bar | undefined {
  const mm = SCALES.find((length) => length / mmPerPixel <= columns / 4);
  return mm === undefined ? undefined : { text: `${mm} mm`, pixels: Math.round(mm / mmPerPixel) };
}

function drawBar(image: RgbImage, { text, pixels }: Bar, right: number, top: number, line: number): void {
  const [from, y] = [right - pixels, top + line / 2];
  drawText(image, from - MARGIN - textWidth(text, line), top, text, WHITE, line);
  drawLine(image, [from, y], [right, y], { color: WHITE, width: 2 });
  for (const x of [from, right - 1]) drawLine(image, [x, y - 5], [x, y + 5], { color: WHITE, width: 2 });
}
