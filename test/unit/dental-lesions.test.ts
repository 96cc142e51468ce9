/** The caries tool's findings on a radiograph, its refusals and its words. */
import { describe, expect, it } from 'vitest';
import { NotEvaluableError } from '#core/errors.ts';
import { UNTURNED } from '#core/image/upright.ts';
import type { InferenceEngine, Tensor } from '#core/ports.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { radiographOf } from '#phantoms/dental.ts';
import { contentOf } from '#tools/caries/content.ts';
import { type EvaluatedLesion, type Evaluation, evaluate } from '#tools/caries/evaluate.ts';
import type { Side } from '#tools/caries/lesions.ts';
import { scaleOf } from '#tools/caries/scale.ts';
import type { Crown } from '#tools/caries/teeth.ts';
import { makeImage } from '../fixtures/dental-image.ts';

/**
 * An engine whose model gives `planes(row, column)` for every pixel: lesion, tooth, upper core, lower core, restoration, and that a
 * lesion is deeper than E1, E2, D1, D2. Missing values are 0.
 */
function makeContext(planes: (row: number, column: number) => readonly number[]): ProcessingContext {
  const engine: InferenceEngine = {
    async run(_model, { image }): Promise<Readonly<Record<string, Tensor>>> {
      const [, , rows = 0, columns = 0] = image?.shape ?? [];
      const data = new Float32Array(9 * rows * columns);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          planes(row, column).forEach((value, plane) => {
            data[(plane * rows + row) * columns + column] = value;
          });
        }
      }
      return { probabilities: { data, shape: [1, 9, rows, columns] } };
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

  it('is refused before memory is allocated', () => {
    const failure = failureOf(() => scaleOf(makeImage({ rows: 10, columns: 10 })));

    expect(failure).toBeInstanceOf(NotEvaluableError);
  });

  it('includes a picture with implausibly many lesions', async () => {
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
  it('is mapped from the working picture to the source, at the side of its crown', async () => {
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
      [20, 100, 180].some((left) => inBox(row, column, [100, left, 140, left + 40])) ? 1 : 0,
      ...[0, 1, 0.8, 0.3, 0.1],
    ]);

    const { lesions, crowns } = await evaluate(image, context);

    expect(crowns).toHaveLength(3);
    expect(lesions).toHaveLength(1);
    expect(lesions[0]).toMatchObject({ side: 'right', depth: 10, depthClass: 'D1' });
    const columns = lesions[0]?.pixels.map((index) => index % 600) ?? [];
    expect(Math.min(...columns)).toBeGreaterThanOrEqual(298);
    expect(Math.max(...columns)).toBeLessThanOrEqual(321);
    expect(lesions[0]?.outline[0]).toEqual(lesions[0]?.outline.at(-1));
  });
});

describe('the description of a lesion', () => {
  const saidOf = (fdi: string | undefined, side: Side, turn = UNTURNED) => {
    const image = makeImage({ rows: 1000, columns: 2000, spacingMm: [0.15, 0.15] }, 'PX');
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
    const lesion: EvaluatedLesion = {
      region,
      crown,
      side,
      depth: 3,
      depthClass: 'E2',
      score: 0.9,
      pixels: [7],
      outline: [],
      stored: { pixels: [7], outline: [] },
    };
    const evaluation: Evaluation = {
      ...{ image, source: image, turn, sidesKnown: true },
      ...{ scale: scaleOf(image), workingMm: 0.2, crowns: [crown], lesions: [lesion] },
      grid: { rows: image.rows, columns: image.columns, rowScale: 1, columnScale: 1 },
    };
    const { findings, segments } = contentOf([evaluation]);
    const [finding] = findings;
    return {
      labels: [finding?.label, segments[0]?.label],
      ...{ site: finding?.site?.meaning, side: finding?.laterality?.meaning, surface: finding?.siteModifier?.meaning },
      ...{ number: finding?.evaluations[0]?.value.meaning, words: finding?.summary },
    };
  };

  it.each([
    ['36', 'right', 'Mandibular left first molar tooth', 'Left', 'distal'],
    ['36', 'left', 'Mandibular left first molar tooth', 'Left', 'mesial'],
    ['16', 'right', 'Permanent maxillary right first molar tooth', 'Right', 'mesial'],
    ['16', 'occlusal', 'Permanent maxillary right first molar tooth', 'Right', 'occlusal'],
  ] as const)('is tooth %s, its %s on the upright picture, in codes and words', (fdi, side, ...said) => {
    const { site, side: laterality, surface, number, words } = saidOf(fdi, side);

    const [tooth, left, face] = said;
    expect([site, laterality, surface, number]).toEqual([
      ...[tooth, left, `Structure of ${face} surface of tooth`, `FDI ${fdi}`],
    ]);
    expect(words).toContain(`${face} surface of tooth ${fdi}`);
  });

  it('has a label that names a side only where mask and key image show the same one', () => {
    const [plain, mirrored, numbered] = [
      saidOf(undefined, 'right'),
      saidOf(undefined, 'right', { ...UNTURNED, columnsReversed: true }),
      saidOf('36', 'right', { ...UNTURNED, columnsReversed: true }),
    ].map(({ labels }) => labels);

    expect(plain).toEqual(Array(2).fill('lower tooth, image right, E2 (no. 1)'));
    expect(mirrored).toEqual(Array(2).fill('lower tooth, proximal, E2 (no. 1)'));
    expect(numbered).toEqual(Array(2).fill('36 distal, E2 (no. 1)'));
  });

  it('leaves out what is unknown: the surface of an incisal edge, side and number of a tooth without a number', () => {
    const edge = saidOf('11', 'occlusal');
    const unnamed = saidOf(undefined, 'right');

    expect([edge.surface, edge.number]).toEqual([undefined, 'FDI 11']);
    expect(edge.words).toContain('incisal edge of tooth 11, into the inner half of the enamel (E2)');
    expect(unnamed).toMatchObject({ site: 'Tooth structure', side: undefined, surface: undefined, number: undefined });
  });
});
