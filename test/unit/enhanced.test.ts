import { describe, expect, it } from 'vitest';
import { isKnown } from '#core/errors.ts';
import { loadImage } from '#core/image/load.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { judgeImage, SelectionSchema } from '#core/study/selection.ts';
import { type InstanceIndex, MAX_FRAMES } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import type { Attributes } from '#dicom/write.ts';
import { encodeManifest, type Manifest, parseManifest } from '#pipeline/manifest.ts';
import { withFrames } from '../fixtures/compressed.ts';
import { AXIAL, enhanced, type Orientation, type Section, section, singleFrames } from '../fixtures/cross-sections.ts';
import { encodeDeflated } from '../fixtures/encoders.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';
import { realFile } from '../fixtures/real-data.ts';

const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';
const MR = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.4.1', Modality: 'MR' };
const LEGACY_MR = { ...MR, SOPClassUID: '1.2.840.10008.5.1.4.1.1.4.4' };
const SAGITTAL: Orientation = [0, 1, 0, 0, 0, -1];

const sections = (count: number, change: (k: number) => Partial<Section> = () => ({})): readonly Section[] =>
  Array.from({ length: count }, (_, k) => section(k, change(k)));

/** Frame numbers of each image of an enhanced object. */
function framesOf(
  stack: readonly Section[],
  attributes: Attributes = {},
): readonly (readonly (number | undefined)[])[] {
  const { images } = phantomStudy('enhanced', [enhanced(stack, attributes)]);
  return images.map(({ frames = [] }) => frames.map(({ frameNumber }) => frameNumber));
}

async function load(files: readonly Uint8Array[]) {
  const { images, read } = phantomStudy('files', files);
  const [image] = images;
  if (image === undefined) throw new Error('The files make no image');
  const loaded = await loadImage(image, read, inProcessDecoder);
  if (loaded.kind !== 'volume') throw new Error('A volume was asked for');
  return loaded;
}

describe('the index of an enhanced object', () => {
  it('has what all frames share as its own, and the rest by frame', () => {
    const index = indexInstance(enhanced(sections(2, (k) => ({ stack: '7', slope: k + 1 }))));

    expect(index).toMatchObject({
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL', 'NONE'],
      ImageOrientationPatient: AXIAL,
      PixelSpacing: [0.8, 0.5],
      SliceThickness: 2,
      RescaleIntercept: -1024,
      RescaleType: 'HU',
      StackID: '7',
      frames: [
        { ImagePositionPatient: [-10, -20, 100], RescaleSlope: 1, InStackPositionNumber: 1 },
        { ImagePositionPatient: [-10, -20, 102], RescaleSlope: 2, InStackPositionNumber: 2 },
      ],
    });
  });

  it('holds nothing that may be about the patient', () => {
    const named = enhanced(
      sections(2, () => ({
        stack: 'Doe John',
        flavor: 'DOE JOHN',
        content: { FrameComments: 'Doe', FrameLabel: 'Doe', FrameAcquisitionDateTime: '20260105' },
        groups: { PixelValueTransformationSequence: [{ RescaleSlope: 1, RescaleIntercept: 0, RescaleType: 'Doe' }] },
      })),
    );

    const index = indexInstance(named);

    expect(index.frames).toHaveLength(2);
    expect(index.RescaleType).toBe('OTHER');
    expect(JSON.stringify(index)).not.toMatch(/doe|2026/i);
  });

  it('finds what a converter had no functional group for', () => {
    const converted = enhanced(
      sections(2, (k) => ({
        groups: {
          UnassignedSharedConvertedAttributesSequence: [{ BodyPartExamined: 'LSPINE', GantryDetectorTilt: 3 }],
          UnassignedPerFrameConvertedAttributesSequence: [{ EchoTime: 10 + k }],
        },
      })),
      LEGACY_MR,
    );

    expect(indexInstance(converted)).toMatchObject({
      BodyPartExamined: 'LSPINE',
      GantryDetectorTilt: 3,
      frames: [{ EffectiveEchoTime: 10 }, { EffectiveEchoTime: 11 }],
    });
  });

  it.each([
    ['SCT', '122496007', 'LSPINE'],
    ['SRT', 'T-11503', 'LSPINE'],
    ['SNM3', 'T-A0100', 'BRAIN'],
    ['99DOE', 'T-A0100', undefined],
    ['SCT', '1', undefined],
  ])('names the body part of a region in %s', (CodingSchemeDesignator, CodeValue, expected) => {
    const AnatomicRegionSequence = [{ CodeValue, CodingSchemeDesignator, CodeMeaning: 'Region' }];
    const groups = { FrameAnatomySequence: [{ FrameLaterality: 'U', AnatomicRegionSequence }] };

    const coded = indexInstance(enhanced(sections(2, () => ({ groups }))));
    const named = indexInstance(
      enhanced(
        sections(2, () => ({ groups })),
        { BodyPartExamined: 'TSPINE' },
      ),
    );

    expect(coded.BodyPartExamined).toBe(expected);
    expect(named.BodyPartExamined).toBe('TSPINE');
  });

  it('goes through the manifest, and a manifest from before it had frames is still read', () => {
    const index = indexInstance(enhanced(sections(2)));
    const manifest = (instance: InstanceIndex): Manifest => ({
      format: 'hilum.manifest/1',
      StudyInstanceUID: instance.StudyInstanceUID,
      revision: 'a'.repeat(64),
      lane: 'live',
      instances: [{ ...instance, chunk: 'b'.repeat(64), offset: 0, length: instance.sizeBytes }],
    });

    const [now] = parseManifest(encodeManifest(manifest(index))).instances;
    const [before] = parseManifest(encodeManifest(manifest(slice(0)))).instances;

    expect(now).toMatchObject(index);
    expect(before?.frames).toBeUndefined();
  });
});

