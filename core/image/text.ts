/** Draws letters in pictures: one small bitmap font, because bands and labels must not depend on the machine's fonts. */

/** An RGB picture, row-major, three bytes a pixel. */
export interface RgbImage {
  readonly rows: number;
  readonly columns: number;
  readonly rgb: Uint8Array;
}
export type Rgb = readonly [red: number, green: number, blue: number];

/** A letter is 5 × 7 pixels and stands in a cell of 6 × 8. */
export const CELL = { columns: 6, rows: 8 } as const;

/** Space to tilde (ISO 646). A glyph is five columns from the left, bit 0 at the top; ten hexadecimal digits each. */
const GLYPHS =
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000 001c224100 0041221c00' +
  ' 14083e0814 08083e0808 0050300000 0808080808 0060600000 2010080402 3e5149453e 00427f4000 4261514946 2141454b31' +
  ' 1814127f10 2745454539 3c4a494930 0171090503 3649494936 064949291e 0036360000 0056360000 0814224100 1414141414' +
  ' 0041221408 0201510906 324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a' +
  ' 7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e 7f09090906 3e4151215e' +
  ' 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f 6314081463 0708700807 6151494543 007f414100' +
  ' 0204081020 0041417f00 0402010204 4040404040 0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418' +
  ' 087e090102 0c5252523e 7f08040478 00447d4000 2040443d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438' +
  ' 7c14141408 081414187c 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c 4428102844 0c5050503c' +
  ' 4464544c44 0008364100 00007f0000 0041360800 1008081008';
const COLUMNS: readonly Uint8Array[] = GLYPHS.split(' ').map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

/** Width in pixels of a line of text at a scale. */
export function textWidth(text: string, scale = 1): number {
  return text.length * CELL.columns * scale;
}

/**
 * Draws text into the picture. The upper left corner of the first cell is at column `x` and row `y`. Text outside the picture
 * is cut off, and characters other than space to tilde become `?`.
 */
export function drawText(image: RgbImage, x: number, y: number, text: string, color: Rgb, scale = 1): void {
  [...text].forEach((character, index) => {
    const glyph = COLUMNS[character.charCodeAt(0) - 0x20] ?? COLUMNS[0x3f - 0x20];
    if (glyph === undefined) return;
    const left = x + index * CELL.columns * scale;
    for (let column = 0; column < glyph.length * scale; column++) {
      const bits = glyph[Math.floor(column / scale)] ?? 0;
      for (let row = 0; row < 7 * scale; row++) {
        if ((bits >> Math.floor(row / scale)) & 1) setPixel(image, left + column, y + row, color);
      }
    }
  });
}

function setPixel({ rows, columns, rgb }: RgbImage, x: number, y: number, color: Rgb): void {
  if (x >= 0 && x < columns && y >= 0 && y < rows) rgb.set(color, (y * columns + x) * 3);
}
