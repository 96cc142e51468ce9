import { describe, expect, it } from 'vitest';
import { isKnown } from '#core/errors.ts';
import { loadImage } from '#core/image/load.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { judgeImage, SelectionSchema } from '#core/study/selection.ts';
import { type InstanceIndex, MAX_FRAMES } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import type { Attributes } from '#dicom/write.ts';
import { encodeManifest, type Manifest, parseManifest } from '#pipeline/manifest.ts';
import { AXIAL, enhanced, type Orientation, type Section, section } from '../fixtures/cross-sections.ts';
import { loadVolume, MR, sections } from '../fixtures/enhanced-images.ts';
import { slice } from '../fixtures/instances.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';
import { realFile } from '../fixtures/real-data.ts';

const LEGACY_MR = { ...MR, SOPClassUID: '1.2.840.10008.5.1.4.1.1.4.4' };

const SAGITTAL: Orientation = [0, 1, 0, 0, 0, -1];

/** Frame numbers of each image of an enhanced object. */
function framesOf(
  stack: readonly Section[],
  attributes: Attributes = {},
): readonly (readonly (number | undefined)[])[] {
  const { images } = phantomStudy('enhanced', [enhanced(stack, attributes)]);
  return images.map(({ frames = [] }) => frames.map(({ frameNumber }) => frameNumber));
}

describe('the index of an enhanced object', () => {
  it('has shared values as its own, and all others by frame', () => {
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

  it('has nothing that may be about the patient', () => {
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

  it('finds values for which a converter had no functional group', () => {
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

  it('survives the manifest, and a manifest from before there were frames is still read', () => {
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

  it('are told apart by a dimension that does not say where frames are', () => {
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

  it('are one, which is refused, where nothing tells frames at one place apart', async () => {
    const stack = content(() => ({}));

    expect(framesOf(stack)).toEqual([[1, 2, 3, 4]]);
    await expect(loadVolume([enhanced(stack)])).rejects.toMatchObject({ code: 'duplicate-slices' });
  });

  it('are its stacks, or its directions without stacks', () => {
    const planes = sections(4, (k) => (k < 2 ? {} : { orientation: SAGITTAL, position: [2 * k, 0, 0] }));
    const stacks = planes.map((each, k) => ({ ...each, stack: k < 2 ? '1' : '2' }));
    const sideBySide = sections(4, (k) => ({ stack: k < 2 ? '1' : '2' }));

    const expected = [
      [1, 2],
      [3, 4],
    ];
    expect([framesOf(planes), framesOf(stacks), framesOf(sideBySide)]).toEqual([expected, expected, expected]);
  });

  it('are limited in number where no two frames are parallel', () => {
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

  it('is one volume, whatever the order of its parts', async () => {
    const whole = await loadVolume([part(2, 2, upper, 3), part(1, 2, lower, 0)]);

    expect(whole.frames).toEqual([
      { SOPInstanceUID: '2.25.70008', frameNumber: 1 },
      { SOPInstanceUID: '2.25.70008', frameNumber: 2 },
      { SOPInstanceUID: '2.25.70008', frameNumber: 3 },
      { SOPInstanceUID: '2.25.70007', frameNumber: 1 },
      { SOPInstanceUID: '2.25.70007', frameNumber: 2 },
    ]);
    expect(whole.voxels).toEqual((await loadVolume([enhanced(sections(5))])).voxels);
  });

  it.each([
    ['a part is missing', [part(1, 2, lower, 0)]],
    ['the first part is missing', [part(2, 2, upper, 3)]],
    ['frames are missing between its parts', [part(1, 2, lower, 0), part(2, 2, upper, 9)]],
  ])('is refused if %s', async (_, files) => {
    await expect(loadVolume(files)).rejects.toMatchObject({ code: 'incomplete-concatenation' });
  });
});

describe('an object whose frames have no positions', () => {
  it.each<[string, Attributes, string]>([
    ['no functional groups', { PerFrameFunctionalGroupsSequence: undefined }, 'functional-groups'],
    ['fewer groups than frames', { NumberOfFrames: 5 }, 'functional-groups'],
    ['more frames than are indexed', { NumberOfFrames: MAX_FRAMES + 1 }, 'limit-exceeded'],
    ['vectors instead of groups', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.20', Modality: 'NM' }, 'functional-groups'],
    ['a SOP Class of one frame', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' }, 'functional-groups'],
  ])('is refused: %s', async (_, attributes, code) => {
    await expect(loadVolume([enhanced(sections(4), attributes)])).rejects.toMatchObject({ code });
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

  it('counts frames as slices and judges each by its own values', () => {
    const mixed = sections(5, (k) => (k < 3 ? {} : { flavor: 'PERFUSION' }));

    expect(judge(mixed)).toMatchObject([{ suitable: true }, { suitable: false }]);
    expect(judge(sections(2))).toMatchObject([{ suitable: false, reason: { message: 'It has too few slices' } }]);
  });
});
