/**
 * A small PDF 1.4 writer (ISO 32000-1): text in the standard Helvetica, lines and RGB pictures, uncompressed. Nothing depends
 * on clock or chance, so the same pages give the same bytes.
 */
import type { RgbImage } from '../image/text.ts';

/** A4 portrait in points; x to the right, y down from the upper left corner. */
export const PAGE = { width: 595, height: 842 } as const;

export type PdfMark =
  | {
      readonly kind: 'text';
      readonly x: number;
      /** The baseline. */
      readonly y: number;
      readonly size: number;
      readonly bold?: boolean;
      readonly color?: readonly [red: number, green: number, blue: number];
      readonly text: string;
    }
  | { readonly kind: 'line'; readonly x: number; readonly y: number; readonly width: number }
  | {
      readonly kind: 'picture';
      readonly x: number;
      /** The upper edge. */
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly image: RgbImage;
    };

export interface PdfFile {
  readonly title: string;
  /** 32 hexadecimal digits: the file identifier (14.4). */
  readonly id: string;
  readonly pages: readonly (readonly PdfMark[])[];
}

/** Advance widths of space to tilde in thousandths of the size (Adobe's metrics of the standard 14 fonts). */
const REGULAR = widths(
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584',
);
const BOLD = widths(
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584',
);

function widths(list: string): readonly number[] {
  return list.split(' ').map(Number);
}

/** Width of a line in points. */
export function lineWidth(text: string, size: number, bold = false): number {
  const table = bold ? BOLD : REGULAR;
  let thousandths = 0;
  for (const byte of winAnsi(text)) thousandths += table[byte - 0x20] ?? 556;
  return (thousandths * size) / 1000;
}

/** Breaks the text at spaces into lines no wider than `width` points. */
export function wrapText(text: string, size: number, width: number, bold = false): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    if (lineWidth(longer, size, bold) <= width || last === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Punctuation of WinAnsiEncoding outside Latin-1 (ISO 32000-1 Annex D), and substitutes for signs that Helvetica lacks. */
const SPECIAL: Readonly<Record<string, string>> = {
  '€': '\x80',
  '…': '\x85',
  '‘': '\x91',
  '’': '\x92',
  '“': '\x93',
  '”': '\x94',
  '•': '\x95',
  '–': '\x96',
  '—': '\x97',
  '≤': '<=',
  '≥': '>=',
  '−': '-',
  '≈': '~',
  '→': '->',
};

function winAnsi(text: string): Uint8Array {
  const latin = [...text].map((character) => {
    const mapped = SPECIAL[character] ?? character;
    return mapped.length > 1 || (mapped.charCodeAt(0) >= 0x20 && mapped.charCodeAt(0) <= 0xff) ? mapped : '?';
  });
  return Buffer.from(latin.join(''), 'latin1');
}

/**
 * The file's bytes. It states no date, which is optional (14.3.3): Content Date of the DICOM object does, and the same answer, stored at
 * another moment, is the same document.
 */
export function encodePdf({ title, id, pages }: PdfFile): Uint8Array {
  const pictures = [...new Set(pages.flat().flatMap((mark) => (mark.kind === 'picture' ? [mark.image] : [])))];
  const FIRST_PICTURE = 6;
  const firstPage = FIRST_PICTURE + pictures.length;
  const resources = pictures.map((_, index) => `/P${index} ${FIRST_PICTURE + index} 0 R`).join(' ');
  const objects: Uint8Array[] = [
    ascii('<< /Type /Catalog /Pages 2 0 R >>'),
    ascii(
      `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${firstPage + 2 * index} 0 R`).join(' ')}] /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Resources << /Font << /F0 3 0 R /F1 4 0 R >> /XObject << ${resources} >> >> >>`,
    ),
    font('Helvetica'),
    font('Helvetica-Bold'),
    joined('<< /Title ', pdfString(title), ' /Producer (Hilum) >>'),
    ...pictures.map(({ rows, columns, rgb }) =>
      stream(
        `/Type /XObject /Subtype /Image /Width ${columns} /Height ${rows} /ColorSpace /DeviceRGB /BitsPerComponent 8`,
        rgb,
      ),
    ),
    ...pages.flatMap((marks, index) => [
      ascii(`<< /Type /Page /Parent 2 0 R /Contents ${firstPage + 2 * index + 1} 0 R >>`),
      stream('', joined(...marks.flatMap((mark) => [drawn(mark, pictures), '\n']))),
    ]),
  ];
  return fileOf(objects, id);
}

/** Header, numbered objects, cross-reference table and trailer (7.5). */
function fileOf(objects: readonly Uint8Array[], id: string): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  const offsets: number[] = [];
  let length = parts[0]?.length ?? 0;
  objects.forEach((object, index) => {
    offsets.push(length);
    const numbered = joined(`${index + 1} 0 obj\n`, object, '\nendobj\n');
    parts.push(numbered);
    length += numbered.length;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    ascii(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R /Info 5 0 R /ID [<${id}> <${id}>] >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

function drawn(mark: PdfMark, pictures: readonly RgbImage[]): Uint8Array {
  const y = (down: number) => fixed(PAGE.height - down);
  switch (mark.kind) {
    case 'line':
      return ascii(`0.7 G 0.5 w ${fixed(mark.x)} ${y(mark.y)} m ${fixed(mark.x + mark.width)} ${y(mark.y)} l S`);
    case 'picture': {
      const { x, width, height, image } = mark;
      const bottom = y(mark.y + height);
      return ascii(`q ${fixed(width)} 0 0 ${fixed(height)} ${fixed(x)} ${bottom} cm /P${pictures.indexOf(image)} Do Q`);
    }
    case 'text': {
      const { x, size, bold = false, color = [0, 0, 0], text } = mark;
      const place = `BT /F${bold ? 1 : 0} ${size} Tf ${color.map(fixed).join(' ')} rg ${fixed(x)} ${y(mark.y)} Td `;
      return joined(place, pdfString(text), ' Tj ET');
    }
  }
}

const fixed = (value: number): string => String(Math.round(value * 100) / 100);
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const joined = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? ascii(part) : part)));
const font = (name: string): Uint8Array =>
  ascii(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`);
const stream = (dictionary: string, bytes: Uint8Array): Uint8Array =>
  joined(`<< ${dictionary} /Length ${bytes.length} >>\nstream\n`, bytes, '\nendstream');
const pdfString = (text: string): Uint8Array =>
  joined(
    '(',
    Buffer.from(
      Buffer.from(winAnsi(text))
        .toString('latin1')
        .replace(/[\\()]/g, '\\$&'),
      'latin1',
    ),
    ')',
  );
