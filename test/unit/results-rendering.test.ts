import { describe, expect, it } from 'vitest';
import { BOLD, REGULAR } from '#core/fonts/font.ts';
import { pdfText } from '#core/gate/pdf-text.ts';
import { drawText, textWidth } from '#core/image/text.ts';
import { encodePdf, lineWidth, type PdfFile, wrapText } from '#core/results/pdf-file.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { readDicom } from '#dicom/read.ts';
import type { Attributes } from '#dicom/write.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { holds, lettersOf, litRows } from '../fixtures/letters.ts';

const picture = (rows: number, columns: number) => ({ rows, columns, rgb: new Uint8Array(rows * columns * 3) });

describe('letters in pictures', () => {
  it('are drawn at the requested place, in their colour and size', () => {
    const image = picture(30, 12);

    drawText(image, 1, 2, 'I', [255, 180, 90], 24);

    expect(litRows(image.rgb, 12)).toEqual([
      ...Array(6).fill('............'),
      '...#........',
      ...Array(14).fill('...##.......'),
      ...Array(9).fill('............'),
    ]);
    expect([...image.rgb.subarray((10 * 12 + 3) * 3, (10 * 12 + 4) * 3)]).toEqual([255, 180, 90]);
    expect(textWidth('I', 24)).toBe(6);
  });

  it('are smoothed over what lies behind them', () => {
    const image = { rows: 20, columns: 20, rgb: new Uint8Array(1200).fill(100) };

    drawText(image, 2, 0, 'O', [200, 200, 200], 20);

    const values = new Set(image.rgb);
    expect(values.size).toBeGreaterThan(8);
    expect([Math.min(...values), Math.max(...values)]).toEqual([100, 200]);
  });

  it('are cut off at the edge and never drawn outside the picture', () => {
    const image = picture(4, 4);

    drawText(image, -3, -3, 'Wide text é', [255, 255, 255], 24);

    expect(image.rgb).toHaveLength(48);
    expect(image.rgb.some((value) => value > 0)).toBe(true);
  });

  it('look the same in a word wherever it stands, at every size and weight', () => {
    for (const size of [11, 14, 20, 33]) {
      for (const bold of [false, true]) {
        const image = picture(40, 900);
        drawText(image, 3, 1, 'Wedge, 37 %: word of L2', [255, 255, 255], size, bold);
        expect(holds(litRows(image.rgb, 900), lettersOf('word', size, bold)), `${size} ${bold}`).toBe(true);
      }
    }
  });

  it('become a question mark where the font lacks them', () => {
    const [strange, question] = ['L2 山', 'L2 ?'].map((text) => {
      const image = picture(20, 60);
      drawText(image, 0, 0, text, [255, 255, 255], 16);
      return image.rgb;
    });

    expect(strange).toEqual(question);
    expect(textWidth('≥ 20 % · 5° é', 16)).toBeGreaterThan(textWidth('? 20 % ? 5? ?', 16) - 20);
  });
});

describe('the PDF writer', () => {
  const file: PdfFile = {
    title: 'Title (with \\ and ü)',
    id: 'ab'.repeat(16),
    pages: [
      [
        { kind: 'text', x: 50, y: 50, size: 10, text: 'Grüße (≥ 20 %) \\ – “so” 山' },
        { kind: 'picture', x: 50, y: 60, width: 10, height: 10, image: picture(2, 3) },
        { kind: 'line', x: 50, y: 80, width: 100 },
      ],
      [{ kind: 'text', x: 50, y: 50, size: 10, bold: true, text: 'Page two' }],
    ],
  };

  it('gives the correct offset of every object, and compresses nothing', () => {
    const text = Buffer.from(encodePdf(file)).toString('latin1');
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    const entries = [...text.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));

    expect(text.startsWith('%PDF-1.4\n')).toBe(true);
    expect(text.slice(start, start + 4)).toBe('xref');
    expect(entries.length).toBeGreaterThan(8);
    for (const [index, offset] of entries.entries())
      expect(text.slice(offset)).toMatch(new RegExp(`^${index + 1} 0 obj\n`));
    expect(text).not.toContain('/Filter');
    expect(text).not.toContain('Date');
    expect(text).toContain(`/ID [<${file.id}> <${file.id}>]`);
  });

  it('escapes what PDF strings cannot hold, and replaces signs that the fonts lack', () => {
    const text = Buffer.from(encodePdf(file)).toString('latin1');

    expect(text).toContain('/Title (Title \\(with \\\\ and ü\\))');
    expect(text).toContain('(Grüße \\(\x8d 20 %\\) \\\\ \x96 \x93so\x94 ?)');
  });

  it('writes a title outside Latin-1 in UTF-16', () => {
    const bytes = encodePdf({ ...file, title: 'Loss ≥ 20 % – (Tōkyō)' });

    expect(pdfText(bytes)).toContain('Loss ≥ 20 % – (Tōkyō)');
  });

  it('embeds each font once, whole, with a width and a meaning for every code', () => {
    const text = Buffer.from(encodePdf(file)).toString('latin1');
    const fonts = [...text.matchAll(/\/BaseFont \/(\S+) .*?\/Widths \[([\d ]+)\] \/FontDescriptor (\d+) 0 R/g)];

    expect(fonts.map(([, name]) => name)).toEqual(['HILUMA+Roboto-Regular', 'HILUMA+Roboto-Bold']);
    for (const [index, [, , widths = '', descriptor]] of fonts.entries()) {
      const { file: font } = index === 0 ? REGULAR : BOLD;
      expect(widths.split(' ')).toHaveLength(224);
      expect(widths.split(' ').every((width) => Number(width) > 0)).toBe(true);
      expect(text).toContain(`${Number(descriptor) + 1} 0 obj\n<< /Length1 ${font.length} /Length ${font.length} >>`);
      expect(text.split(Buffer.from(font).toString('latin1'))).toHaveLength(2);
    }
    // What the free codes mean, and a letter of Windows' code page.
    for (const meaning of ['<8d> <2265>', '<81> <2264>', '<8f> <2212>', '<90> <2248>', '<8a> <0160>'])
      expect(text).toContain(meaning);
  });

  it('can be searched for what its pages say', () => {
    const words = ['Šima', 'O’Brien', 'Grüße (é)'];
    const pages = [words.map((text) => ({ kind: 'text', x: 50, y: 50, size: 10, text }) as const)];

    expect(pdfText(encodePdf({ ...file, pages }))).toEqual(expect.arrayContaining(words));
  });

  it('draws a box filled, edged or both', () => {
    const box = { kind: 'box', x: 10, y: 20, width: 30, height: 40 } as const;
    const [fill, edge] = [
      [1, 0, 0],
      [0, 0, 1],
    ] as const;
    const pages = [
      [
        { ...box, fill },
        { ...box, edge },
        { ...box, fill, edge },
      ],
    ];
    const text = Buffer.from(encodePdf({ ...file, pages })).toString('latin1');

    expect([...text.matchAll(/q (.*) 10 782 30 40 re (\w) Q/g)].map(([, colors, paint]) => [colors, paint])).toEqual([
      ['1 0 0 rg', 'f'],
      ['0 0 1 RG 1 w', 'S'],
      ['1 0 0 rg 0 0 1 RG 1 w', 'B'],
    ]);
  });

  it('wraps lines at spaces, none wider than requested except a single long word', () => {
    const lines = wrapText('The quick brown fox jumps over the lazy dog Donaudampfschifffahrtsgesellschaft', 10, 60);

    expect(lines.join(' ')).toBe('The quick brown fox jumps over the lazy dog Donaudampfschifffahrtsgesellschaft');
    expect(lines.filter((line) => lineWidth(line, 10) > 60)).toEqual(['Donaudampfschifffahrtsgesellschaft']);
  });
});

