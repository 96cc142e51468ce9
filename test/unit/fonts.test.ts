/** The committed fonts (`scripts/fonts.py`), read independently of the product: digests, widths and characters as the files have them. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BOLD, type Font, REGULAR, widthInEms, wrapWords, writable } from '#core/fonts/font.ts';
import { outlineOf } from '#core/fonts/outline.ts';
import { coverage, type Edge } from '#core/image/coverage.ts';

/** SHA-256 of the TrueType files. They change only with `scripts/fonts.py`. */
const DIGESTS: readonly (readonly [Font, string])[] = [
  [REGULAR, '22a4aca35ab8d76fd5b97dc95a1dd0459280bce42e139a73cd023ec64abbbf54'],
  [BOLD, '83b0b016db685533a66a71eca98f16a041a2a580f7d7abb0f0f4fca7b52b8b09'],
];

function table({ file }: Font, tag: string): DataView {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const record = Buffer.from(file).indexOf(tag, 12, 'latin1');
  return new DataView(file.buffer, file.byteOffset + view.getUint32(record + 8), view.getUint32(record + 12));
}

/** Code points and glyphs of a cmap of format 4. */
function characterMap(font: Font): ReadonlyMap<string, number> {
  const cmap = table(font, 'cmap');
  const at = cmap.getUint32(8);
  expect(cmap.getUint16(at)).toBe(4);
  const segments = cmap.getUint16(at + 6) / 2;
  const found = new Map<string, number>();
  for (let segment = 0; segment < segments; segment++) {
    const [end, start, delta, range] = [14, 16 + 2 * segments, 16 + 4 * segments, 16 + 6 * segments].map(
      (part) => at + part + 2 * segment,
    ) as [number, number, number, number];
    for (let code = cmap.getUint16(start); code <= cmap.getUint16(end) && code < 0xffff; code++) {
      const offset = cmap.getUint16(range);
      const glyph = offset === 0 ? code : cmap.getUint16(range + offset + 2 * (code - cmap.getUint16(start)));
      found.set(String.fromCharCode(code), (glyph + cmap.getUint16(delta)) & 0xffff);
    }
  }
  return found;
}

describe.each(DIGESTS)('the font $name', (font, digest) => {
  it('is the committed one', () => {
    expect(createHash('sha256').update(font.file).digest('hex')).toBe(digest);
  });

  it('has the glyphs and widths that its tables say', () => {
    const metrics = table(font, 'hmtx');
    const map = characterMap(font);

    expect([...font.glyphs.keys()].sort()).toEqual([...map.keys()].sort());
    for (const [character, { index, width }] of font.glyphs) {
      expect([character, index, width]).toEqual([character, map.get(character), metrics.getUint16(4 * index)]);
    }
  });

  it('draws every character but spaces, within its own box', () => {
    const [left = 0, bottom = 0, right = 0, top = 0] = font.box.map((value) => (value * font.unitsPerEm) / 1000);
    for (const [character, glyph] of font.glyphs) {
      const points = outlineOf(font, glyph).flat();
      expect(points.length > 0, character).toBe(!/[ \u00a0]/.test(character));
      for (const [x, y] of points) {
        expect(x >= left - 2 && x <= right + 2 && y >= bottom - 2 && y <= top + 2, character).toBe(true);
      }
    }
  });

  it('has closed outlines', () => {
    for (const [character, glyph] of font.glyphs) {
      const curves = outlineOf(font, glyph);
      const [from, to] = [curves.map(([first]) => String(first)), curves.map(([, , last]) => String(last))];
      expect(from.sort(), character).toEqual(to.sort());
    }
  });
});

describe('the texts of pictures and reports', () => {
  it('keep Latin letters and the signs of measurements, composed or not', () => {
    const text = 'Größe ≥ 20 % ≤ 5° ± 1 µm · 3 × 4 mm² – −1000 HU “é” …';

    expect(writable(text)).toBe(text);
    expect(writable('e\u0301 → 山 μm 5\u202f%')).toBe('é -> ? µm 5 %');
  });

  it('are wrapped at spaces, a long word in a line of its own', () => {
    const widthOf = (line: string) => widthInEms(REGULAR, line);
    const lines = wrapWords('to be or not Donaudampfschifffahrt to be', 3.6, widthOf);

    expect(lines).toEqual(['to be or', 'not', 'Donaudampfschifffahrt', 'to be']);
  });
});

describe('covered area', () => {
  const closed = (...points: readonly (readonly [number, number])[]): readonly Edge[] =>
    points.map((point, index) => [point, points[(index + 1) % points.length] ?? point]);
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

  it('is exact for rectangles that cut pixels', () => {
    const { share } = coverage(closed([0.5, 0.25], [2.5, 0.25], [2.5, 1.5], [0.5, 1.5]), 2, 3);

    expect([...share]).toEqual([0.375, 0.75, 0.375, 0.25, 0.5, 0.25]);
  });

  it('is the area of slanted shapes, in both directions', () => {
    const points = [
      [1.2, 0.3],
      [8.9, 3.1],
      [4.4, 7.7],
    ] as const;
    const area = Math.abs((8.9 - 1.2) * (7.7 - 0.3) - (4.4 - 1.2) * (3.1 - 0.3)) / 2;

    for (const edges of [closed(...points), closed(...points.toReversed())]) {
      expect(sum(coverage(edges, 9, 10).share)).toBeCloseTo(area, 9);
    }
  });

  it('leaves out holes, which turn the other way', () => {
    const outer = closed([0, 0], [4, 0], [4, 4], [0, 4]);
    const inner = closed([1, 1], [1, 3], [3, 3], [3, 1]);

    expect(sum(coverage([...outer, ...inner], 4, 4).share)).toBe(12);
  });
});
