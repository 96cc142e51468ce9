/**
 * Stacks of slices as scanners and archives produce them, as a single-frame series and as one enhanced object: they must give
 * a volume with every voxel in its place, or a coded reason that reaches the run, but never a silently wrong volume.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GeometryError } from '#core/errors.ts';
import type { PointLps } from '#core/image/geometry.ts';
import { loadImage } from '#core/image/load.ts';
import { toLps } from '#core/image/resample.ts';
import { cross, dot, scaled, subtract, unit } from '#core/image/vectors.ts';
import type { Volume } from '#core/image/volume.ts';
import { runTool } from '#core/run-tool.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { Attributes } from '#dicom/write.ts';
import {
  AXIAL,
  COLUMNS,
  enhanced,
  type Orientation,
  ROWS,
  type Section,
  section,
  singleFrames,
} from '../fixtures/cross-sections.ts';
import { type PhantomStudy, phantomStudy } from '../fixtures/phantom-studies.ts';
import { entry, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const FORMS = ['single-frame', 'enhanced'] as const;
type Form = (typeof FORMS)[number];

function studyOf(form: Form, sections: readonly Section[], attributes: Attributes = {}): PhantomStudy {
  const files = form === 'enhanced' ? [enhanced(sections, attributes)] : singleFrames(sections, attributes);
  return phantomStudy(form, files);
}

/** The section that a slice of a volume was. */
function sourceOf(form: Form, { frames }: Volume, slice: number): number {
  const frame = frames[slice];
  return form === 'enhanced'
    ? (frame?.frameNumber ?? 0) - 1
    : Number(frame?.SOPInstanceUID.slice('2.25.5000'.length)) - 1;
}

async function load(study: PhantomStudy, image: ImageIndex): Promise<Volume> {
  const loaded = await loadImage(image, study.read, inProcessDecoder);
  if (loaded.kind !== 'volume') throw new Error('A volume was asked for');
  return loaded;
}

/** Slices as sections, volume by volume, or the code of the fault. */
async function outcomes(form: Form, study: PhantomStudy): Promise<readonly (string | readonly number[])[]> {
  return Promise.all(
    study.images.map(async (image) => {
      try {
        const volume = await load(study, image);
        return volume.frames.map((_, slice) => sourceOf(form, volume, slice));
      } catch (error) {
        if (error instanceof GeometryError || error instanceof DicomReadError) return error.code;
        throw error;
      }
    }),
  );
}

const sections = (count: number, change: (k: number) => Partial<Section> = () => ({})): readonly Section[] =>
  Array.from({ length: count }, (_, k) => section(k, change(k)));
const at = (z: number): Partial<Section> => ({ position: [-10, -20, z] });
const SAGITTAL: Orientation = [0, 1, 0, 0, 0, -1];
const turned = (degrees: number): Orientation => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [1, 0, 0, 0, cos, sin];
};
const ALL = [0, 1, 2, 3, 4, 5];