describe('images derived from a lossy source', () => {
  it('state that, with ratio and method', () => {
    const lossy = {
      LossyImageCompression: '01',
      LossyImageCompressionRatio: 12.5,
      LossyImageCompressionMethod: 'ISO_10918_1',
    };
    const [file = new Uint8Array()] = radiographPhantomToDicom(
      { kind: 'teeth', rows: 2, columns: 2, pixels: new Uint16Array(4), spacingMm: [1, 1] },
      { seed: 1, attributes: lossy },
    );

    const { lossyCompression } = sourceStudyOf([indexInstance(file)], readDicom(file));

    expect(lossyCompression).toEqual({
      ...lossy,
      ...{ LossyImageCompressionRatio: [12.5], LossyImageCompressionMethod: ['ISO_10918_1'] },
    });
  });

  const lossyWhere = (TransferSyntaxUID: string, attributes: Attributes = {}) => {
    const [file = new Uint8Array()] = radiographPhantomToDicom(
      { kind: 'teeth', rows: 100, columns: 200, pixels: new Uint16Array(20_000), spacingMm: [1, 1] },
      { seed: 1, attributes: { LossyImageCompression: '', ...attributes } },
    );
    const compressed = { ...indexInstance(file), TransferSyntaxUID, sizeBytes: 4000 };
    return sourceStudyOf([compressed], readDicom(file)).lossyCompression;
  };

  it.each([
    ['1.2.840.10008.1.2.4.50', {}, '01', 10, 'ISO_10918_1'],
    ['1.2.840.10008.1.2.4.51', { LossyImageCompression: '00' }, '01', 10, 'ISO_10918_1'],
    ['1.2.840.10008.1.2.4.91', {}, '01', 10, 'ISO_15444_1'],
    ['1.2.840.10008.1.2.4.91', { LossyImageCompression: '00' }, '00', undefined, undefined],
    ['1.2.840.10008.1.2.4.70', {}, '00', undefined, undefined],
  ])('learn from the syntax %s and %j what the source does not state', (syntax, attributes, lossy, ratio, method) => {
    expect(lossyWhere(syntax, attributes)).toEqual({
      LossyImageCompression: lossy,
      ...(ratio !== undefined && { LossyImageCompressionRatio: ratio, LossyImageCompressionMethod: method }),
    });
  });

  it('state it where any of their sources does', () => {
    const said = { LossyImageCompression: '01', LossyImageCompressionMethod: 'ISO_14495_1' };
    const [none, lossy] = [{ LossyImageCompression: '00' }, said].map((attributes, index) => {
      const [file = new Uint8Array()] = radiographPhantomToDicom(
        { kind: 'teeth', rows: 2, columns: 2, pixels: new Uint16Array(4), spacingMm: [1, 1] },
        { seed: index + 1, attributes },
      );
      return { file, index: indexInstance(file) };
    });
    const instances = [none, lossy].flatMap((one) => one?.index ?? []);

    expect(sourceStudyOf(instances, readDicom(none?.file ?? new Uint8Array())).lossyCompression).toEqual({
      ...said,
      LossyImageCompressionMethod: ['ISO_14495_1'],
    });
  });

  it('prefer the source’s own ratio, and give none where it is unknown', () => {
    const said = { LossyImageCompression: '01', LossyImageCompressionRatio: 22 };

    expect(lossyWhere('1.2.840.10008.1.2.4.50', said)).toMatchObject({ LossyImageCompressionRatio: [22] });
    expect(lossyWhere('1.2.840.10008.1.2.1', { LossyImageCompression: '01' })).toEqual({ LossyImageCompression: '01' });
  });
});
