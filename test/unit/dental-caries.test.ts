import { describe, expect, it } from 'vitest';
import { resamplePlane } from '#core/image/plane.ts';
import type { Tensor } from '#core/ports.ts';
import { type DentalPhantom, makePanoramic } from '#phantoms/dental.ts';
import { fitArches, fitTurned, numbered } from '#tools/caries/arch.ts';
import { outlineOf } from '#tools/caries/marks.ts';
import { modelInput } from '#tools/caries/preprocess.ts';
import { scaleOf } from '#tools/caries/scale.ts';
import { inStrips } from '#tools/caries/strips.ts';
import { type Crown, inDentalBand } from '#tools/caries/teeth.ts';
import { makeImage } from '../fixtures/dental-image.ts';

describe('the scale of a dental radiograph', () => {
  it('is the source’s own where that is plausible', () => {
    expect(scaleOf(makeImage({ spacingMm: [0.1, 0.1] }))).toEqual({
      view: 'intra-oral',
      spacingMm: [0.1, 0.1],
      known: true,
      calibration: 1,
    });
  });

  it.each([
    ['IO without spacing', makeImage({}, 'IO'), 'intra-oral', 41 / 400],
    ['PX without spacing', makeImage({ rows: 500, columns: 1000 }, 'PX'), 'panoramic', 0.3],
    ['PX with an impossible one', makeImage({ rows: 500, columns: 1000, spacingMm: [5, 5] }, 'PX'), 'panoramic', 0.3],
  ])('is estimated from the usual field: %s', (_name, image, view, columnMm) => {
    const scale = scaleOf(image);

    expect(scale.view).toBe(view);
    expect(scale.known).toBe(false);
    expect(scale.spacingMm[1]).toBeCloseTo(columnMm, 6);
  });

  it.each([
    ['wide', [1000, 2000], 0.15, 'panoramic'],
    ['small', [700, 900], 0.04, 'intra-oral'],
  ] as const)('tells what a CR shows by the size of its field: %s', (_name, [rows, columns], mm, view) => {
    expect(scaleOf(makeImage({ rows, columns, spacingMm: [mm, mm] }, 'CR')).view).toBe(view);
  });
});

describe('the model’s input', () => {
  it('does not depend on exposure', () => {
    const { pixels, ...image } = makeImage();
    const wavy = pixels.map((value, index) => 0.5 + 0.3 * Math.sin(9 * value) * Math.cos(index / 7000));

    const input = modelInput({ ...image, pixels: wavy });
    const dim = modelInput({ ...image, pixels: wavy.map((value) => 0.1 + 0.5 * value) });

    expect(input.shape).toEqual([1, 2, 304, 400]);
    const difference = dim.data.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (input.data[index] ?? 0))),
      0,
    );
    expect(difference).toBeLessThan(0.12);
  });

  it('keeps the mean when it is reduced and the values when it is enlarged', () => {
    const plane = { rows: 2, columns: 4, pixels: Float32Array.of(0, 1, 0, 1, 0, 1, 0, 1) };

    expect([...resamplePlane(plane, 1, 1).pixels]).toEqual([0.5]);
    expect(resamplePlane(plane, 4, 8).pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(resamplePlane({ rows: 1, columns: 2, pixels: Float32Array.of(0, 1) }, 1, 4).pixels).toEqual(
      Float32Array.of(0, 0.25, 0.75, 1),
    );
  });
});

describe('a picture in strips', () => {
  it('comes back complete, with each strip seen together with its margin', async () => {
    const [rows, columns] = [16, 1200];
    const input: Tensor = { data: new Float32Array(2 * rows * columns).map((_, i) => i), shape: [1, 2, rows, columns] };
    const widths: number[] = [];

    const output = await inStrips(input, async (strip) => {
      widths.push(strip.shape[3] ?? 0);
      return strip;
    });

    expect(output).toEqual(input);
    expect(widths).toEqual([608, 704, 272]);
  });
});

describe('an outline', () => {
  it('runs along the edges of the pixels and ends where it began', () => {
    const square = [11, 12, 13, 21, 22, 23, 31, 32, 33];

    expect(outlineOf(square, 10)).toEqual([
      [1, 1],
      [4, 1],
      [4, 4],
      [1, 4],
      [1, 1],
    ]);
  });

  it.each([
    ['a pixel', [5]],
    ['two that touch at a corner', [0, 11]],
    ['a ring', [0, 1, 2, 10, 12, 20, 21, 22]],
  ])('ends for %s', (_name, pixels) => {
    const outline = outlineOf(pixels, 10);

    expect(outline.at(-1)).toEqual(outline[0]);
    expect(outline.length).toBeGreaterThan(3);
  });
});

describe('the numbering of teeth on a panoramic', () => {
  /** The crowns of a phantom as the model should see them, on the working picture. */
  const crownsOf = ({ truth, columns, spacingMm }: DentalPhantom): readonly (Crown & { readonly truth: string })[] => {
    const extent = new Map<number, { left: number; right: number }>();
    truth.crownCores.forEach((fdi, index) => {
      const column = index % columns;
      const { left, right } = extent.get(fdi) ?? { left: column, right: column };
      extent.set(fdi, { left: Math.min(left, column), right: Math.max(right, column) });
    });
    const scale = spacingMm[1] / 0.15;
    return truth.teeth
      .map(({ fdi, centre }) => {
        const { left, right } = extent.get(fdi) ?? { left: 0, right: 0 };
        const jaw = fdi < 30 ? ('upper' as const) : ('lower' as const);
        const width = (scale * (right - left + 1)) / 0.6;
        return { jaw, column: centre[0] * scale, row: centre[1] * scale, width, height: 50, truth: String(fdi) };
      })
      .toSorted((a, b) => a.column - b.column);
  };

  it('finds most numbers from the crowns’ positions, with teeth missing', () => {
    const crowns = [41, 42, 43, 44].flatMap((seed) => {
      const found = crownsOf(makePanoramic({ seed, spacingMm: 0.3 }));
      const fit = fitArches(found);
      return fit === undefined ? [] : numbered(found, fit);
    });

    const right = crowns.filter((crown) => 'truth' in crown && crown.fdi === crown.truth);
    expect(crowns.length).toBeGreaterThan(90);
    expect(right.length / crowns.length).toBeGreaterThan(0.9);
  });

  it('tells a row of lower teeth from a row of upper ones, so a picture that is turned by 180° from an upright one', () => {
    const margins = [41, 42, 43, 44, 45, 46].map((seed) => {
      const crowns = crownsOf(makePanoramic({ seed, spacingMm: 0.3 }));
      return (fitTurned(crowns)?.cost ?? 0) - (fitArches(crowns)?.cost ?? 0);
    });

    expect(Math.min(...margins)).toBeGreaterThan(0.1);
  });

  it('leaves out structures like crowns above the teeth and beside them', () => {
    const teeth = crownsOf(makePanoramic({ seed: 41, spacingMm: 0.3 }));
    const row = teeth[0]?.row ?? 0;
    const stray = (column: number, aside: number): Crown => ({
      jaw: 'upper',
      column,
      row: row + aside,
      width: 40,
      height: 50,
    });
    const strays = [stray(20, 0), stray(900, -400), stray(1980, 0)];

    const kept = inDentalBand([...teeth, ...strays].toSorted((a, b) => a.column - b.column));

    expect(kept).toEqual(teeth);
  });

  it('does not guess from a few crowns', () => {
    const few = crownsOf(makePanoramic({ seed: 41, spacingMm: 0.3 })).slice(0, 5);

    expect(fitArches(few)).toBeUndefined();
  });
});
