/** The picture of a non-result: words alone, so that its place in a viewer is not a black square. */
import { blank, WHITE } from '../image/paint.ts';
import { drawText, linesWithin, type Rgb, type RgbImage } from '../image/text.ts';
import type { ResultData } from './common.ts';
import type { OutcomeInWords } from './outcome-in-words.ts';

/** With the research label below it, the card has at most 400 kB of pixels. */
const COLUMNS = 600;
const MOST_ROWS = 180;
const MARGIN = 10;
const HEADING_SIZE = 34;
/** Heights of a line of text, largest first. */
const SIZES = [18, 17, 16, 15, 14, 13];
const SMALLEST = 13;
const AMBER: Rgb = [255, 190, 60];
const GREY: Rgb = [200, 200, 200];

/** @param about which study and images the run was about */
export function outcomeCard({ metadata }: ResultData, words: OutcomeInWords, about: string): RgbImage {
  const { tool, version, reason } = metadata;
  const paragraphs = [
    { text: reason?.message ?? metadata.summary, color: WHITE },
    { text: words.sentence, color: WHITE },
    { text: `${tool.label} ${version.replace(/\+.*/, '')}`, color: GREY },
    { text: about, color: GREY },
  ];
  const size = SIZES.find((one) => rowsOf(linesOf(paragraphs, one), one) <= MOST_ROWS) ?? SMALLEST;
  const lines = shortened(paragraphs, size);
  const image = blank(rowsOf(lines, size), COLUMNS);
  drawText(image, MARGIN, MARGIN, words.heading, AMBER, HEADING_SIZE, true);
  for (const [index, { text, color }] of lines.entries())
    drawText(image, MARGIN, 2 * MARGIN + HEADING_SIZE + index * size, text, color, size);
  return image;
}

interface Line {
  readonly text: string;
  readonly color: Rgb;
}

function linesOf(paragraphs: readonly Line[], size: number): readonly Line[] {
  return paragraphs.flatMap(({ text, color }) =>
    linesWithin(text, COLUMNS - 2 * MARGIN, size).map((line) => ({ text: line, color })),
  );
}

const rowsOf = (lines: readonly Line[], size: number): number => 3 * MARGIN + HEADING_SIZE + lines.length * size;

/** The lines that fit. A reason that is too long ends in an ellipsis: the report has it whole. */
function shortened([reason, ...others]: readonly Line[], size: number): readonly Line[] {
  const rest = linesOf(others, size);
  const own = reason === undefined ? [] : linesOf([reason], size);
  const room = Math.floor((MOST_ROWS - rowsOf(rest, size)) / size);
  if (own.length <= room) return [...own, ...rest];
  const kept = own.slice(0, Math.max(1, room));
  return [...kept.map((line, at) => (at === kept.length - 1 ? { ...line, text: `${line.text}…` } : line)), ...rest];
}
