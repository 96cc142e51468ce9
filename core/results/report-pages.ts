/** The report for people, laid out: title, what it may be used for, paragraphs, table, pictures, origin. */
import { createHash } from 'node:crypto';
import type { Report } from '../tool.ts';
import { objectUid, RESEARCH_ONLY, type ResultData } from './common.ts';
import { encodePdf, lineWidth, PAGE, type PdfMark, wrapText } from './pdf-file.ts';
import type { SourceStudy } from './source-study.ts';

const MARGIN = 48;
const WIDTH = PAGE.width - 2 * MARGIN;
const BOTTOM = PAGE.height - 72;
const GAP = 10;
const RED = [0.75, 0, 0] as const;
const GREY = [0.35, 0.35, 0.35] as const;
/** Pictures in a row, and the tallest one in points. */
const PICTURES_A_ROW = 2;
const TALLEST = 260;

type PageReport = Extract<Report, { readonly kind: 'page' }>;

/**
 * The report as PDF: one A4 page, more only where the text asks for them. It names the tool and never the patient.
 */
export function reportPdf(result: ResultData, source: SourceStudy, report: PageReport): Uint8Array {
  const id = createHash('sha256').update(objectUid(result, 'report')).digest('hex').slice(0, 32);
  return encodePdf({ title: report.title, date: source.date, time: source.time, id, pages: layOut(result, report) });
}

function layOut(result: ResultData, report: PageReport): readonly (readonly PdfMark[])[] {
  const pages: PdfMark[][] = [[]];
  let y = MARGIN;
  const put = (mark: PdfMark): void => {
    pages.at(-1)?.push(mark);
  };
  /** Moves down by `height`, to a new page where it does not fit. */
  const room = (height: number): void => {
    if (y + height > BOTTOM) {
      pages.push([]);
      y = MARGIN;
    }
    y += height;
  };
  const line = (
    text: string,
    size: number,
    style: { bold?: boolean; color?: readonly [number, number, number] } = {},
  ) => {
    room(size * 1.4);
    put({ kind: 'text', x: MARGIN, y, size, text, ...style });
  };

  for (const text of wrapText(report.title, 18, WIDTH)) line(text, 18, { bold: true });
  line(RESEARCH_ONLY, 12, { bold: true, color: RED });
  for (const paragraph of report.paragraphs) {
    y += GAP / 2;
    for (const text of wrapText(paragraph, 10, WIDTH)) line(text, 10);
  }
  const { header, rows } = report.table ?? { header: [], rows: [] };
  const columns = columnEdges([header, ...rows]);
  [...(header.length > 0 ? [header] : []), ...rows].forEach((cells, index) => {
    room(15);
    cells.forEach((text, column) => {
      put({ kind: 'text', x: MARGIN + (columns[column] ?? 0), y, size: 9, bold: index === 0, text });
    });
    put({ kind: 'line', x: MARGIN, y: y + 4, width: WIDTH });
  });
  y += 2 * GAP;
  const pictures = report.pictures.flatMap((index) => result.keyImages[index] ?? []);
  for (let first = 0; first < pictures.length; first += PICTURES_A_ROW) {
    const inRow = pictures.slice(first, first + PICTURES_A_ROW);
    const share = (WIDTH - GAP * (inRow.length - 1)) / inRow.length;
    const sizes = inRow.map(({ rows, columns }) => {
      const scale = Math.min(share / columns, TALLEST / rows);
      return { width: columns * scale, height: rows * scale };
    });
    const tallest = Math.max(...sizes.map(({ height }) => height));
    room(tallest + 16);
    inRow.forEach((image, index) => {
      const { width = 0, height = 0 } = sizes[index] ?? {};
      const x = MARGIN + index * (share + GAP);
      put({ kind: 'picture', x, y: y - tallest - 12, width, height, image });
      put({ kind: 'text', x, y: y - tallest - 12 + height + 10, size: 8, color: GREY, text: image.title });
    });
    y += GAP;
  }
  for (const page of pages) page.push(...footer(result));
  return pages;
}

/** Left edges of a table's columns, sharing the width by each column's widest cell. */
function columnEdges(rows: readonly (readonly string[])[]): readonly number[] {
  const count = Math.max(0, ...rows.map((cells) => cells.length));
  const widest = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((cells) => lineWidth(cells[column] ?? '', 9, true) + 12)),
  );
  const total = widest.reduce((sum, width) => sum + width, 0);
  const stretch = total > 0 ? WIDTH / total : 1;
  let left = 0;
  return widest.map((width) => {
    const edge = left;
    left += width * stretch;
    return edge;
  });
}

/** Who made it, on every page. */
function footer({ metadata: { tool, version } }: ResultData): readonly PdfMark[] {
  const models = tool.models.map(({ id, version: of, sha256 }) => `${id} ${of} (${sha256.slice(0, 12)})`).join(', ');
  const top = PAGE.height - 52;
  const lines = [`Made by Hilum: ${tool.label} ${version}`, ...(models ? [`Models: ${models}`] : [])];
  return [
    { kind: 'line', x: MARGIN, y: top - 12, width: WIDTH },
    ...lines.map(
      (text, index): PdfMark => ({ kind: 'text', x: MARGIN, y: top + index * 11, size: 8, color: GREY, text }),
    ),
    { kind: 'text', x: MARGIN, y: top + 24, size: 9, bold: true, color: RED, text: RESEARCH_ONLY },
  ];
}