describe.each(FORMS)('a %s stack', (form) => {
  it.each<[string, readonly Section[], readonly (string | readonly number[])[]]>([
    ['from feet to head', sections(6), [ALL]],
    ['from head to feet', sections(6, (k) => at(100 - 2 * k)), [ALL.toReversed()]],
    [
      'of cosines with four decimals',
      sections(6, () => ({ orientation: [0.9998, 0.0175, 0, -0.0175, 0.9998, 0] })),
      [ALL],
    ],
    ['of positions with one decimal', sections(6, (k) => at(Number((0.625 * k).toFixed(1)))), [ALL]],
    ['with a localizer in it', [...sections(6), section(6, { orientation: SAGITTAL, flavor: 'LOCALIZER' })], [ALL]],
    ['without one slice', sections(7).filter((_, k) => k !== 3), ['missing-slices']],
    [
      'with another slice at a place',
      [...sections(6), { ...section(3), stored: section(9).stored }],
      ['duplicate-slices'],
    ],
    ['of a spacing that changes', sections(8, (k) => at(k < 4 ? 2 * k : 8 + 3 * (k - 4))), ['variable-spacing']],
    ['of a spacing that drifts', sections(8, (k) => at(2 * k + 0.05 * k * k)), ['variable-spacing']],
    ['of a tilted gantry', sections(6, (k) => ({ position: [0, 0.5 * k, 2 * k] })), ['gantry-tilt']],
    ['that says it was tilted and does not show it', sections(6, () => ({ tilt: 15 })), ['gantry-tilt']],
    [
      'reformatted from a tilted gantry’s',
      sections(6, (k) => ({ position: [2 * k, 0, 0], orientation: SAGITTAL, tilt: 15 })),
      [ALL.toReversed()],
    ],
    [
      'with one slice askew',
      sections(6, (k) => (k === 2 ? { orientation: turned(2), stack: '1' } : { stack: '1' })),
      ['mixed-orientation'],
    ],
    [
      'of another pixel spacing from the middle',
      sections(6, (k) => (k < 3 ? {} : { spacing: [0.9, 0.6] })),
      ['mixed-matrix'],
    ],
    ['without a pixel spacing', sections(6, () => ({ spacing: [0, 0] })), ['pixel-spacing-unknown']],
    ['of directions that are none', sections(6, () => ({ orientation: [1, 0, 0, 0.5, 1, 0] })), ['missing-geometry']],
    ['without one position', [...sections(5), { stored: section(5).stored }], ['missing-geometry']],
    ['of one slice', sections(1), ['too-few-slices']],
    [
      'of two scans of one place',
      [...sections(3, () => ({ acquisition: 1 })), ...sections(3, () => ({ acquisition: 2 }))],
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [
      'of two sweeps, an acquisition a slice',
      sections(6, (k) => ({ ...at(2 * (k % 3)), acquisition: k })),
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [
      'of places scanned twice each, an acquisition a slice',
      sections(6, (k) => ({ ...at(2 * (k >> 1)), acquisition: k })),
      ['duplicate-slices'],
    ],
    [
      'of places scanned twice each, an acquisition a rotation',
      sections(8, (k) => ({ ...at([0, 2, 0, 2, 4, 6, 4, 6][k] ?? 0), acquisition: k >> 1 })),
      [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
      ],
    ],
    [
      'of two sweeps, an acquisition a rotation',
      sections(12, (k) => ({ ...at(2 * (k % 6)), acquisition: 1 + (k >> 1) })),
      [ALL, [6, 7, 8, 9, 10, 11]],
    ],
    [
      'of a sweep there and one back, an acquisition a rotation',
      sections(12, (k) => ({ ...at(k < 6 ? 2 * k : 22 - 2 * k), acquisition: 1 + (k >> 1) })),
      [ALL, [11, 10, 9, 8, 7, 6]],
    ],
    [
      'of two sweeps half a slice apart, an acquisition a rotation',
      sections(12, (k) => ({ ...at(k < 6 ? 2 * k : 2 * (k - 6) + 1), acquisition: 1 + (k >> 1) })),
      [ALL, [6, 7, 8, 9, 10, 11]],
    ],
    [
      'of one place watched before the sweep',
      sections(10, (k) => ({ ...at(k < 2 ? 8 + 2 * k : 2 * (k - 2)), acquisition: 1 + (k >> 1) })),
      [
        [0, 1],
        [2, 3, 4, 5, 6, 7, 8, 9],
      ],
    ],
    [
      'of two scans half a slice apart',
      sections(6, (k) => ({ position: [0, 0, k], acquisition: 1 + (k % 2) })),
      [
        [0, 2, 4],
        [1, 3, 5],
      ],
    ],
    ['of two scans that follow each other', sections(6, (k) => ({ acquisition: k < 3 ? 1 : 2 })), [ALL]],
    [
      'of two scans with a gap between',
      sections(6, (k) => ({ ...at(k < 3 ? 2 * k : 40 + 2 * k), acquisition: k < 3 ? 1 : 2 })),
      ['missing-slices'],
    ],
  ])('%s', async (_, stack, expected) => {
    const study = studyOf(form, stack);

    const found = await outcomes(form, study);

    expect(found).toEqual(expected);
  });

  it('gives its reason to the run', async () => {
    const study = studyOf(
      form,
      sections(8, (k) => at(k < 4 ? 2 * k : 8 + 3 * (k - 4))),
    );

    const result = await runTool({
      entry,
      tool: makeTool(() => nothingFound),
      images: study.images,
      read: study.read,
      decoder: inProcessDecoder,
      engine: { run: () => Promise.reject(new Error('no model is asked')) },
      clock: Date,
      deadlineMs: Date.now() + 60_000,
    });

    expect(result.metadata).toMatchObject({ outcome: 'not-evaluable', reason: { code: 'variable-spacing' } });
  });

  it('of frames of reference that are unknown is refused', async () => {
    const study = studyOf(form, sections(3), { FrameOfReferenceUID: undefined });

    expect(await outcomes(form, study)).toEqual(['missing-geometry']);
  });

  it('is right where it is accepted, whatever was done to it', async () => {
    let taken = 0;

    await fc.assert(
      fc.asyncProperty(stacks, async (stack) => {
        const study = studyOf(form, stack);
        for (const image of study.images) {
          try {
            expectRight(form, await load(study, image), stack);
            taken += 1;
          } catch (error) {
            if (!(error instanceof GeometryError)) throw error;
          }
        }
      }),
      { numRuns: 300, seed: 4 },
    );

    expect(taken).toBeGreaterThan(50);
  });
});

/** Every slice has its section's values, every voxel is where the section's own header puts it, and no two scans are mixed. */
function expectRight(form: Form, volume: Volume, stack: readonly Section[]): void {
  const { spacingMm, sliceDirection } = volume;
  const scans = volume.frames.map((_, slice) => stack[sourceOf(form, volume, slice)]?.acquisition);
  expect(scans.filter((scan, k) => scan !== scans[k - 1]).length).toBe(new Set(scans).size);
  for (let k = 0; k < volume.slices; k += 1) {
    const source = stack[sourceOf(form, volume, k)];
    if (source?.position === undefined) throw new Error('A slice comes from no section');
    const { orientation = AXIAL, spacing = [0.8, 0.5], position, slope = 1, intercept = -1024 } = source;
    const row: PointLps = [orientation[0], orientation[1], orientation[2]];
    const column: PointLps = [orientation[3], orientation[4], orientation[5]];
    for (const [i, j] of [
      [0, 0],
      [COLUMNS - 1, ROWS - 1],
    ] as const) {
      const [along, down] = [scaled(row, i * spacing[1]), scaled(column, j * spacing[0])];
      const truth = added(position, added(along, down));
      const error = subtract(toLps(volume, i, j, k), truth);
      expect(Math.abs(dot(error, sliceDirection))).toBeLessThanOrEqual(0.1 * spacingMm[2] + 1e-3);
      expect(Math.hypot(...error)).toBeLessThanOrEqual(1.5 * Math.max(spacingMm[0], spacingMm[1]) + 0.1 * spacingMm[2]);
    }
    const first = k * ROWS * COLUMNS;
    expect([...volume.voxels.subarray(first, first + ROWS * COLUMNS)]).toEqual(
      source.stored.map((value) => value * slope + intercept),
    );
  }
}

const added = (a: PointLps, b: PointLps): PointLps => subtract(a, scaled(b, -1));

/** As fractions of the spacing. Halves and wholes, which make grids of their own, are frequent. */
const amounts = fc.oneof(fc.constantFrom(0.05, 0.5, 1), fc.double({ min: 0, max: 1.2, noNaN: true }));

/** A stack in any direction, rounded like headers, with one or two changes. */
const stacks: fc.Arbitrary<readonly Section[]> = fc
  .record({
    count: fc.integer({ min: 2, max: 9 }),
    angles: fc.tuple(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true })),
    spacing: fc.double({ min: 0.5, max: 5, noNaN: true }),
    decimals: fc.integer({ min: 3, max: 9 }),
    order: fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
    hazards: fc.array(fc.tuple(fc.nat(7), fc.nat(9), amounts), { maxLength: 2 }),
    slopes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 9, maxLength: 9 }),
  })
  .map(({ count, angles, spacing, decimals, order, hazards, slopes }) => {
    const { orientation, normal } = directions(angles, decimals);
    const rounded = (value: number): number => Number(value.toFixed(Math.min(decimals, 6)));
    const places = Array.from({ length: count }, (_, k) => ({
      k,
      along: k * spacing,
      down: 0,
      acquisition: 1,
      orientation,
    }));
    for (const [kind, which, amount] of hazards) harm(places, { kind, which: which % count, amount, spacing });
    return places
      .map((place, index) => ({ place, key: order[index % 9] ?? 0 }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ place }) => {
        const moved = scaled(normal, place.along);
        return section(place.k, {
          position: [rounded(5 + moved[0]), rounded(-7 + moved[1] + place.down), rounded(11 + moved[2])],
          orientation: place.orientation,
          acquisition: place.acquisition,
          slope: slopes[place.k] ?? 1,
        });
      });
  });

