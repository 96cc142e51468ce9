/**
 * The letters of pictures and reports: Roboto 2.138 (Apache-2.0, NOTICE beside this file), cut by `scripts/fonts.py`. Hilum brings its own,
 * so that a page looks the same on every machine and a viewer has no other font to take in its place.
 */
import bold from './roboto-bold.json' with { type: 'json' };
import regular from './roboto-regular.json' with { type: 'json' };

export interface Glyph {
  /** In the font file; 0 is the glyph for a missing character. */
  readonly index: number;
  /** How far the next glyph is from this one, in units of the font. */
  readonly width: number;
}

/** Distances are in units of the font, unless another unit is stated. */
export interface Font {
  readonly name: string;
  readonly unitsPerEm: number;
  /** The highest and the lowest line of letters, above the baseline. A line of text is as high as both. */
  readonly ascent: number;
  readonly descent: number;
  /** In thousandths of the em, as a PDF states them (ISO 32000-1 9.8.1). */
  readonly capHeight: number;
  readonly box: readonly number[];
  readonly stemV: number;
  readonly glyphs: ReadonlyMap<string, Glyph>;
  /** TrueType. */
  readonly file: Uint8Array;
}

export const REGULAR: Font = fontOf(regular);
export const BOLD: Font = fontOf(bold);

function fontOf({ characters, glyphs, widths, box, ttf, ...font }: typeof regular): Font {
  const [indices, advances] = [numbers(glyphs), numbers(widths)];
  return {
    ...font,
    box: numbers(box),
    glyphs: new Map(
      [...characters].map((character, at) => [character, { index: indices[at] ?? 0, width: advances[at] ?? 0 }]),
    ),
    file: new Uint8Array(Buffer.from(ttf, 'base64')),
  };
}

function numbers(list: string): readonly number[] {
  return list.split(' ').map(Number);
}

/** What is written for signs that the font lacks. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  '→': '->',
  '←': '<-',
  μ: 'µ',
  '∼': '~',
  '′': '’',
  '‑': '-',
  '\u2009': ' ',
  '\u202f': ' ',
};

/** The text in characters that both fonts have. All others become `?`. */
export function writable(text: string): string {
  return [...text.normalize('NFC')]
    .map((character) => SUBSTITUTES[character] ?? character)
    .map((written) => (written.length > 1 || REGULAR.glyphs.has(written) ? written : '?'))
    .join('');
}

/** The glyphs of a text, in its order. */
export function glyphsOf({ glyphs }: Font, text: string): readonly Glyph[] {
  return [...writable(text)].flatMap((character) => glyphs.get(character) ?? []);
}

/** Width of a line in ems. */
export function widthInEms(font: Font, text: string): number {
  return glyphsOf(font, text).reduce((sum, { width }) => sum + width, 0) / font.unitsPerEm;
}

/** Breaks a text at spaces into lines no wider than `width`, except for single words. */
export function wrapWords(text: string, width: number, widthOf: (line: string) => number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    if (last === '' || widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
