/** The tool's code around its model: grid, masks and refusals. The model is replaced by one with given answers. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { NotEvaluableError } from '#core/errors.ts';
import type { PointLps } from '#core/image/geometry.ts';
import type { Volume } from '#core/image/volume.ts';
import type { InferenceEngine, Tensor } from '#core/ports.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';
import { conform, modelIndex, SIDE } from '#tools/brain-tissue/conform.ts';
import { tissueMasks } from '#tools/brain-tissue/masks.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const entry = (await loadCatalog(ROOT)).find(({ manifest }) => manifest.id === 'brain-tissue');
if (entry === undefined) throw new Error('The tool is gone');
const tool = await loadTool(ROOT, entry);

const X: PointLps = [1, 0, 0];
const Y: PointLps = [0, 1, 0];
const Z: PointLps = [0, 0, 1];

interface VolumeOptions {
  readonly directions?: readonly [column: PointLps, row: PointLps, slice: PointLps];
  readonly size?: number;
  readonly spacing?: number;
  readonly value?: (point: PointLps) => number;
}

/** A cube of voxels around the patient's origin. */
function makeVolume({
  directions = [X, Y, Z],
  size = 65,
  spacing = 2,
  value = ([x, y, z]) => 200 + x + y + z,
}: VolumeOptions = {}): Volume {
  const [columnDirection, rowDirection, sliceDirection] = directions;
  const half = ((size - 1) * spacing) / 2;
  const at = (i: number, j: number, k: number): PointLps => {
    const along = (axis: 0 | 1 | 2): number =>
      (i * spacing - half) * columnDirection[axis] +
      (j * spacing - half) * rowDirection[axis] +
      (k * spacing - half) * sliceDirection[axis];
    return [along(0), along(1), along(2)];
  };
  const voxels = Float32Array.from({ length: size ** 3 }, (_, n) =>
    value(at(n % size, Math.floor(n / size) % size, Math.floor(n / size ** 2))),
  );
  return {
    kind: 'volume',
    ...{ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3', FrameOfReferenceUID: '1.2.4', Modality: 'MR' },
    ...{ columns: size, rows: size, slices: size, voxels, origin: at(0, 0, 0) },
    ...{ columnDirection, rowDirection, sliceDirection, spacingMm: [spacing, spacing, spacing] },
    frames: Array.from({ length: size }, (_, k) => ({ SOPInstanceUID: `1.2.3.${k + 1}` })),
  };
}

const radius = ([x, y, z]: PointLps): number => Math.hypot(x, y, z);

/** From air to the brightest corner of `makeVolume`. */
const RANGE = { low: 0, high: 200 + 3 * 64 };

describe('the model’s grid', () => {
  it('is centred on the volume, has axes to the left, the feet and anterior, and values from 0 to 1', () => {
    const { values, grid } = conform(makeVolume(), RANGE);

    const { low, high } = RANGE;
    const valueAt = (x: number, y: number, z: number) => values[((128 + x) * SIDE + (127 - z)) * SIDE + (127 - y)];
    expect(grid.origin).toEqual([-128, -128, -128]);
    expect(valueAt(0, 0, 0)).toBeCloseTo((200 - low) / (high - low), 5);
    expect(valueAt(20, 0, 0)).toBeCloseTo((220 - low) / (high - low), 5);
    expect(valueAt(0, -31, 40)).toBeCloseTo((209 - low) / (high - low), 5);
    expect(valueAt(64, 64, 64)).toBe(1);
    expect(valueAt(90, 0, 0)).toBe(0);
  });

  it.each<[string, VolumeOptions['directions']]>([
    ['sagittal', [Y, [0, 0, -1], [-1, 0, 0]]],
    ['coronal', [X, [0, 0, -1], Y]],
    ['turned by 180 degrees', [[-1, 0, 0], [0, -1, 0], Z]],
  ])('has the same values from slices that are %s', (_orientation, directions) => {
    const axial = conform(makeVolume(), RANGE);

    const other = conform(makeVolume(directions === undefined ? {} : { directions }), RANGE);

    const difference = axial.values.reduce((most, v, n) => Math.max(most, Math.abs(v - (other.values[n] ?? 9))), 0);
    expect(difference).toBeLessThan(1e-5);
  });
});

describe('masks', () => {
  it('contain the source voxels whose centres are in a tissue, and give their volume', () => {
    const volume = makeVolume();
    const { grid } = conform(volume, RANGE);
    const tissue = new Uint8Array(SIDE ** 3);
    // Grey matter in the 20 × 20 × 10 mm whose corner is the patient's origin, white in one point beside it.
    for (let z = 128; z < 138; z += 1)
      for (let y = 128; y < 148; y += 1) for (let x = 128; x < 148; x += 1) tissue[(z * SIDE + y) * SIDE + x] = 2;
    tissue[(128 * SIDE + 128) * SIDE + 126] = 1;

    const { grey, white } = tissueMasks(volume, tissue, { grid });

    expect(grey.volumeMl).toBeCloseTo(4, 9);
    expect(grey.frames.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(
      [33, 34, 35, 36, 37].map((n) => `1.2.3.${n}`),
    );
    expect(white.volumeMl).toBeCloseTo(0.008, 9);
    expect(white.frames).toHaveLength(1);
    const at = 32 * 65 + 31;
    expect(white.frames[0]?.bits[at >> 3]).toBe(1 << (at & 7));
  });
});

/** A model that sees white matter in a ball of the head and grey matter around it. */
function answering(classAt: (point: PointLps) => number): InferenceEngine {
  const data = new Float32Array(3 * SIDE ** 3);
  for (let x = 0; x < SIDE; x += 1)
    for (let z = 0; z < SIDE; z += 1)
      for (let y = 0; y < SIDE; y += 1)
        data[classAt([x - 128, y - 128, z - 128]) * SIDE ** 3 + modelIndex(x, y, z)] = 1;
  const outputs: Readonly<Record<string, Tensor>> = { output: { data, shape: [1, 3, SIDE, SIDE, SIDE] } };
  return { run: async () => outputs };
}
const ball =
  (white: number, grey: number) =>
  (point: PointLps): number =>
    radius(point) < white ? 1 : radius(point) < grey ? 2 : 0;
const inScalp = (point: PointLps): boolean => radius(point) >= 70 && radius(point) < 88;
/** T1: bright within, darker without, in a scalp. */
const bright = (point: PointLps): number =>
  radius(point) < 44 ? 900 : radius(point) < 60 || inScalp(point) ? 600 : 50;
/** Alternates from voxel to voxel. */
const noise = ([x, y, z]: PointLps): number => (((x + y + z) / 2) % 2 === 0 ? 0 : 800);
/** The size of the volume that holds it. */
const HEAD = { size: 95, value: bright };

const context = { inputDigest: 'a'.repeat(64), signal: new AbortController().signal };

describe('the tool', () => {
  it('measures the model’s classes, without parts that are separate from the brain', async () => {
    const volume = makeVolume(HEAD);
    const seen = ball(44, 60);
    const engine = answering((point) => (radius([point[0] - 61, point[1] - 61, point[2] - 61]) < 3 ? 2 : seen(point)));

    const { findings, segments, metadata } = await tool.process([volume], { ...context, engine });

    const [grey = 0, white = 0] = findings.map(({ measurements }) => measurements[0]?.value);
    const ballMl = (mm: number): number => ((4 / 3) * Math.PI * mm ** 3) / 1000;
    expect(white).toBeCloseTo(ballMl(44), -1);
    expect(grey / (ballMl(60) - ballMl(44))).toBeCloseTo(1, 1);
    expect(findings.map(({ measurements }) => measurements[1]?.value ?? 0).reduce((a, b) => a + b)).toBeCloseTo(100, 1);
    expect(segments.map(({ label, type }) => [label, type.value])).toEqual([
      ['Grey matter 549 mL', '389081007'],
      ['White matter 355 mL', '389080008'],
    ]);
    expect(metadata.outcome).toBe('result');
  });

  it.each<[string, VolumeOptions, (point: PointLps) => number]>([
    ['too-little-in-view', { size: 50, value: bright }, ball(44, 60)],
    ['voxels-too-large', { size: 50, spacing: 2.5, value: bright }, ball(44, 60)],
    ['no-contrast', { value: () => 7 }, ball(44, 60)],
    ['no-brain', HEAD, ball(20, 30)],
    ['no-brain', HEAD, () => 0],
    ['not-t1', { ...HEAD, value: (point) => 1000 - bright(point) }, ball(44, 60)],
    // The brighter tissue around the darker one, as grey matter is in FLAIR.
    [
      'not-t1',
      { ...HEAD, value: (point) => (radius(point) < 44 ? 600 : bright(point) === 600 ? 900 : 50) },
      (p) => [0, 2, 1][ball(44, 60)(p)] ?? 0,
    ],
    [
      'brain-cut',
      { ...HEAD, value: ([x, y, z]) => bright([x, y, z - 50]) },
      ([x, y, z]) => ball(44, 60)([x, y, z - 50]),
    ],
    ['implausible-brain', HEAD, ball(35, 50)],
    ['implausible-brain', HEAD, ball(30, 60)],
    ['implausible-brain', HEAD, ball(58, 60)],
    ['implausible-brain', HEAD, ([x, y, z]) => ball(44, 60)([x * 0.98, y * 1.2, z])],
    ['implausible-brain', HEAD, (point) => (point[0] > 20 && radius(point) > 10 ? 0 : ball(46, 62)(point))],
    // Noise where air should be, as in computed images; a brain without its scalp; more head over the brain than under it.
    ['not-t1', { ...HEAD, value: (point) => (bright(point) === 50 ? noise(point) : bright(point)) }, ball(44, 60)],
    ['implausible-brain', { ...HEAD, value: (point) => (inScalp(point) ? 50 : bright(point)) }, ball(44, 60)],
    [
      'implausible-brain',
      { ...HEAD, value: (point) => (inScalp(point) && point[2] < -20 ? 50 : bright(point)) },
      ball(44, 60),
    ],
  ])('refuses with %s', async (code, options, classAt) => {
    const engine = answering(classAt);

    const error: unknown = await tool.process([makeVolume(options)], { ...context, engine }).catch((e: unknown) => e);

    expect(error).toBeInstanceOf(NotEvaluableError);
    expect(error).toMatchObject({ code });
  });

  it('stops when it is aborted', async () => {
    const engine = answering(() => 0);

    await expect(
      tool.process([makeVolume()], { ...context, engine, signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });
});

/** The headers of an MPRAGE series, with some of them changed. */
function imageWith(attributes: Partial<InstanceIndex>, slices = 176): ImageIndex {
  const instances = Array.from(
    { length: slices },
    (_, k): InstanceIndex => ({
      ...{
        SOPInstanceUID: `1.2.3.${k + 1}`,
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
        TransferSyntaxUID: '1.2.840.10008.1.2.1',
      },
      ...{ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3', sha256: 'a'.repeat(64), sizeBytes: 1 },
      ...{ Modality: 'MR', BodyPartExamined: 'BRAIN', ImageType: ['ORIGINAL', 'PRIMARY', 'M'], SliceThickness: 1 },
      ...{
        ScanningSequence: ['GR', 'IR'],
        SequenceVariant: ['SP', 'MP'],
        MRAcquisitionType: '3D',
        EffectiveEchoTime: 3,
      },
      ...attributes,
    }),
  );
  const { Modality = '' } = { ...instances[0] };
  return { kind: 'volume', StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3', Modality, instances };
}

/** A header without a sequence code, as in enhanced MR and in converted files. */
const withoutCodes = (attributes: Partial<InstanceIndex>): ImageIndex => {
  const image = imageWith(attributes);
  const instances = image.instances.map(({ ScanningSequence: _, SequenceVariant: __, ...instance }) => instance);
  return { ...image, instances };
};

/** The same headers without these attributes. */
const silentOn = (image: ImageIndex, ...keywords: readonly (keyof InstanceIndex)[]): ImageIndex => ({
  ...image,
  instances: image.instances.map(
    (instance) =>
      Object.fromEntries(
        Object.entries(instance).filter(([keyword]) => !keywords.some((silent) => silent === keyword)),
      ) as InstanceIndex,
  ),
});

describe('selection', () => {
  it.each<[string, ImageIndex]>([
    ['an MPRAGE', imageWith({})],
    ['an inversion-prepared FSPGR', imageWith({ SequenceVariant: ['SS', 'SP'], InversionTime: 450 })],
    [
      'an inversion-prepared gradient echo that calls itself research',
      imageWith({ ScanningSequence: ['RM'], SequenceVariant: ['NONE'], InversionTime: 400 }),
    ],
    ['an enhanced T1', withoutCodes({ AcquisitionContrast: 'T1' })],
    ['an MPRAGE that does not say that it is three-dimensional', silentOn(imageWith({}), 'MRAcquisitionType')],
    ['a gradient echo that does not say how it was prepared', silentOn(imageWith({}), 'SequenceVariant')],
    [
      'thin slices without any word on the sequence',
      silentOn(withoutCodes({}), 'MRAcquisitionType', 'BodyPartExamined'),
    ],
  ])('takes %s', (_what, image) => {
    expect(tool.canProcessImage(image)).toEqual({ suitable: true });
  });

  it.each<[string, ImageIndex, RegExp]>([
    ['a CT', imageWith({ Modality: 'CT' }), /reads MR only/],
    ['a knee', imageWith({ BodyPartExamined: 'KNEE' }), /not the head/],
    ['a FLAIR', imageWith({ ScanningSequence: ['SE', 'IR'] }), /gradient echo/],
    ['a T2* image', imageWith({ EffectiveEchoTime: 25 }), /echo time/],
    ['an angiogram', imageWith({ AngioFlag: 'Y' }), /angiogram/],
    ['the second inversion of an MP2RAGE', imageWith({ InversionTime: 2500 }), /inversion time is too long/],
    ['an image of diffusion', withoutCodes({ ImageType: ['ORIGINAL', 'PRIMARY', 'DIFFUSION', 'NONE'] }), /diffusion/],
    ['an image of susceptibility', imageWith({ ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'SWI'] }), /susceptibility/],
    [
      'a spoiled gradient echo without preparation',
      imageWith({ SequenceVariant: ['SP'] }),
      /T1 weighting is uncertain/,
    ],
    ['a 2D series', imageWith({ MRAcquisitionType: '2D' }), /The header says that the MR was acquired slice by slice/],
    [
      'a 2D series without codes',
      withoutCodes({ MRAcquisitionType: '2D' }),
      /The header says that the MR was acquired slice by slice/,
    ],
    ['a knee without codes', silentOn(withoutCodes({ BodyPartExamined: 'KNEE' }), 'MRAcquisitionType'), /not the head/],
    [
      'few slices that are silent',
      silentOn(imageWith({}, 70), 'MRAcquisitionType'),
      /does not say that the MR is three-dimensional/,
    ],
    [
      'slices with gaps that are silent',
      silentOn(withoutCodes({ SpacingBetweenSlices: 3 }), 'MRAcquisitionType'),
      /over 2 mm apart/,
    ],
    ['a projection', imageWith({ ImageType: ['DERIVED', 'SECONDARY', 'PROJECTION IMAGE'] }), /projection/],
    ['thick slices', imageWith({ SliceThickness: 5 }), /over 2 mm/],
    ['a few slices', imageWith({}, 30), /Fewer than 60/],
    ['an enhanced T2', withoutCodes({ AcquisitionContrast: 'T2' }), /./],
  ])('leaves %s with the reason', (_what, image, reason) => {
    const answer = tool.canProcessImage(image);

    expect(answer).toMatchObject({ suitable: false, reason: { message: expect.stringMatching(reason) } });
  });
});
