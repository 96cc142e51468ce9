/** Masks as DICOM Segmentation objects. */
import { describe, expect, it } from 'vitest';
import { parseResult, serialiseResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { SegmentFrame } from '#core/tool.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { at, contentOf, ofKind } from '../fixtures/objects-of.ts';
import {
  type Case,
  ctCase,
  enhancedCtCase,
  radiographCase,
  twoRadiographsCase,
  twoVolumesCase,
} from '../fixtures/results.ts';

/** The result as conversion reads it from the bucket, with other masks on the first segment. */
function withFrames({ result, source }: Case, change: (frames: readonly SegmentFrame[]) => readonly SegmentFrame[]) {
  const segments = result.segments.map((segment, index) =>
    index === 0 ? { ...segment, frames: change(segment.frames) } : segment,
  );
  return () => parseResult(serialiseResult({ ...result, segments })).toDicom(source);
}

describe('a stored mask', () => {
  it.each<[string, (frames: readonly SegmentFrame[]) => readonly SegmentFrame[]]>([
    ['is shorter than its image', (frames) => frames.map((one) => ({ ...one, bits: one.bits.slice(1) }))],
    [
      'is longer than its image',
      (frames) => frames.map((one) => ({ ...one, bits: Buffer.alloc(one.bits.length + 1) })),
    ],
    ['is on no input', (frames) => frames.map((one) => ({ ...one, SOPInstanceUID: '2.25.404' }))],
    ['is on an image that has one', (frames) => [...frames, ...frames.slice(0, 1)]],
  ])('that %s is refused, and never written in part', (_, change) => {
    expect(withFrames(ctCase(), change)).toThrow(DicomWriteError);
  });
});

describe('the mask', () => {
  it.each([ctCase(), enhancedCtCase()])('of the $name states the distance between its source’s slices', (one) => {
    const [seg] = ofKind(one, 'segmentation');

    const measures = at(seg, 'SharedFunctionalGroupsSequence', 'PixelMeasuresSequence');

    expect(measures?.numbers('SpacingBetweenSlices')).toEqual([2.5]);
    expect(measures?.numbers('SliceThickness')).toEqual([2.5]);
  });

  it('names frames of a multi-frame source by number, and of a single-frame one by instance alone', () => {
    const frameNumbers = (one: Case) =>
      (ofKind(one, 'segmentation')[0]?.items('PerFrameFunctionalGroupsSequence') ?? []).map((frame) =>
        at(frame, 'DerivationImageSequence', 'SourceImageSequence')?.text('ReferencedFrameNumber'),
      );

    expect(frameNumbers(enhancedCtCase())).toEqual(['1', '6', '2', '3', '4']);
    expect(frameNumbers(ctCase())).toEqual(Array(5).fill(undefined));
  });

  it('of each radiograph is an object and a series of its own, whose frames begin at bytes, to which reports refer', () => {
    const one = twoRadiographsCase();

    const masks = ofKind(one, 'segmentation');
    const [report] = ofKind(one, 'structured-report');

    const uids = one.source.instances.map(({ SOPInstanceUID }) => SOPInstanceUID);
    expect(
      masks.map((mask) => ({
        rows: mask.number('Rows'),
        frames: mask.number('NumberOfFrames'),
        segments: mask
          .items('SegmentSequence')
          .map((item) => [item.number('SegmentNumber'), item.text('SegmentLabel')]),
        sources: at(mask, 'ReferencedSeriesSequence')
          ?.items('ReferencedInstanceSequence')
          .map((item) => item.text('ReferencedSOPInstanceUID')),
      })),
    ).toEqual([
      { rows: 53, frames: 1, segments: [[1, 'Lesion 1']], sources: [uids[0]] },
      {
        rows: 57,
        frames: 2,
        segments: [
          [1, 'Lesion 2'],
          [2, 'Lesion 3'],
        ],
        sources: [uids[1]],
      },
    ]);
    const referenced = contentOf(report)
      .filter(({ name }) => name === 'Referenced Segmentation Frame')
      .map(({ item }) => at(item, 'ReferencedSOPSequence'));
    expect(
      referenced.map((item) => [item?.text('ReferencedSOPInstanceUID'), item?.text('ReferencedFrameNumber')]),
    ).toEqual([
      [masks[0]?.text('SOPInstanceUID'), '1'],
      [masks[1]?.text('SOPInstanceUID'), '1'],
      [masks[1]?.text('SOPInstanceUID'), '2'],
    ]);
    // OHIF shows one SEG of a series.
    expect(new Set(masks.map((mask) => mask.text('SeriesInstanceUID'))).size).toBe(2);
    expect(masks.map((mask) => [mask.text('SeriesNumber'), mask.text('SeriesDescription')])).toEqual([
      ['70001', 'Phantom assessment: segmentation 1 of 2 (research)'],
      ['70021', 'Phantom assessment: segmentation 2 of 2 (research)'],
    ]);
  });

  it('is left out on a volume whose frames begin inside bytes, where the site’s viewers show it wrongly, and reports say so', () => {
    const one = ctCase();
    const strict = { ...one, source: { ...one.source, wholeByteMasks: true } };

    expect(ofKind(strict, 'segmentation')).toEqual([]);
    const reports = ofKind(strict, 'structured-report');
    const said =
      /The mask on CT series 1 is not stored here: viewers of this site may show masks of 61 by 53 pixels wrongly \(mask-withheld\)\./;
    for (const report of reports)
      expect(contentOf(report).some(({ item }) => said.test(item.text('TextValue') ?? ''))).toBe(true);
    // L3 has neither a region nor a place: it is of the image as a whole now.
    const templates = reports.flatMap((report) =>
      contentOf(report).map(({ item }) => at(item, 'ContentTemplateSequence')?.text('TemplateIdentifier')),
    );
    expect(templates.filter(Boolean)).toEqual(['1410', '1501', '1501']);
  });

  it('of a radiograph has an object for each segment there, whose only frame begins at a byte', () => {
    const one = twoRadiographsCase();
    const strict = { ...one, source: { ...one.source, wholeByteMasks: true } };

    const masks = ofKind(strict, 'segmentation');

    const labels = masks.map((mask) => at(mask, 'SegmentSequence')?.text('SegmentLabel'));
    expect(labels).toEqual(['Lesion 1', 'Lesion 2', 'Lesion 3']);
    expect(masks.map((mask) => mask.number('NumberOfFrames'))).toEqual([1, 1, 1]);
    expect(new Set(masks.map((mask) => mask.text('SeriesInstanceUID'))).size).toBe(3);
    const referenced = contentOf(ofKind(strict, 'structured-report')[0]).flatMap(({ name, item }) =>
      name === 'Referenced Segmentation Frame'
        ? at(item, 'ReferencedSOPSequence')?.text('ReferencedSOPInstanceUID')
        : [],
    );
    expect(referenced).toEqual(masks.map((mask) => mask.text('SOPInstanceUID')));
    // Other objects than without the setting, so other UIDs.
    const uids = [one, strict].map(({ result, source }) =>
      result.toDicom(source).map((object) => object.SOPInstanceUID),
    );
    expect(new Set(uids.flat()).size).toBe(uids.flat().length);
  });

  it('of the worst finding is the first, on whichever image it lies', () => {
    const { result, ...one } = twoRadiographsCase();
    const findings = result.findings.toReversed();

    const masks = ofKind({ ...one, result: parseResult(serialiseResult({ ...result, findings })) }, 'segmentation');

    expect(
      masks.map((mask) => [
        mask.number('SeriesNumber'),
        ...mask.items('SegmentSequence').map((item) => item.text('SegmentLabel')),
      ]),
    ).toEqual([
      [70_001, 'Lesion 3', 'Lesion 2'],
      [70_021, 'Lesion 1'],
    ]);
  });

  it('is numbered among those that are written', () => {
    const { result, source, ...one } = twoVolumesCase();
    const next = source.instances[2]?.SOPInstanceUID ?? '';
    const segments = result.segments.map((segment, index) =>
      index === 0
        ? { ...segment, frames: segment.frames.flatMap((frame) => [frame, { ...frame, SOPInstanceUID: next }]) }
        : segment,
    );
    const changed = parseResult(serialiseResult({ ...result, segments }));

    const masks = ofKind({ ...one, result: changed, source: { ...source, wholeByteMasks: true } }, 'segmentation');

    expect(masks.map((mask) => [mask.text('SeriesNumber'), mask.text('SeriesDescription')])).toEqual([
      ['70001', 'Phantom assessment: segmentation (research)'],
    ]);
  });

  it('of each volume is an object of its own, in its frame of reference and with its spacing', () => {
    const one = twoVolumesCase();

    const masks = ofKind(one, 'segmentation');
    const [report] = ofKind(one, 'structured-report');

    const frames = [one.source.instances[1], one.source.instances[7]].map((frame) => frame?.FrameOfReferenceUID);
    expect(
      masks.map((mask) => ({
        columns: mask.number('Columns'),
        space: mask.text('FrameOfReferenceUID'),
        spacing: at(mask, 'SharedFunctionalGroupsSequence', 'PixelMeasuresSequence')?.number('SpacingBetweenSlices'),
        segments: mask
          .items('SegmentSequence')
          .map((item) => [item.number('SegmentNumber'), item.text('SegmentLabel')]),
      })),
    ).toEqual([
      { columns: 61, space: frames[0], spacing: 2.5, segments: [[1, 'Vertebra 1']] },
      { columns: 64, space: frames[1], spacing: 4, segments: [[1, 'Vertebra 2']] },
    ]);
    const referenced = contentOf(report).flatMap(({ name, item }) =>
      name === 'Referenced Segment' ? [at(item, 'ReferencedSOPSequence')?.text('ReferencedSOPInstanceUID')] : [],
    );
    expect(referenced).toEqual(masks.map((mask) => mask.text('SOPInstanceUID')));
  });

  it.each([undefined, 0, -2.5])('of slices with a thickness of %s mm is as thick as their distance', (mm) => {
    const { result, source } = ctCase();
    const instances = source.instances.map((instance) => ({ ...instance, SliceThickness: mm }));

    const [mask] = ofKind({ result, source: { ...source, instances } }, 'segmentation');

    const measures = at(mask, 'SharedFunctionalGroupsSequence', 'PixelMeasuresSequence');
    expect(measures?.number('SliceThickness')).toBe(measures?.number('SpacingBetweenSlices'));
    expect(measures?.number('SliceThickness')).toBeGreaterThan(0);
  });

  it.each<[string, Partial<InstanceIndex>, number[]]>([
    ['at the detector', {}, [0.04, 0.04]],
    ['calibrated', { PixelSpacing: [0.03, 0.05] }, [0.03, 0.05]],
    ['zero but for the detector', { PixelSpacing: [0, 0] }, [0.04, 0.04]],
    ['unknown', { ImagerPixelSpacing: undefined }, [1, 1]],
    ['none', { PixelSpacing: [-1, 1], ImagerPixelSpacing: [0, 0] }, [1, 1]],
  ])(
    'of a radiograph whose spacing is %s has the groups that viewers ask for, and no place',
    (_how, header, spacing) => {
      const { result, source } = radiographCase();
      const instances = source.instances.map((instance) => ({ ...instance, ...header }));

      const [seg] = ofKind({ result, source: { ...source, instances } }, 'segmentation');

      const shared = at(seg, 'SharedFunctionalGroupsSequence');
      expect(at(shared, 'PixelMeasuresSequence')?.numbers('PixelSpacing')).toEqual(spacing);
      expect(at(shared, 'PlaneOrientationSequence')?.numbers('ImageOrientationPatient')).toEqual([1, 0, 0, 0, 1, 0]);
      expect(seg?.text('ImageComments')?.includes('no pixel spacing') ?? false).toBe(spacing[0] === 1);
      expect(seg?.text('FrameOfReferenceUID')).toBeUndefined();
      expect(at(seg, 'PerFrameFunctionalGroupsSequence')?.items('PlanePositionSequence')).toEqual([]);
    },
  );

  it.each<[readonly string[], readonly string[]]>([
    [
      ['L', 'F'],
      ['L', 'F'],
    ],
    [['L'], []],
    [['L', 'F', 'H'], []],
    [['', 'F'], []],
  ])('of a radiograph that is oriented %j says %j', (PatientOrientation, expected) => {
    const { result, source } = radiographCase();
    const instances = source.instances.map((instance) => ({
      ...instance,
      PatientOrientation: [...PatientOrientation],
    }));

    const [seg] = ofKind({ result, source: { ...source, instances } }, 'segmentation');

    expect(seg?.texts('PatientOrientation')).toEqual(expected);
  });

  it('describes its segments: the finding in words, its place in codes, the algorithm’s parameters', () => {
    const [segment] = ofKind(radiographCase(), 'segmentation')[0]?.items('SegmentSequence') ?? [];

    expect(segment?.text('SegmentDescription')).toBe('Caries on tooth 36. (Research use only - not for clinical use)');
    expect(at(segment, 'AnatomicRegionSequence')?.text('CodeMeaning')).toBe('Mandibular left first molar tooth');
    expect(at(segment, 'AnatomicRegionSequence', 'AnatomicRegionModifierSequence')?.text('CodeValue')).toBe('8483002');
    expect(at(segment, 'SegmentationAlgorithmIdentificationSequence')?.text('AlgorithmParameters')).toMatch(
      /^Input sha256:a{64}\nConfiguration sha256:(c0){32}\nModel phantom-model 1\.0\.0 sha256:/,
    );
  });

  it.each(['MONOCHROME1', 'MONOCHROME2'])('of a %s radiograph is bright where the finding is', (photometric) => {
    const [file = new Uint8Array()] = radiographPhantomToDicom(
      { kind: 'bitewing', rows: 53, columns: 61, pixels: new Uint16Array(53 * 61), spacingMm: [0.1, 0.1] },
      { seed: 9, attributes: { PhotometricInterpretation: photometric, PresentationLUTShape: 'INVERSE' } },
    );
    const { result, source } = radiographCase();
    const instance = { ...indexInstance(file), SOPInstanceUID: source.instances[0]?.SOPInstanceUID ?? '' };

    const [seg] = ofKind({ result, source: { ...source, instances: [instance] } }, 'segmentation');
    const [usual] = ofKind({ result, source }, 'segmentation');

    expect(seg?.text('PhotometricInterpretation')).toBe('MONOCHROME2');
    expect(seg?.bytes('PixelData')).toEqual(usual?.bytes('PixelData'));
  });
});
