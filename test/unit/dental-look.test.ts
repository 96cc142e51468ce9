/** What the caries tool refuses by the picture, and what it takes for one exposure. */
import { describe, expect, it } from 'vitest';
import { resamplePlane } from '#core/image/plane.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { InferenceEngine, Tensor } from '#core/ports.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { makeBitewing, radiographOf } from '#phantoms/dental.ts';
import { evaluate } from '#tools/caries/evaluate.ts';
import { exposuresOf } from '#tools/caries/exposures.ts';
import { findLesions } from '#tools/caries/lesions.ts';
import type { Planes } from '#tools/caries/planes.ts';
import { scaleOf } from '#tools/caries/scale.ts';
import { type Crown, onTheirSide } from '#tools/caries/teeth.ts';
import { makeImage } from '../fixtures/dental-image.ts';

/** A model that sees three crowns if the picture gets brighter from left to right, and `otherwise` elsewhere. */
function seesRightwards(otherwise = 0): ProcessingContext {
  const engine: InferenceEngine = {
    async run(_model, { image }): Promise<Readonly<Record<string, Tensor>>> {
      const [, , rows = 0, columns = 0] = image?.shape ?? [];
      const grey = (column: number): number => image?.data[rows * columns + (rows >> 1) * columns + column] ?? 0;
      const isRight = grey(columns - 1) - grey(0) > 1;
      const data = new Float32Array(9 * rows * columns);
      const left = 2 * rows * columns;
      for (let row = 100; row < 140; row++) {
        for (const core of [20, 100, 180])
          for (let column = core; column < core + 40; column++)
            data[left + row * columns + column] = isRight ? 1 : otherwise;
      }
      return { probabilities: { data, shape: [1, 9, rows, columns] } };
    },
  };
  return { inputDigest: '', engine, signal: new AbortController().signal };
}

const ramp = (value: (x: number, y: number) => number, change: Partial<Radiograph> = {}): Radiograph =>
  makeImage({
    rows: 300,
    columns: 300,
    pixels: Float32Array.from({ length: 90_000 }, (_, at) => value((at % 300) / 300, Math.floor(at / 300) / 300)),
    ...change,
  });

const codeOf = (image: Radiograph, context = seesRightwards()): Promise<string> =>
  evaluate(image, context).then(
    () => 'evaluated',
    (error: { readonly code: string }) => error.code,
  );

describe('a picture that is not what its header says', () => {
  it('is evaluated as it lies where that shows teeth', async () => {
    expect(await codeOf(ramp((x) => x))).toBe('evaluated');
  });

  it('is refused if it shows teeth only inverted, and evaluated so if the header contradicts itself', async () => {
    expect(await codeOf(ramp((x) => 1 - x))).toBe('inverted-picture');
    expect(await codeOf(ramp((x) => 1 - x, { polarityInDoubt: true }))).toBe('evaluated');
  });

  it('is refused if it shows teeth only turned by 90°', async () => {
    expect(await codeOf(ramp((_, y) => y))).toBe('turned-picture');
    expect(await codeOf(ramp((_, y) => 1 - y))).toBe('turned-picture');
  });

  it('is refused if all crowns are in doubt', async () => {
    expect(
      await codeOf(
        ramp((x, y) => (x - 0.5) * (y - 0.5)),
        seesRightwards(0.6),
      ),
    ).toBe('unclear-teeth');
  });

  it.each([
    [['L', ''], 'orientation-unreadable'],
    [['L', 'P'], 'unsupported-orientation'],
    [['L', 'F'], 'evaluated'],
    [[], 'evaluated'],
  ])('is asked for its Patient Orientation: %j', async (PatientOrientation, code) => {
    const image = ramp((x) => x);

    expect(await codeOf({ ...image, header: { ...image.header, PatientOrientation } })).toBe(code);
  });

  it('is turned before the model sees it', async () => {
    const image = ramp((_, y) => y, { rows: 300, columns: 300 });

    expect(await codeOf({ ...image, header: { ...image.header, PatientOrientation: ['F', 'L'] } })).toBe('evaluated');
  });

  it.each([
    ['PX', { rows: 750, columns: 1000, spacingMm: [0.04, 0.04] }, /40 × 30 mm, the field of an intra-oral/],
    ['IO', { rows: 1200, columns: 2400, spacingMm: [0.125, 0.125] }, /300 × 150 mm, the field of a panoramic/],
    ['PX', { rows: 2400, columns: 1200 }, /0.50 times as wide as high/],
  ] as const)('is refused as %s for its size: %o', (Modality, change, words) => {
    expect(() => scaleOf(makeImage(change, Modality))).toThrow(words);
  });

  it('may have a spacing that no dental picture has', () => {
    const { known, spacingMm } = scaleOf(makeImage({ rows: 750, columns: 1000, spacingMm: [1, 1] }, 'IO'));

    expect([known, spacingMm]).toEqual([false, [0.041, 0.041]]);
  });

  it('has pixels of the given shape where their size is assumed', () => {
    const { spacingMm } = scaleOf(makeImage({ rows: 500, columns: 1000, pixelAspect: [2, 1] }, 'IO'));

    expect(spacingMm).toEqual([0.082, 0.041]);
  });

  it('is seen at the size on the detector and measured at the calibrated one', () => {
    const image = makeImage({ rows: 750, columns: 1000, spacingMm: [0.04, 0.04], detectorMm: [0.05, 0.05] }, 'IO');

    expect(scaleOf(image)).toMatchObject({ spacingMm: [0.05, 0.05], calibration: expect.closeTo(0.8, 9) });
  });
});

