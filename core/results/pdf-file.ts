/**
 * A small PDF 1.4 writer (ISO 32000-1): text in fonts of our own, lines, boxes and RGB pictures, uncompressed. Nothing depends
 * on clock or chance, so the same pages give the same bytes.
 */
import { BOLD, REGULAR, widthInEms, wrapWords } from '../fonts/font.ts';
import type { RgbImage } from '../image/text.ts';
import { codesOf, fontObjects } from './pdf-font.ts';

/** A4 portrait in points; x to the right, y down from the upper left corner. */
export const PAGE = { width: 595, height: 842 } as const;

/** 0 to 1 each. */
export type PdfColor = readonly [red: number, green: number, blue: number];

export type PdfMark =
  | {
      readonly kind: 'text';
      readonly x: number;
      /** The baseline. */
      readonly y: number;
      readonly size: number;
      readonly bold?: boolean;
      readonly color?: PdfColor;
      readonly text: string;
    }
  | { readonly kind: 'line'; readonly x: number; readonly y: number; readonly width: number }
  | {
      readonly kind: 'box';
      readonly x: number;
      /** The upper edge. */
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill?: PdfColor;
      readonly edge?: PdfColor;
    }
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

/** Width of a line in points. */
export function lineWidth(text: string, size: number, bold = false): number {
  return widthInEms(bold ? BOLD : REGULAR, text) * size;
}

/** Breaks the text at spaces into lines no wider than `width` points. */
export function wrapText(text: string, size: number, width: number, bold = false): readonly string[] {
  return wrapWords(text, width, (line) => lineWidth(line, size, bold));
}

/**
 * The file's bytes. It states no date, which is optional (14.3.3): Content Date of the DICOM object does, and the same answer, stored at
 * another moment, is the same document.
 */
export function encodePdf({ title, id, pages }: PdfFile): Uint8Array {
  const pictures = [...new Set(pages.flat().flatMap((mark) => (mark.kind === 'picture' ? [mark.image] : [])))];
  const [regular, bold] = [fontObjects(REGULAR, FIRST_FONT), fontObjects(BOLD, FIRST_FONT + OBJECTS_A_FONT)];
  const firstPicture = FIRST_FONT + 2 * OBJECTS_A_FONT;
  const firstPage = firstPicture + pictures.length;
  const fonts = `/F0 ${FIRST_FONT} 0 R /F1 ${FIRST_FONT + OBJECTS_A_FONT} 0 R`;
  const resources = pictures.map((_, index) => `/P${index} ${firstPicture + index} 0 R`).join(' ');
  const objects: Uint8Array[] = [
    ascii('<< /Type /Catalog /Pages 2 0 R /Lang (en) >>'),
    ascii(
      `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${firstPage + 2 * index} 0 R`).join(' ')}] /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Resources << /Font << ${fonts} >> /XObject << ${resources} >> >> >>`,
    ),
    joined('<< /Title ', pdfString(informationOf(title)), ' /Producer (Hilum) >>'),
    ...[...regular, ...bold].map(({ text, stream: bytes }) => (bytes ? stream(text, bytes) : ascii(text))),
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

/** Catalog, page tree and information come first. */
const FIRST_FONT = 4;
const OBJECTS_A_FONT = 4;

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
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R /Info 3 0 R /ID [<${id}> <${id}>] >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

function drawn(mark: PdfMark, pictures: readonly RgbImage[]): Uint8Array {
  const y = (down: number) => fixed(PAGE.height - down);
  switch (mark.kind) {
    case 'line':
      return ascii(`0.7 G 0.5 w ${fixed(mark.x)} ${y(mark.y)} m ${fixed(mark.x + mark.width)} ${y(mark.y)} l S`);
    case 'box': {
      const { x, width, height, fill, edge } = mark;
      const paint = fill && edge ? 'B' : fill ? 'f' : 'S';
      const colors = `${fill ? `${rgbOf(fill)} rg ` : ''}${edge ? `${rgbOf(edge)} RG 1 w ` : ''}`;
      return ascii(`q ${colors}${fixed(x)} ${y(mark.y + height)} ${fixed(width)} ${fixed(height)} re ${paint} Q`);
    }
    case 'picture': {
      const { x, width, height, image } = mark;
      const bottom = y(mark.y + height);
      return ascii(`q ${fixed(width)} 0 0 ${fixed(height)} ${fixed(x)} ${bottom} cm /P${pictures.indexOf(image)} Do Q`);
    }
    case 'text': {
      const { x, size, bold = false, color = [0, 0, 0], text } = mark;
      const place = `BT /F${bold ? 1 : 0} ${size} Tf ${rgbOf(color)} rg ${fixed(x)} ${y(mark.y)} Td `;
      return joined(place, pdfString(codesOf(text)), ' Tj ET');
    }
  }
}

const fixed = (value: number): string => String(Math.round(value * 100) / 100);
const rgbOf = (color: PdfColor): string => color.map(fixed).join(' ');
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const joined = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? ascii(part) : part)));
const stream = (dictionary: string, bytes: Uint8Array): Uint8Array =>
  joined(`<< ${dictionary} /Length ${bytes.length} >>\nstream\n`, bytes, '\nendstream');
const pdfString = (bytes: Uint8Array): Uint8Array =>
  joined(
    '(',
    ascii(
      Buffer.from(bytes)
        .toString('latin1')
        .replace(/[\\()]/g, '\\$&'),
    ),
    ')',
  );

/** Outside of pages, text is in PDFDocEncoding, which is Latin-1 for the characters of both, or in UTF-16 (7.9.2.2). */
function informationOf(text: string): Uint8Array {
  return /^[ -~\xa1-\xff]*$/.test(text) ? ascii(text) : Buffer.from(`\ufeff${text.toWellFormed()}`, 'utf16le').swap16();
}