describe('the volumes of an enhanced object', () => {
  const content = (change: (k: number) => Partial<Section>): readonly Section[] =>
    [0, 1, 2, 3].map((k) => section(k, { position: [0, 0, 2 * (k >> 1)], ...change(k) }));
  const group = (keyword: string, item: (k: number) => Attributes): readonly Section[] =>
    content((k) => ({ groups: { [keyword]: [item(k)] } }));

  it.each<[string, readonly Section[]]>([
    ['temporal position', content((k) => ({ content: { TemporalPositionIndex: 1 + (k % 2) } }))],
    ['echo time', group('MREchoSequence', (k) => ({ EffectiveEchoTime: 10 + (k % 2) }))],
    ['b-value', group('MRDiffusionSequence', (k) => ({ DiffusionBValue: 1000 * (k % 2) }))],
    [
      'diffusion direction',
      group('MRDiffusionSequence', (k) => ({
        DiffusionBValue: 1000,
        DiffusionGradientDirectionSequence: [{ DiffusionGradientOrientation: k % 2 === 0 ? [1, 0, 0] : [0, 1, 0] }],
      })),
    ],
    [
      'cardiac phase',
      group('CardiacSynchronizationSequence', (k) => ({ NominalPercentageOfCardiacPhase: 40 * (k % 2) })),
    ],
    ['acquisition', content((k) => ({ acquisition: 1 + (k % 2) }))],
    ['kind of picture', content((k) => ({ flavor: k % 2 === 0 ? 'AXIAL' : 'PERFUSION' }))],
  ])('are told apart by %s', (_, stack) => {
    expect(framesOf(stack)).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('are told apart by magnitude and phase', () => {
    const stack = content((k) => ({
      groups: {
        MRImageFrameTypeSequence: [
          {
            FrameType: ['ORIGINAL', 'PRIMARY', 'T1', 'NONE'],
            ComplexImageComponent: k % 2 === 0 ? 'MAGNITUDE' : 'PHASE',
          },
        ],
        CTImageFrameTypeSequence: undefined,
      },
    }));

    expect(framesOf(stack, MR)).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('are told apart by a dimension that does not say where frames lie', () => {
    const dimensions = {
      DimensionIndexSequence: ['ImagePositionPatient', 'InversionTimes'].map((DimensionIndexPointer) => ({
        DimensionIndexPointer,
      })),
    };
    const stack = content((k) => ({ content: { DimensionIndexValues: [1 + (k >> 1), 1 + (k % 2)] } }));

    expect(framesOf(stack, dimensions)).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('are one where nothing tells frames of one place apart, which is refused', async () => {
    const stack = content(() => ({}));

    expect(framesOf(stack)).toEqual([[1, 2, 3, 4]]);
    await expect(load([enhanced(stack)])).rejects.toMatchObject({ code: 'duplicate-slices' });
  });

  it('are its stacks, or its directions where it names no stacks', () => {
    const planes = sections(4, (k) => (k < 2 ? {} : { orientation: SAGITTAL, position: [2 * k, 0, 0] }));
    const stacks = planes.map((each, k) => ({ ...each, stack: k < 2 ? '1' : '2' }));
    const sideBySide = sections(4, (k) => ({ stack: k < 2 ? '1' : '2' }));

    const expected = [
      [1, 2],
      [3, 4],
    ];
    expect([framesOf(planes), framesOf(stacks), framesOf(sideBySide)]).toEqual([expected, expected, expected]);
  });

  it('are no more than can be looked through where no two frames are parallel', () => {
    const turned = sections(200, (k) => ({
      orientation: [1, 0, 0, 0, Number(Math.cos(k / 50).toFixed(6)), Number(Math.sin(k / 50).toFixed(6))],
    }));

    expect(framesOf(turned)).toHaveLength(1);
  });
});

describe('a concatenation', () => {
  const part = (number: number, total: number, stack: readonly Section[], offset: number): Uint8Array =>
    enhanced(stack, {
      SOPInstanceUID: `2.25.7000${9 - number}`,
      ConcatenationUID: '2.25.8',
      InConcatenationNumber: number,
      InConcatenationTotalNumber: total,
      ConcatenationFrameOffsetNumber: offset,
    });
  const [lower, upper] = [sections(5).slice(0, 3), sections(5).slice(3)];

  it('is one volume, whatever order its parts come in', async () => {
    const whole = await load([part(2, 2, upper, 3), part(1, 2, lower, 0)]);

    expect(whole.frames).toEqual([
      { SOPInstanceUID: '2.25.70008', frameNumber: 1 },
      { SOPInstanceUID: '2.25.70008', frameNumber: 2 },
      { SOPInstanceUID: '2.25.70008', frameNumber: 3 },
      { SOPInstanceUID: '2.25.70007', frameNumber: 1 },
      { SOPInstanceUID: '2.25.70007', frameNumber: 2 },
    ]);
    expect(whole.voxels).toEqual((await load([enhanced(sections(5))])).voxels);
  });

  it.each([
    ['a part is missing', [part(1, 2, lower, 0)]],
    ['the first part is missing', [part(2, 2, upper, 3)]],
    ['frames are missing between its parts', [part(1, 2, lower, 0), part(2, 2, upper, 9)]],
  ])('is refused where %s', async (_, files) => {
    await expect(load(files)).rejects.toMatchObject({ code: 'incomplete-concatenation' });
  });
});

describe('an object with frames that nothing places', () => {
  it.each<[string, Attributes, string]>([
    ['no functional groups', { PerFrameFunctionalGroupsSequence: undefined }, 'functional-groups'],
    ['fewer groups than frames', { NumberOfFrames: 5 }, 'functional-groups'],
    ['more frames than are indexed', { NumberOfFrames: MAX_FRAMES + 1 }, 'limit-exceeded'],
    ['vectors instead of groups', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.20', Modality: 'NM' }, 'functional-groups'],
    ['a SOP Class of one frame', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' }, 'functional-groups'],
  ])('is refused: %s', async (_, attributes, code) => {
    await expect(load([enhanced(sections(4), attributes)])).rejects.toMatchObject({ code });
  });
});

describeWith(['data'], 'real enhanced files', () => {
  it.each<[string, readonly (number | string)[]]>([
    ['dcm_qa_enh__6_1', [6]],
    ['dcm_qa_enh__IM_0027_fMAP', [32, 32]],
    ['dcmqi__23x38x3_multiframe_mf', ['not-hounsfield']],
    ['fo-dicom__MOVEKNEE', Array.from({ length: 19 }, () => 'too-few-slices')],
    ['pydicom-data__eCT_Supplemental', ['not-hounsfield']],
    ['pydicom-data__emri_small', ['functional-groups']],
    ['pydicom-data__emri_small_big_endian', ['functional-groups']],
    ['pydicom-data__emri_small_jpeg_2k_lossless', ['functional-groups']],
    ['pydicom-data__emri_small_jpeg_ls_lossless', ['functional-groups']],
  ])('%s: slices of its volumes, or why it has none', async (name, expected) => {
    const { images, read } = phantomStudy(name, [realFile(`enhanced/${name}.dcm`)]);

    const found = await Promise.all(
      images.map((image) =>
        loadImage(image, read, inProcessDecoder).then(
          (loaded) => (loaded.kind === 'volume' ? loaded.slices : loaded.kind),
          (error: unknown) => (isKnown(error) ? error.code : error),
        ),
      ),
    );

    expect(found).toEqual(expected);
  });
});

describe('selecting an enhanced image', () => {
  const selection = SelectionSchema.parse({
    image: 'volume',
    alternatives: [
      [
        { attribute: 'NumberOfInstances', atLeast: 3, reason: 'It has too few slices' },
        { attribute: 'ImageType', in: ['AXIAL'], reason: 'It is not axial' },
        { attribute: 'SliceThickness', atMost: 5, reason: 'Its slices are too thick' },
      ],
    ],
    take: 'all',
  });
  const judge = (stack: readonly Section[]) =>
    phantomStudy('enhanced', [enhanced(stack)]).images.map((image) => judgeImage(selection, image));

  it('counts frames as slices and judges each by what holds for it', () => {
    const mixed = sections(5, (k) => (k < 3 ? {} : { flavor: 'PERFUSION' }));

    expect(judge(mixed)).toMatchObject([{ suitable: true }, { suitable: false }]);
    expect(judge(sections(2))).toMatchObject([{ suitable: false, reason: { message: 'It has too few slices' } }]);
  });
});

describe('loading an enhanced image', () => {
  it('rescales each frame by its own line, and gives fractions as they are', async () => {
    const whole = await load([enhanced(sections(2, (k) => ({ slope: k + 1, intercept: -k })))]);
    const parts = await load([
      enhanced(
        sections(2, (k) => ({ slope: 0.5 * (k + 1) })),
        MR,
      ),
    ]);

    expect([...whole.voxels]).toEqual([0, 1, 2, 3, 4, 5, 19, 21, 23, 25, 27, 29]);
    expect(parts.voxels).toBeInstanceOf(Float32Array);
    expect(parts.voxels[1]).toBe(0.5 - 1024);
  });

  it('reads the file once and takes only the frames of the volume', async () => {
    const stack = sections(6, (k) => ({ position: [0, 0, 2 * (k >> 1)], acquisition: 1 + (k % 2) }));
    const { images, read } = phantomStudy('enhanced', [enhanced(stack)]);
    let reads = 0;

    const [, second] = await Promise.all(
      images.map((image) =>
        loadImage(
          image,
          (instance) => {
            reads += 1;
            return read(instance);
          },
          inProcessDecoder,
        ),
      ),
    );

    expect(reads).toBe(images.length);
    expect(second?.kind === 'volume' && [...second.voxels].filter((_, i) => i % 6 === 0)).toEqual([
      10 - 1024,
      30 - 1024,
      50 - 1024,
    ]);
  });

  it('decodes only the frames of the volume', async () => {
    const stack = sections(6, (k) => ({ position: [0, 0, 2 * (k >> 1)], acquisition: 1 + (k % 2) }));
    const frames = stack.map(({ stored }) => encodeDeflated(new Uint8Array(Uint16Array.from(stored).buffer)));
    const { images, read } = phantomStudy('compressed', [withFrames(enhanced(stack), DEFLATED_FRAMES, frames)]);
    const [, second = volumeOf([])] = images;
    let decoded = 0;

    const volume = await loadImage(second, read, {
      decode: (syntax, encoded, layout) => {
        decoded += encoded.length;
        return inProcessDecoder.decode(syntax, encoded, layout);
      },
    });

    expect(decoded).toBe(3);
    expect(volume.kind === 'volume' && volume.voxels[0]).toBe(10 - 1024);
  });

  it('is refused before a byte is read where the volume is larger than any memory', async () => {
    const huge = Array.from({ length: 100 }, (_, k) =>
      slice(k, { Rows: 65_535, Columns: 65_535, PixelSpacing: [0.01, 0.01] }),
    );
    const [image = volumeOf(huge)] = groupImages({ StudyInstanceUID: '1.2.3', instances: huge });

    const loading = loadImage(image, () => Promise.reject(new Error('nothing should be read')), inProcessDecoder);

    await expect(loading).rejects.toMatchObject({ code: 'limit-exceeded' });
  });
});

describe.each<[string, (stack: readonly Section[], attributes: Attributes) => readonly Uint8Array[]]>([
  ['single-frame', singleFrames],
  ['enhanced', (stack, attributes) => [enhanced(stack, attributes)]],
])('the values of a %s CT', (_, write) => {
  const SCANNED = ['ORIGINAL', 'PRIMARY', 'AXIAL'];
  const signed = { PixelRepresentation: 1, BitsStored: 16 };
  const withPadding = sections(2, () => ({ stored: [63_536, 63_537, 0, 1, 2, 63_536] }));

  it('are air where the scanner stored padding', async () => {
    const volume = await load(write(withPadding, { ...signed, PixelPaddingValue: -2000 }));

    expect([...volume.voxels.subarray(0, 6)]).toEqual([-1024, -1999 - 1024, -1024, -1023, -1022, -1024]);
  });

  it('are air over the range of padding', async () => {
    const volume = await load(
      write(withPadding, { ...signed, PixelPaddingValue: -2000, PixelPaddingRangeLimit: -1999 }),
    );

    expect([...volume.voxels.subarray(0, 6)]).toEqual([-1024, -1024, -1024, -1023, -1022, -1024]);
  });

  it('are kept where tissue has the value of padding, too', async () => {
    const water = sections(2, () => ({ intercept: 0, stored: [0, 1, 2, 40, 41, 0] }));

    const volume = await load(write(water, { ...signed, PixelPaddingValue: 0 }));

    expect([...volume.voxels.subarray(0, 6)]).toEqual([0, 1, 2, 40, 41, 0]);
  });

  it('are kept where the range of padding holds all tissue', async () => {
    const range = { PixelPaddingValue: -2000, PixelPaddingRangeLimit: 6000 };

    const volume = await load(write(withPadding, { ...signed, ...range }));

    expect([...volume.voxels.subarray(2, 5)]).toEqual([-1024, -1023, -1022]);
  });

  it('are air where padding is brighter than metal', async () => {
    const bright = sections(2, () => ({ stored: [5000, 1024, 1025, 1026, 1027, 5000] }));

    const volume = await load(write(bright, { ...signed, PixelPaddingValue: 5000 }));

    expect([...volume.voxels.subarray(0, 6)]).toEqual([-1024, 0, 1, 2, 3, -1024]);
  });

  /** Slices of this rescale, with all of it in the instance and in the frames' groups. */
  const rescaled = (
    RescaleType: string,
    {
      type = SCANNED,
      slope = 1,
      intercept = -1024,
    }: { type?: readonly string[]; slope?: number; intercept?: number } = {},
  ): readonly Uint8Array[] => {
    const rescale = { RescaleSlope: slope, RescaleIntercept: intercept, RescaleType };
    const groups = {
      PixelValueTransformationSequence: [rescale],
      CTImageFrameTypeSequence: [{ FrameType: [...type, 'NONE'].slice(0, 4) }],
    };
    return write(
      sections(2, () => ({ groups })),
      { ...rescale, ImageType: type },
    );
  };

  it.each(['HU', 'hu', 'Hounsfield', 'Hounsfield Units', 'HOUNSFIELD UNIT'])(
    'are Hounsfield units where the header has “%s”',
    async (RescaleType) => {
      const volume = await load(rescaled(RescaleType, { type: ['DERIVED', 'SECONDARY', 'AXIAL'], intercept: 0 }));

      expect(volume.voxels[1]).toBe(1);
    },
  );

  it.each([
    [-1024, ['ORIGINAL', 'PRIMARY', 'AXIAL', 'CT_SOM5']],
    [-1000, ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE']],
  ])('are Hounsfield units where the type is unspecified and the rest a scanner’s: %i, %j', async (intercept, type) => {
    const volume = await load(rescaled('US', { intercept, type }));

    expect(volume.voxels[1]).toBe(1 + intercept);
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['unspecified, without offset', rescaled('US', { intercept: 0 })],
    ['unspecified, with a slope', rescaled('US', { slope: 0.5 })],
    ['unspecified, with an offset beyond a scanner’s', rescaled('US', { intercept: -2048 })],
    ['unspecified, derived', rescaled('US', { type: ['DERIVED', 'PRIMARY', 'AXIAL'] })],
    ['unspecified, secondary', rescaled('US', { type: ['ORIGINAL', 'SECONDARY', 'AXIAL'] })],
    ['unspecified, of tomosynthesis', rescaled('US', { type: ['ORIGINAL', 'PRIMARY', 'TOMO'] })],
    ['unspecified, of perfusion', rescaled('US', { type: ['ORIGINAL', 'PRIMARY', 'AXIAL', 'PERFUSION'] })],
    ['of a density', rescaled('MGML')],
    ['of another text', rescaled('mL/100g')],
  ])('are refused where they are not Hounsfield units: %s', async (_, files) => {
    await expect(load(files)).rejects.toMatchObject({ code: 'not-hounsfield' });
  });

  it('are no nearer for a window, and the same in MONOCHROME1', async () => {
    const plain = await load(write(sections(2), {}));
    const shown = await load(
      write(sections(2), { WindowCenter: 0, WindowWidth: 10, PhotometricInterpretation: 'MONOCHROME1' }),
    );

    expect(shown.voxels).toEqual(plain.voxels);
  });

  it('are refused where the slope is zero', async () => {
    await expect(
      load(
        write(
          sections(2, () => ({ slope: 0 })),
          {},
        ),
      ),
    ).rejects.toMatchObject({ code: 'malformed' });
  });
});