describe('a place in a tooth', () => {
  const crown: Crown = { jaw: 'lower', column: 100, row: 100, width: 80, height: 60 };
  const placesAt = (left: number, top: number): number => {
    const lesion = new Float32Array(200 * 200);
    for (let row = top; row < top + 10; row++)
      for (let column = left; column < left + 10; column++) lesion[row * 200 + column] = 0.9;
    const none = new Float32Array(200 * 200);
    const planes: Planes = {
      ...{ rows: 200, columns: 200, lesion, tooth: none, upperCore: none, lowerCore: none, restoration: none },
      deeper: [],
    };
    return findLesions(planes, [crown], { peak: 0.7, edge: 0.4, pixels: 8 }).length;
  };

  it.each([
    ['below the chewing surface', 95, 78, 1],
    ['in the pulp', 95, 105, 0],
    ['above the teeth', 95, 55, 0],
    ['at the side', 62, 95, 1],
    ['inside, off the middle', 76, 95, 0],
  ])('%s counts or not', (_name, left, top, count) => {
    expect(placesAt(left, top)).toBe(count);
  });
});

describe('crowns of an intra-oral picture', () => {
  const at = (jaw: Crown['jaw'], row: number): Crown => ({ jaw, row, column: 50, width: 40, height: 50 });
  const [upper, lower] = [[40, 45, 50].map((row) => at('upper', row)), [120, 125, 130].map((row) => at('lower', row))];

  it('are left out on the other jaw’s side', () => {
    expect(onTheirSide([...upper, at('upper', 190), ...lower, at('lower', 10)])).toEqual([...upper, ...lower]);
  });

  it('stay where the jaws cannot be told apart', () => {
    expect(onTheirSide(upper)).toEqual(upper);
    expect(onTheirSide([at('upper', 100), at('lower', 90)])).toHaveLength(2);
  });
});

describe('one exposure', () => {
  const exposure = (seed: number, uid: string): Radiograph => {
    const image = radiographOf(makeBitewing({ seed, spacingMm: 0.08 }), seed);
    return { ...image, header: { ...image.header, SOPInstanceUID: uid } };
  };
  const uids = (radiographs: readonly Radiograph[]): readonly (readonly string[])[] =>
    exposuresOf(radiographs).map((members) => members.map(({ header }) => header.SOPInstanceUID));
  const raw = (image: Radiograph): Radiograph => ({
    ...image,
    header: { ...image.header, SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.3.1' },
  });
  const mapped = (image: Radiograph, curve: (value: number) => number): Radiograph => ({
    ...image,
    pixels: image.pixels.map(curve),
  });

  it('is recognised in another grey scale, and the picture for presentation comes first', () => {
    const [shown, processing] = [exposure(20_000, '1.2'), raw(exposure(20_000, '1.1'))];

    expect(uids([mapped(processing, (value) => (1 - value) ** 1.6), shown])).toEqual([['1.2', '1.1']]);
    expect(uids([exposure(20_000, '1.3'), shown])).toEqual([['1.3', '1.2']]);
  });

  it('is recognised at another size', () => {
    const image = exposure(20_000, '1.1');
    const { rows, columns, pixels } = resamplePlane(image, 301, 403);
    const header = { ...image.header, SOPInstanceUID: '1.2' };

    expect(uids([image, { kind: 'radiograph', header, rows, columns, pixels }])).toEqual([['1.1', '1.2']]);
  });

  it('is recognised mirrored, if the header says so', () => {
    const image = exposure(20_000, '1.1');
    const { columns, pixels } = image;
    const mirrored = {
      ...image,
      header: { ...image.header, SOPInstanceUID: '1.2', PatientOrientation: ['R', 'F'] },
      pixels: pixels.map((_, at) => pixels[at - 2 * (at % columns) + columns - 1] ?? 0),
    };

    expect(uids([image, mirrored])).toEqual([['1.1', '1.2']]);
  });

  it.each([
    ['cropped', 6, 20, true],
    ['of which little is left', 150, 20, false],
  ])('that was %s', (_, top, left, isOne) => {
    const image = exposure(20_000, '1.1');
    const [rows, columns] = [image.rows - 2 * top, image.columns - 2 * left];
    const pixels = new Float32Array(rows * columns).map(
      (_value, at) => image.pixels[(Math.floor(at / columns) + top) * image.columns + (at % columns) + left] ?? 0,
    );
    const crop = { ...image, rows, columns, pixels, header: { ...image.header, SOPInstanceUID: '1.2' } };

    expect(uids([crop, image])).toEqual(isOne ? [['1.1', '1.2']] : [['1.2'], ['1.1']]);
    expect(uids([crop, exposure(20_001, '1.3')])).toEqual([['1.2'], ['1.3']]);
  });

  it('is not another exposure, not even of the same teeth', () => {
    const image = exposure(20_000, '1.1');
    const { columns, pixels } = image;
    const shifted = {
      ...image,
      header: { ...image.header, SOPInstanceUID: '1.3' },
      pixels: pixels.map((_, at) => pixels[at - (at % columns) + Math.max(0, (at % columns) - 12)] ?? 0),
    };

    expect(uids([image, exposure(20_001, '1.2'), shifted])).toEqual([['1.1'], ['1.2'], ['1.3']]);
  });
});
