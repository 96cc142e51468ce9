/** Drawings and pictures of evaluations: well-formed, labelled, the same for the same figures. */
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { gallery, restoreTile, storeTile } from '../../evaluation/gallery.ts';
import { barsPlot } from '../../evaluation/plots/bars.ts';
import { blandAltmanPlot } from '../../evaluation/plots/bland-altman.ts';
import { confusionMatrixPlot } from '../../evaluation/plots/confusion-matrix.ts';
import { frocPlot } from '../../evaluation/plots/froc.ts';
import { shown, ticks } from '../../evaluation/plots/svg.ts';
import { xmlFault } from '../fixtures/well-formed.ts';

const title = 'Grades <exact> & "near"';
const PLOTS: Readonly<Record<string, () => string>> = {
  'a confusion matrix': () =>
    confusionMatrixPlot(
      {
        labels: ['a', '<b>'],
        counts: [
          [3, 1],
          [0, 0],
        ],
      },
      { title },
    ),
  'a Bland–Altman plot': () =>
    blandAltmanPlot(
      [
        { measured: 20, reference: 21 },
        { measured: 24, reference: 23.5 },
      ],
      { title, quantity: 'height', unit: 'mm' },
    ),
  'a Bland–Altman plot of one pair': () =>
    blandAltmanPlot([{ measured: 2, reference: 2 }], { title, quantity: 'height', unit: 'mm' }),
  'a FROC curve': () =>
    frocPlot([{ threshold: 0.5, falsePerCase: 0.3, sensitivity: 0.8 }], {
      title,
      per: 'picture',
      operating: { falsePerCase: 0.3, sensitivity: 0.8 },
    }),
  'a FROC curve of nothing': () => frocPlot([], { title, per: 'picture' }),
  'bars with intervals': () =>
    barsPlot(
      [
        { label: '5 mm & more', metric: { value: 0.8, interval: [0.7, 0.9], n: 12 } },
        { label: 'metal', metric: { value: 1.2, n: 1 } },
      ],
      { title, axis: 'share found', goal: 0.9 },
    ),
};

describe.each(Object.entries(PLOTS))('%s', (_name, plot) => {
  const svg = plot();

  it('is well-formed and has numbers throughout', () => {
    expect(xmlFault(svg)).toBeUndefined();
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('has labels and its own background, for light and dark pages', () => {
    expect(svg).toContain('Grades &lt;exact&gt; &amp; &quot;near&quot;');
    expect(svg).toContain('class="sheet"');
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it('is the same for the same figures', () => {
    expect(plot()).toBe(svg);
  });
});

it('the check of well-formedness finds faults', () => {
  const faults = ['<a><b></a></b>', '<a>', '<a/><b/>', '<a>x & y</a>', '<a b="1" b="2"/>', '<a b=1/>', 'x<a/>', ''];

  expect(faults.filter((xml) => xmlFault(xml) === undefined)).toEqual([]);
});

describe('axes', () => {
  it.each<[number, number, readonly number[]]>([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-2.3, 3.1, [-2, -1, 0, 1, 2, 3]],
    [0, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
    [18, 42, [20, 25, 30, 35, 40]],
  ])('from %s to %s have round numbers', (from, to, expected) => {
    expect(ticks(from, to)).toEqual(expected);
  });

  it('and tables show no more digits than a number needs', () => {
    expect([0.8912, 1.234, 12.34, 1234.5, 3, -0.00001, Number.NaN].map(shown)).toEqual([
      '0.891',
      '1.23',
      '12.3',
      '1235',
      '3',
      '0.000',
      '–',
    ]);
  });
});

describe('the gallery', () => {
  const grey = {
    caption: 'L3: truth wedge 24 %, found none (a long caption that needs several lines)',
    rows: 30,
    columns: 40,
    pixels: new Uint8Array(1200).fill(200),
  };
  const rgb = { caption: 'a', rows: 600, columns: 300, pixels: new Uint8Array(600 * 300 * 3).fill(90) };

  it('lays pictures side by side with captions below', () => {
    const { width, height, data } = PNG.sync.read(Buffer.from(gallery([grey, rgb, grey], { perRow: 2, side: 120 })));

    expect(width).toBe(8 + 2 * 128);
    expect(height).toBeGreaterThan(120 + 30);
    const at = (x: number, y: number): number => data[(y * width + x) * 4] ?? 0;
    // The first tile in the middle of its cell, the second, made smaller, from the top of its own.
    expect([at(8 + 60, 8 + 60), at(8 + 128 + 60, 8 + 2), at(2, 2)]).toEqual([200, 90, 24]);
  });

  it('is the same for the same tiles, also after they were stored as JSON', () => {
    const stored = JSON.parse(JSON.stringify([grey, rgb].map(storeTile)));

    expect(gallery(stored.map(restoreTile))).toEqual(gallery([grey, rgb]));
  });

  it('refuses pixels that do not fit', () => {
    expect(() => gallery([{ ...grey, rows: 31 }])).toThrow('A tile of 31 × 40 has 1200 bytes');
  });
});
