/** Lays out the report for people: title, research label, paragraphs, table, pictures, origin. */
import { createHash } from 'node:crypto';
import type { RgbImage } from '../image/text.ts';
import type { KeyImage, Report } from '../tool.ts';
import { objectUid, RESEARCH_ONLY, type ResultData } from './common.ts';
import { encodePdf, lineWidth, PAGE, type PdfMark, wrapText } from './pdf-file.ts';
import { remarkSentences } from './remarks.ts';
import type { SourceStudy } from './source-study.ts';

const MARGIN = 48;
const WIDTH = PAGE.width - 2 * MARGIN;
const BOTTOM = PAGE.height - 72;
const GAP = 10;
const RED = [0.75, 0, 0] as const;
const GREY = [0.35, 0.35, 0.35] as const;
/** Pictures per row; the tallest and the smallest height of a picture, and the height of its caption, in points. */
const PICTURES_A_ROW = 2;
const TALLEST = 260;
const SMALLEST = 110;
const CAPTION = 26;
/** Pixels of a picture per point, at most about twice as many: 180 per inch. */
const FINENESS = 2.5;
const CELL_SIZE = 9;
const CELL_LINE = 11;
const CELL_GAP = 12;

type PageReport = Extract<Report, { readonly kind: 'page' }>;

/**
 * The report as PDF: one A4 page, or more if the text needs them. It names the tool and never the patient.
 */
export function reportPdf(result: ResultData, source: SourceStudy, report: PageReport): Uint8Array {
  const id = createHash('sha256')
    .update(objectUid(result, source, 'report'))
    .digest('hex')
    .slice(0, 32);
  return encodePdf({ title: report.title, id, pages: layOut(result, report) });
}

function layOut(result: ResultData, report: PageReport): readonly (readonly PdfMark[])[] {
  const flow = new Flow();
  for (const text of wrapText(report.title, 18, WIDTH, true)) flow.line(text, 18, { bold: true });
  flow.line(RESEARCH_ONLY, 12, { bold: true, color: RED });
  for (const sentence of remarkSentences(result.metadata)) {
    flow.gap(GAP / 2);
    for (const text of wrapText(sentence, 10, WIDTH, true)) flow.line(text, 10, { bold: true });
  }
  for (const paragraph of report.paragraphs) {
    flow.gap(GAP / 2);
    for (const text of wrapText(paragraph, 10, WIDTH)) flow.line(text, 10);
  }
  if (report.table) layOutTable(flow, report.table);
  flow.gap(2 * GAP);
  layOutPictures(
    flow,
    report.pictures.flatMap((index) => result.keyImages[index] ?? []),
  );
  return flow.pages.map((page) => [...page, ...footer(result)]);
}

/** Content that flows down the pages. Each mark follows the last one, or starts a new page. */
class Flow {
  readonly pages: PdfMark[][] = [[]];
  /** How far down the page is used, in points. */
  y = MARGIN;

  put(mark: PdfMark): void {
    this.pages.at(-1)?.push(mark);
  }

  gap(height: number): void {
    this.y += height;
  }

  /** Height left on the page, in points. */
  left(): number {
    return BOTTOM - this.y;
  }

  /** Takes `height` points and returns where they begin. */
  take(height: number): number {
    if (this.y + height > BOTTOM && this.y > MARGIN) {
      this.pages.push([]);
      this.y = MARGIN;
    }
    const top = this.y;
    this.y += height;
    return top;
  }

  line(text: string, size: number, style: { bold?: boolean; color?: readonly [number, number, number] } = {}): void {
    const top = this.take(size * 1.4);
    this.put({ kind: 'text', x: MARGIN, y: top + size * 1.1, size, text, ...style });
  }
}

/** One line per row, or more where a cell does not fit its column, with a rule under each row. */
function layOutTable(flow: Flow, { header, rows }: NonNullable<PageReport['table']>): void {
  const columns = columnsOf([header, ...rows]);
  flow.gap(GAP);
  [header, ...rows].forEach((cells, index) => {
    const wrapped = cells.map((text, column) =>
      wrapText(text, CELL_SIZE, (columns[column]?.width ?? WIDTH) - CELL_GAP, index === 0),
    );
    const lines = Math.max(1, ...wrapped.map(({ length }) => length));
    const top = flow.take(lines * CELL_LINE + 4);
    wrapped.forEach((texts, column) => {
      texts.forEach((text, line) => {
        const y = top + (line + 1) * CELL_LINE - 2;
        flow.put({
          kind: 'text',
          x: MARGIN + (columns[column]?.left ?? 0),
          y,
          size: CELL_SIZE,
          bold: index === 0,
          text,
        });
      });
    });
    flow.put({ kind: 'line', x: MARGIN, y: top + lines * CELL_LINE + 2, width: WIDTH });
  });
}

/** Pictures side by side with their titles below, each as large as its share of the page allows. */
function layOutPictures(flow: Flow, pictures: readonly KeyImage[]): void {
  for (let first = 0; first < pictures.length; first += PICTURES_A_ROW) {
    const row = pictures.slice(first, first + PICTURES_A_ROW);
    const share = (WIDTH - GAP * (row.length - 1)) / row.length;
    const left = flow.left() - CAPTION;
    const limit = left >= SMALLEST ? Math.min(TALLEST, left) : TALLEST;
    const scales = row.map(({ rows, columns }) => Math.min(share / columns, limit / rows));
    const tallest = Math.max(...row.map(({ rows }, index) => rows * (scales[index] ?? 0)));
    const y = flow.take(tallest + CAPTION);
    row.forEach((picture, index) => {
      const scale = scales[index] ?? 0;
      const [width, height] = [picture.columns * scale, picture.rows * scale];
      const x = MARGIN + index * (share + GAP);
      flow.put({ kind: 'picture', x, y, width, height, image: reduced(picture, 1 / (scale * FINENESS)) });
      flow.put({ kind: 'text', x, y: y + height + 10, size: 8, color: GREY, text: picture.title });
    });
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

/** A table's columns. They share the page's width in proportion to their widest cells. */
function columnsOf(rows: readonly (readonly string[])[]): readonly { readonly left: number; readonly width: number }[] {
  const count = Math.max(0, ...rows.map((cells) => cells.length));
  const widest = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((cells) => lineWidth(cells[column] ?? '', CELL_SIZE, true) + CELL_GAP)),
  );
  const stretch = WIDTH / widest.reduce((sum, width) => sum + width, 0);
  let left = 0;
  return widest.map((width) => {
    const column = { left, width: width * stretch };
    left += column.width;
    return column;
  });
}

/** The origin of the report, on every page. */
function footer({ metadata: { tool, version, inputDigest } }: ResultData): readonly PdfMark[] {
  const models = tool.models.map(({ id, version: of, sha256 }) => `${id} ${of} (${sha256.slice(0, 12)})`).join(', ');
  const top = PAGE.height - 52;
  const lines = [
    `Made by Hilum: ${tool.label} ${version}; input ${inputDigest.slice(0, 12)}`,
    ...(models ? [`Models: ${models}`] : []),
  ];
  return [
    { kind: 'line', x: MARGIN, y: top - 12, width: WIDTH },
    ...lines.map(
      (text, index): PdfMark => ({ kind: 'text', x: MARGIN, y: top + index * 11, size: 8, color: GREY, text }),
    ),
    { kind: 'text', x: MARGIN, y: top + 24, size: 9, bold: true, color: RED, text: RESEARCH_ONLY },
  ];
}