interface Place {
  k: number;
  along: number;
  down: number;
  acquisition: number;
  orientation: Orientation;
}

function harm(
  places: Place[],
  { kind, which, amount, spacing }: { kind: number; which: number; amount: number; spacing: number },
): void {
  const [one] = places.slice(which, which + 1);
  if (one === undefined) return;
  if (kind === 0) places.splice(which, 1);
  if (kind === 1) places.push({ ...one });
  if (kind === 2) one.along += amount * spacing;
  if (kind === 3) for (const place of places.slice(which)) place.along += amount * spacing;
  if (kind === 4) for (const place of places) place.down = place.k * amount;
  if (kind === 5) one.orientation = turned(amount * 20);
  if (kind === 6) for (const place of places.slice(which)) place.acquisition = 2;
  if (kind === 7)
    for (const place of [...places]) places.push({ ...place, along: place.along + amount * spacing, acquisition: 2 });
}

/** Axes rotated twice, as a header gives them, and the true normal. */
function directions(
  [a, b]: readonly [number, number],
  decimals: number,
): { orientation: Orientation; normal: PointLps } {
  const row: PointLps = [Math.cos(a), Math.sin(a), 0];
  const column: PointLps = unit([-Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), Math.sin(b)]);
  const cosine = (value: number): number => Number(value.toFixed(decimals));
  const [x, y] = [row, column];
  const orientation: Orientation = [cosine(x[0]), cosine(x[1]), cosine(x[2]), cosine(y[0]), cosine(y[1]), cosine(y[2])];
  return { orientation, normal: cross(row, column) };
}
