/**
 * Our fonts in a PDF (ISO 32000-1 9.6.3, 9.8, 9.10): TrueType, embedded whole, each character one byte. The bytes are WinAnsiEncoding's, so that
 * the text can be read, searched and copied in the file as it lies.
 */
import { type Font, widthInEms, writable } from '../fonts/font.ts';

/** The code of each character in the fonts: those of WinAnsiEncoding (Annex D), then four signs at codes that it leaves free. */
const FREE: Readonly<Record<string, { readonly code: number; readonly name: string }>> = {
  '≤': { code: 0x81, name: 'lessequal' },
  '≥': { code: 0x8d, name: 'greaterequal' },
  '−': { code: 0x8f, name: 'minus' },
  '≈': { code: 0x90, name: 'approxequal' },
};
/** The characters of the codes 0x80 to 0x9f. A space stands for a free code. */
const MIDDLE = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';
const FIRST_CODE = 0x20;
const LAST_CODE = 0xff;

const CODES: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: LAST_CODE + 1 - FIRST_CODE }, (_, index) => FIRST_CODE + index)
    .filter((code) => code < 0x7f || code > 0x9f)
    .map((code) => [String.fromCharCode(code), code] as const),
  ...[...MIDDLE].flatMap((character, index) => (character === ' ' ? [] : [[character, 0x80 + index] as const])),
  ...Object.entries(FREE).map(([character, { code }]) => [character, code] as const),
]);

/** A text as the bytes that our fonts show. */
export function codesOf(text: string): Uint8Array {
  return Uint8Array.from([...writable(text)].flatMap((character) => CODES.get(character) ?? []));
}

/** The four objects of a font: font, descriptor, file, and which characters its codes mean. @param first number of the first one */
export function fontObjects(
  font: Font,
  first: number,
): readonly { readonly text: string; readonly stream?: Uint8Array }[] {
  const name = `/HILUMA+${font.name}`;
  const thousandths = (units: number) => Math.round((units * 1000) / font.unitsPerEm);
  const characters = new Map([...CODES].map(([character, code]) => [code, character]));
  const widths = Array.from({ length: LAST_CODE + 1 - FIRST_CODE }, (_, index) =>
    Math.round(widthInEms(font, characters.get(FIRST_CODE + index) ?? ' ') * 1000),
  );
  const differences = Object.values(FREE).map(({ code, name: sign }) => `${code} /${sign}`);
  const encoding = `<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [${differences.join(' ')}] >>`;
  return [
    {
      text: `<< /Type /Font /Subtype /TrueType /BaseFont ${name} /Encoding ${encoding} /FirstChar ${FIRST_CODE} /LastChar ${LAST_CODE} /Widths [${widths.join(' ')}] /FontDescriptor ${first + 1} 0 R /ToUnicode ${first + 3} 0 R >>`,
    },
    {
      // Flags: not symbolic (9.8.2).
      text: `<< /Type /FontDescriptor /FontName ${name} /Flags 32 /FontBBox [${font.box.join(' ')}] /ItalicAngle 0 /Ascent ${thousandths(font.ascent)} /Descent ${thousandths(font.descent)} /CapHeight ${font.capHeight} /StemV ${font.stemV} /FontFile2 ${first + 2} 0 R >>`,
    },
    { text: `/Length1 ${font.file.length}`, stream: font.file },
    { text: '', stream: Buffer.from(meanings(), 'latin1') },
  ];
}

/** A ToUnicode CMap (9.10.3). Latin-1 means itself; at most 100 single codes may follow. */
function meanings(): string {
  const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');
  const others = [...CODES].filter(([character, code]) => character.charCodeAt(0) !== code);
  return [
    '/CIDInit /ProcSet findresource begin 12 dict begin begincmap',
    '/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def',
    '/CMapName /Adobe-Identity-UCS def /CMapType 2 def',
    '1 begincodespacerange <00> <ff> endcodespacerange',
    '2 beginbfrange <20> <7e> <0020> <a0> <ff> <00a0> endbfrange',
    `${others.length} beginbfchar`,
    ...others.map(([character, code]) => `<${hex(code, 2)}> <${hex(character.charCodeAt(0), 4)}>`),
    'endbfchar',
    'endcmap CMapName currentdict /CMap defineresource pop end end',
  ].join('\n');
}
