/** Lays marks out on pages, from top to bottom. Lengths are in points. */
import { lineWidth, PAGE, type PdfColor, type PdfMark, wrapText } from './pdf-file.ts';

export const MARGIN = 48;
export const WIDTH = PAGE.width - 2 * MARGIN;
/** Below it is the footer. */
const BOTTOM = PAGE.height - 72;
const LINE = 1.35;

export interface TextStyle {
  readonly bold?: boolean;
  readonly color?: PdfColor;
}
/** A text with its size and style. */
export interface Written extends TextStyle {
  readonly text: string;
  readonly size: number;
}

/** Content that flows down the pages. Each mark follows the last one, or starts a new page. */
export class Flow {
  readonly pages: PdfMark[][] = [[]];
  /** How far down the page is used. */
  private y = MARGIN;

  put(mark: PdfMark): void {
    this.pages.at(-1)?.push(mark);
  }

  gap(height: number): void {
    this.y += height;
  }

  /** Height left on the page. */
  left(): number {
    return BOTTOM - this.y;
  }

  /** Takes `height` and returns where it begins: here, or on a new page. */
  take(height: number): number {
    if (this.y + height > BOTTOM && this.y > MARGIN) {
      this.pages.push([]);
      this.y = MARGIN;
    }
    const top = this.y;
    this.y += height;
    return top;
  }

  /** Lines of text over the whole width. */
  text({ text, size, ...style }: Written): void {
    for (const line of wrapText(text, size, WIDTH, style.bold)) {
      const top = this.take(size * LINE);
      this.put({ kind: 'text', x: MARGIN, y: top + size, size, text: line, ...style });
    }
  }
}

/** Height of a text over the whole width. */
export function heightOf({ text, size, bold }: Written): number {
  return wrapText(text, size, WIDTH, bold).length * size * LINE;
}

/** A filled box with an edge, and texts one below the other in it. With `bar`, a broad bar of that colour on its left. */
export function layOutBox(
  flow: Flow,
  texts: readonly Written[],
  { fill, edge, bar }: { readonly fill: PdfColor; readonly edge: PdfColor; readonly bar?: PdfColor },
): void {
  const inset = 10;
  const lines = texts.flatMap(({ text, ...written }) =>
    wrapText(text, written.size, WIDTH - 2 * inset - BAR, written.bold).map((line) => ({ text: line, ...written })),
  );
  const height = lines.reduce((sum, { size }) => sum + size * LINE, 0) + 12;
  const top = flow.take(height);
  flow.put({ kind: 'box', x: MARGIN, y: top, width: WIDTH, height, fill, edge });
  if (bar) flow.put({ kind: 'box', x: MARGIN, y: top, width: BAR, height, fill: bar });
  let y = top + 5;
  for (const line of lines) {
    flow.put({ kind: 'text', x: MARGIN + inset + BAR, y: y + line.size, ...line });
    y += line.size * LINE;
  }
}
const BAR = 6;

/** A table's rows have a cell for each of its columns. A chip is a small square of colour before the first cell. */
export interface LaidTable {
  readonly header: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly chip?: PdfColor | undefined }[];
}

const CELL_SIZE = 9;
const CELL_LINE = 11.5;
const CELL_GAP = 10;
const CHIP = 7;
const CHIP_SPACE = 12;

/** One line per row, or more where a cell does not fit its column, with a rule under each row. A new page begins with the header. */
export function layOutTable(flow: Flow, { header, rows }: LaidTable): void {
  const hasChips = rows.some(({ chip }) => chip !== undefined);
  const indent = hasChips ? CHIP_SPACE : 0;
  const columns = columnsOf([header, ...rows.map(({ cells }) => cells)], WIDTH - indent);
  const wrapped = (cells: readonly string[], bold: boolean) =>
    cells.map((text, column) => wrapText(text, CELL_SIZE, (columns[column]?.width ?? WIDTH) - CELL_GAP, bold));
  const heightOf = (texts: readonly (readonly string[])[]) =>
    Math.max(1, ...texts.map(({ length }) => length)) * CELL_LINE + 4;
  const row = (texts: readonly (readonly string[])[], bold: boolean, chip?: PdfColor) => {
    const height = heightOf(texts);
    const top = flow.take(height);
    if (chip) layOutChip(flow, MARGIN, top + CELL_LINE - 2, chip);
    texts.forEach((lines, column) => {
      const x = MARGIN + indent + (columns[column]?.left ?? 0);
      lines.forEach((text, line) => {
        flow.put({ kind: 'text', x, y: top + (line + 1) * CELL_LINE - 2, size: CELL_SIZE, bold, text });
      });
    });
    flow.put({ kind: 'line', x: MARGIN, y: top + height - 2, width: WIDTH });
  };
  const head = wrapped(header, true);
  const texts = rows.map(({ cells }) => wrapped(cells, false));
  // The header does not stand alone at the foot of a page.
  if (flow.left() < heightOf(head) + heightOf(texts[0] ?? [])) flow.gap(flow.left());
  row(head, true);
  texts.forEach((cells, index) => {
    if (flow.left() < heightOf(cells)) {
      flow.gap(flow.left());
      row(head, true);
    }
    row(cells, false, rows[index]?.chip);
  });
}

/** @param baseline of the text beside it */
export function layOutChip(flow: Flow, x: number, baseline: number, fill: PdfColor): void {
  flow.put({ kind: 'box', x, y: baseline - CHIP, width: CHIP, height: CHIP, fill, edge: [0.4, 0.4, 0.4] });
}

/**
 * Columns share the width in proportion to their widest cells, except that no column is wider than half of it as long as others
 * must break their lines.
 */
function columnsOf(
  rows: readonly (readonly string[])[],
  width: number,
): readonly { readonly left: number; readonly width: number }[] {
  const count = Math.max(0, ...rows.map((cells) => cells.length));
  const widest = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((cells) => lineWidth(cells[column] ?? '', CELL_SIZE, true) + CELL_GAP)),
  );
  const wanted = widest.map((each) => Math.min(each, width / 2));
  const stretch = width / wanted.reduce((sum, each) => sum + each, 0);
  let left = 0;
  return wanted.map((each) => {
    const column = { left, width: each * stretch };
    left += column.width;
    return column;
  });
}
