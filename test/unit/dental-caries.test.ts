import { describe, expect, it } from 'vitest';
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { InferenceEngine, Tensor } from '#core/ports.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { type DentalPhantom, makePanoramic, radiographOf } from '#phantoms/dental.ts';
import { contentOf } from '#tools/caries/content.ts';
import { type Evaluation, evaluate, type MarkedLesion } from '#tools/caries/evaluate.ts';
import type { Side } from '#tools/caries/lesions.ts';
import { outlineOf } from '#tools/caries/marks.ts';
import { modelInput, resample } from '#tools/caries/preprocess.ts';
import { scaleOf } from '#tools/caries/scale.ts';
import { inStrips } from '#tools/caries/strips.ts';
import { type Crown, inDentalBand, numberTeeth } from '#tools/caries/teeth.ts';

/** A radiograph of one grey ramp. */
function makeImage(change: Partial<Radiograph> = {}, Modality = 'IO'): Radiograph {
  const { rows = 300, columns = 400 } = change;
  return {
    kind: 'radiograph',
    header: {
      SOPInstanceUID: '2.25.1',
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.3',
      StudyInstanceUID: '2.25.2',
      SeriesInstanceUID: '2.25.3',
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
      Modality,
    },
    rows,
    columns,
    pixels: new Float32Array(rows * columns).map((_, index) => (index % columns) / columns),
    ...change,
  };
}

/**
 * An engine whose model sees `planes(row, column)` in every pixel: lesion, tooth, upper core, lower core, restoration, and that
 * a lesion is deeper than E1, E2, D1, D2; what is left out is 0.
 */
function makeContext(planes: (row: number, column: number) => readonly number[]): ProcessingContext {
  const engine: InferenceEngine = {
    async run(_model, { image }) {
      const [, , rows = 0, columns = 0] = image?.shape ?? [];
      const data = new Float32Array(9 * rows * columns);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          planes(row, column).forEach((value, plane) => {
            data[(plane * rows + row) * columns + column] = value;
          });
        }
      }
      const probabilities: Tensor = { data, shape: [1, 9, rows, columns] };
      return { probabilities };
    },
  };
  return { inputDigest: '', engine, signal: new AbortController().signal };
}

const failureOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('the scale of a dental radiograph', () => {
  it('is the source’s where it says one that can be', () => {
    expect(scaleOf(makeImage({ spacingMm: [0.1, 0.1] }))).toEqual({
      view: 'intra-oral',
      spacingMm: [0.1, 0.1],
      known: true,
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

  it('keeps the mean when it is shrunk and the values when it is grown', () => {
    const plane = { rows: 2, columns: 4, pixels: Float32Array.of(0, 1, 0, 1, 0, 1, 0, 1) };

    expect([...resample(plane, 1, 1).pixels]).toEqual([0.5]);
    expect(resample(plane, 4, 8).pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(resample({ rows: 1, columns: 2, pixels: Float32Array.of(0, 1) }, 1, 4).pixels).toEqual(
      Float32Array.of(0, 0.25, 0.75, 1),
    );
  });
});

describe('a picture in strips', () => {
  it('comes back whole, each strip seen with its margin', async () => {
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

  it('finds most numbers from where crowns stand, with teeth missing', () => {
    const crowns = [41, 42, 43, 44].flatMap((seed) => numberTeeth(crownsOf(makePanoramic({ seed, spacingMm: 0.3 }))));

    const right = crowns.filter((crown) => 'truth' in crown && crown.fdi === crown.truth);
    expect(crowns.length).toBeGreaterThan(90);
    expect(right.length / crowns.length).toBeGreaterThan(0.9);
  });

  it('changes sides where the picture shows the patient’s left on the left', () => {
    const crowns = crownsOf(makePanoramic({ seed: 41, spacingMm: 0.3 }));

    const [usual, turned] = [numberTeeth(crowns)[0]?.fdi, numberTeeth(crowns, false)[0]?.fdi];

    expect(usual?.[0]).toMatch(/[14]/);
    expect(turned?.[0]).toMatch(/[23]/);
    expect(turned?.[1]).toBe(usual?.[1]);
  });

  it('leaves out what looks like crowns above the teeth and beside them', () => {
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

    expect(numberTeeth(few).every(({ fdi }) => fdi === undefined)).toBe(true);
  });
});

describe('what cannot be evaluated', () => {
  const background = [0, 0, 0, 0, 0];

  it.each([
    ['image-too-small', makeImage({ rows: 150, columns: 400 })],
    ['no-contrast', makeImage({ pixels: new Float32Array(300 * 400).fill(0.5) })],
    ['no-teeth', makeImage()],
  ])('is refused with a reason: %s', async (code, image) => {
    const failure = await evaluate(
      image,
      makeContext(() => background),
    ).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(NotEvaluableError);
    expect(failure).toHaveProperty('code', code);
  });

  it.each([
    ['few crowns, on a panoramic', 'PX', 120],
    ['crowns smaller than any tooth’s, on a film', 'IO', 24],
  ])('is refused for %s', async (_name, Modality, pitch) => {
    const image = makeImage(
      { rows: 1200, columns: 2400, spacingMm: Modality === 'PX' ? [0.125, 0.125] : [0.02, 0.02] },
      Modality,
    );
    const cores = (row: number, column: number): readonly number[] => {
      const inCore = row > 100 && row < 180 && row % pitch < pitch / 2 && column % (3 * pitch) < pitch / 2;
      return [0, 1, inCore ? 1 : 0];
    };

    const failure = await evaluate(image, makeContext(cores)).catch((error: unknown) => error);

    expect(failure).toHaveProperty('code', 'no-teeth');
  });

  it('is refused before memory is taken', () => {
    const failure = failureOf(() => scaleOf(makeImage({ rows: 10, columns: 10 })));

    expect(failure).toBeInstanceOf(NotEvaluableError);
  });

  it('is a picture with more lesions than can be believed', async () => {
    const everywhere = (row: number, column: number): readonly number[] => {
      const core = row % 60 < 40 && column % 60 < 40 ? 1 : 0;
      const lesion = row % 12 < 6 && column % 12 < 6 ? 1 : 0;
      return [lesion, 1, core, 0, 0];
    };

    const failure = await evaluate(makeImage(), makeContext(everywhere)).catch((error: unknown) => error);

    expect(failure).toHaveProperty('code', 'implausible-count');
  });
});

describe('a lesion', () => {
  it('lies on the source where the model sees it on the working picture, at the side of its crown', async () => {
    const spacingMm = 0.06;
    const image = radiographOf(
      {
        kind: 'bitewing',
        rows: 500,
        columns: 600,
        spacingMm: [spacingMm, spacingMm],
        pixels: new Uint16Array(500 * 600).map((_, index) => index % 4000),
      },
      1,
    );
    const inBox = (
      row: number,
      column: number,
      [top, left, bottom, right]: readonly [number, number, number, number],
    ) => row >= top && row < bottom && column >= left && column < right;
    const context = makeContext((row, column) => [
      inBox(row, column, [108, 150, 116, 160]) ? 0.9 : 0,
      1,
      0,
      inBox(row, column, [100, 100, 140, 140]) ? 1 : 0,
      ...[0, 1, 0.8, 0.3, 0.1],
    ]);

    const { lesions, crowns } = await evaluate(image, context);

    expect(crowns).toHaveLength(1);
    expect(lesions).toHaveLength(1);
    expect(lesions[0]).toMatchObject({ side: 'right', depth: 10, depthClass: 'D1' });
    const columns = lesions[0]?.pixels.map((index) => index % 600) ?? [];
    expect(Math.min(...columns)).toBeGreaterThanOrEqual(298);
    expect(Math.max(...columns)).toBeLessThanOrEqual(321);
    expect(lesions[0]?.outline[0]).toEqual(lesions[0]?.outline.at(-1));
  });
});

describe('what is said of a lesion', () => {
  const saidOf = (fdi: string | undefined, side: Side, PatientOrientation: string[]) => {
    const image = makeImage({ spacingMm: [0.1, 0.1] }, 'PX');
    const crown: Crown = {
      jaw: 'lower',
      column: 50,
      row: 50,
      width: 30,
      height: 30,
      ...(fdi !== undefined && { fdi }),
    };
    const region = {
      label: 1,
      pixels: [1],
      size: 1,
      peak: 0.9,
      mean: 0.9,
      min: [1, 0, 0],
      max: [1, 0, 0],
      centroid: [1, 0, 0],
    } as const;
    const lesion: MarkedLesion = {
      region,
      crown,
      side,
      depth: 3,
      depthClass: 'E2',
      certainty: 0.9,
      pixels: [7],
      outline: [],
    };
    const evaluation: Evaluation = {
      image: { ...image, header: { ...image.header, PatientOrientation } },
      ...{ scale: scaleOf(image), workingMm: 0.2, crowns: [crown], lesions: [lesion] },
      grid: { rows: image.rows, columns: image.columns, rowScale: 1, columnScale: 1 },
    };
    const [finding] = contentOf([evaluation], []).findings;
    return {
      ...{ site: finding?.site?.meaning, side: finding?.laterality?.meaning, surface: finding?.siteModifier?.meaning },
      ...{ number: finding?.evaluations[0]?.value.meaning, words: finding?.summary },
    };
  };

  it.each([
    ['36', 'right', ['L', 'F'], 'Mandibular left first molar tooth', 'Left', 'distal'],
    ['36', 'right', ['R', 'F'], 'Mandibular left first molar tooth', 'Left', 'mesial'],
    ['16', 'right', ['L', 'F'], 'Permanent maxillary right first molar tooth', 'Right', 'mesial'],
    ['16', 'chewing', ['L', 'F'], 'Permanent maxillary right first molar tooth', 'Right', 'occlusal'],
  ] as const)(
    'is tooth %s, its %s on a picture with columns to %j, in codes and words',
    (fdi, side, [x, y], ...said) => {
      const { site, side: laterality, surface, number, words } = saidOf(fdi, side, [x, y]);

      const [tooth, left, face] = said;
      expect([site, laterality, surface, number]).toEqual([
        ...[tooth, left, `Structure of ${face} surface of tooth`, `FDI ${fdi}`],
      ]);
      expect(words).toContain(face === 'occlusal' ? `chewing surface of tooth ${fdi}` : `${face} side of tooth ${fdi}`);
    },
  );

  it('leaves out what cannot be told: the surface of an incisor’s edge, side and number of a tooth without one', () => {
    const edge = saidOf('11', 'chewing', ['L', 'F']);
    const unnamed = saidOf(undefined, 'right', ['L', 'F']);

    expect([edge.surface, edge.number]).toEqual([undefined, 'FDI 11']);
    expect(edge.words).toContain('into the inner half of the enamel (E2)');
    expect(unnamed).toMatchObject({ site: 'Tooth structure', side: undefined, surface: undefined, number: undefined });
  });
});
