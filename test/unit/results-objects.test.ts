import { describe, expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import { nonResult, parseResult, serialiseResult } from '#core/results/result.ts';
import { RESULT_SOP_CLASSES } from '#core/results/sop-classes.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { Outcome, ProcessingResult } from '#core/tool.ts';
import { describeTool } from '#core/tool-manifest.ts';
import { type Dataset, readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import {
  type Case,
  cases,
  ctCase,
  enhancedCtCase,
  radiographCase,
  twoRadiographsCase,
  twoVolumesCase,
  withNonResults,
} from '../fixtures/results.ts';
import { entry } from '../fixtures/tiny-radiograph.ts';

/** The objects of a case as they are read back. */
const objectsOf = ({ result, source }: Pick<Case, 'result' | 'source'>) =>
  result.toDicom(source).map(({ kind, SOPClassUID, attributes }) => ({
    kind,
    SOPClassUID,
    dataset: readDicom(encodeDicom(attributes)).dataset,
  }));
const ofKind = (one: Pick<Case, 'result' | 'source'>, kind: string): readonly Dataset[] =>
  objectsOf(one).flatMap((object) => (object.kind === kind ? [object.dataset] : []));
const at = (dataset: Dataset | undefined, ...path: readonly string[]): Dataset | undefined =>
  path.reduce<Dataset | undefined>((inner, sequence) => inner?.items(sequence)[0], dataset);
/** All content items of a report, with their names. */
const contentOf = (dataset: Dataset | undefined): readonly { readonly name: string; readonly item: Dataset }[] =>
  (dataset?.items('ContentSequence') ?? []).flatMap((item) => [
    { name: at(item, 'ConceptNameCodeSequence')?.text('CodeMeaning') ?? '', item },
    ...contentOf(item),
  ]);
const withMetadata = (one: Case, metadata: Partial<ProcessingResult['metadata']>) => ({
  ...one,
  result: parseResult(serialiseResult({ ...one.result, metadata: { ...one.result.metadata, ...metadata } })),
});

describe('any object of a result', () => {
  it.each(cases())('of the $name tells which tool, input, configuration and models made it', (one) => {
    for (const { dataset } of objectsOf(one)) {
      const equipment = at(dataset, 'ContributingEquipmentSequence');
      expect(equipment?.text('ContributionDescription')?.split('\n')).toEqual([
        'Research use only - not for clinical use',
        'Tool phantom-tool 1.2.3+r1.0123abcd',
        `Input sha256:${'a'.repeat(64)}`,
        `Configuration sha256:${'c0'.repeat(32)}`,
        `Model phantom-model 1.0.0 sha256:${'0123abcd'.repeat(8)}`,
      ]);
      expect(equipment?.text('SoftwareVersions')).toBe('1.2.3+r1.0123abcd');
      expect(dataset.text('ContentQualification')).toBe('RESEARCH');
    }
  });

  it('names as many models as there is room for, each whole', () => {
    const one = ctCase();
    const models = Array.from({ length: 20 }, (_, index) => ({
      id: `m${index}`,
      version: '1.0.0',
      sha256: 'ab'.repeat(32),
    }));

    const [dataset] = ofKind(withMetadata(one, { tool: { ...one.result.metadata.tool, models } }), 'pdf');
    const text = at(dataset, 'ContributingEquipmentSequence')?.text('ContributionDescription') ?? '';

    expect(text.length).toBeLessThanOrEqual(1024);
    expect(
      text
        .split('\n')
        .slice(4)
        .every((line) => /^Model m\d+ 1\.0\.0 sha256:[0-9a-f]{64}$/.test(line)),
    ).toBe(true);
    expect(text.length).toBeGreaterThan(1024 - 90);
  });

  it('has another configuration digest where anything in the tool’s manifest is another', () => {
    const { manifest } = entry;
    const digestOf = (change: Partial<typeof manifest>) =>
      describeTool({ ...entry, manifest: { ...manifest, ...change } }).configurationSha256;

    const digests = [{}, { limits: 'Others' }, { resources: { memoryMb: 1024, timeoutS: 60 } }].map(digestOf);

    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf({})).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });

  it('is of a SOP Class of the list, and every class of the list is written', () => {
    const pointed = ctCase({
      findings: ctCase()
        .result.findings.slice(0, 1)
        .map(({ segmentNumber: _, ...finding }) => ({
          ...{ ...finding, position: [1, 2, 3] as const },
        })),
    });

    const written = [pointed, ...cases().flatMap(withNonResults)].flatMap(objectsOf);

    expect(new Set(written.map(({ kind, SOPClassUID }) => `${kind} ${SOPClassUID}`))).toEqual(
      new Set(RESULT_SOP_CLASSES.map(({ kind, SOPClassUID }) => `${kind} ${SOPClassUID}`)),
    );
  });

  it('holds the tool’s text as text: no markup is lost, no control character or separator gets through', () => {
    const odd = 'a\u0000b\\c <script>alert(1)</script> \u001b[0m\ud800';
    const one = ctCase({
      findings: ctCase().result.findings.map((finding) => ({ ...finding, id: `${finding.id} ${odd}`, summary: odd })),
      segments: ctCase().result.segments.map((segment) => ({ ...segment, label: odd })),
      keyImages: ctCase().result.keyImages.map((picture) => ({ ...picture, title: odd })),
      report: { kind: 'page', title: odd, paragraphs: [odd], pictures: [] },
    });
    const { tool } = one.result.metadata;

    const objects = objectsOf(withMetadata(one, { tool: { ...tool, label: `${odd}${'x'.repeat(80)}` } }));

    const seg = objects[0]?.dataset;
    expect(at(seg, 'SegmentSequence')?.text('SegmentLabel')).toBe('a b c <script>alert(1)</script>  [0m\ufffd');
    expect(objects.at(-1)?.dataset.text('DocumentTitle')).toContain('<script>alert(1)</script>');
    const comments = contentOf(objects[1]?.dataset).flatMap(({ name, item }) =>
      name === 'Comment' ? [item.text('TextValue')] : [],
    );
    expect(comments).toEqual([
      'a b\\c <script>alert(1)</script>  [0m\ufffd (Research use only - not for clinical use)',
    ]);
  });
});

describe('the mask', () => {
  it.each([ctCase(), enhancedCtCase()])('of the $name says how far its source’s slices lie apart', (one) => {
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

    expect(frameNumbers(enhancedCtCase())).toEqual(['2', '3', '4', '1', '6']);
    expect(frameNumbers(ctCase())).toEqual(Array(5).fill(undefined));
  });

  it('of each radiograph is an object of its own, segments counted from 1, and reports find them there', () => {
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
    expect(new Set(masks.map((mask) => mask.text('SeriesInstanceUID'))).size).toBe(1);
    expect(masks.map((mask) => mask.number('InstanceNumber'))).toEqual([1, 2]);
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

  it.each([undefined, 0, -2.5])('of slices that say they are %s mm thick are as thick as they are apart', (mm) => {
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

  it('says what its segments are about: the finding in words, its place in codes, the algorithm’s parameters', () => {
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

describe('reports', () => {
  it('code tooth, side, surface and number of a finding', () => {
    const items = contentOf(ofKind(radiographCase(), 'structured-report')[0]);
    const codeOf = (name: string) => {
      const found = items.find((one) => one.name === name)?.item;
      return at(found, 'ConceptCodeSequence')?.text('CodeMeaning');
    };

    expect(codeOf('Finding Site')).toBe('Mandibular left first molar tooth');
    expect(codeOf('Laterality')).toBe('Left');
    expect(codeOf('Topographical modifier')).toBe('Structure of mesial surface of tooth');
    expect(codeOf('Tooth number (FDI, ISO 3950)')).toBe('FDI 36');
    expect(codeOf('Algorithm Family')).toBe('Artificial Intelligence');
  });

  it('give each way of saying where a finding lies a report and a series of its own', () => {
    const reports = ofKind(ctCase(), 'structured-report');

    const templates = reports.map((report) =>
      contentOf(report).flatMap(({ name, item }) =>
        name === 'Measurement Group' ? [at(item, 'ContentTemplateSequence')?.text('TemplateIdentifier')] : [],
      ),
    );
    expect(templates).toEqual([['1410'], ['1411'], ['1501']]);
    expect(reports.map((report) => report.text('SeriesDescription'))).toEqual([
      'Phantom assessment: findings on images (research)',
      'Phantom assessment: findings by segment (research)',
      'Phantom assessment: other findings (research)',
    ]);
  });

  it.each<[Exclude<Outcome, 'result'>, string, string]>([
    ['no-finding', 'no-finding', '111241'],
    ['not-applicable', 'out-of-scope', '111245'],
    ['not-evaluable', 'not-evaluable', '111245'],
    ['failed', 'failed', '111245'],
  ])('say in codes and words that a run was %s, why, and of which images', (outcome, code, summary) => {
    const one = ctCase();
    const { tool: description, version, inputDigest, inputs } = one.result.metadata;
    const reason = { code: 'missing-slices', message: 'Slices are missing in the lumbar spine.' };

    const result = nonResult({ description, version, inputDigest, inputs, outcome, reason });
    const [report] = ofKind({ result, source: one.source }, 'non-result');

    const items = contentOf(report);
    const codes = items.flatMap(({ item }) => at(item, 'ConceptCodeSequence')?.text('CodeValue') ?? []);
    const texts = items.flatMap(({ item }) => item.text('TextValue') ?? []);
    expect(codes).toEqual(expect.arrayContaining([code, summary, 'missing-slices']));
    expect(texts).toContain('Slices are missing in the lumbar spine. (missing-slices)');
    expect(texts).toContain('Images: CT series 1, 6 images.');
    const evidence = at(report, 'CurrentRequestedProcedureEvidenceSequence', 'ReferencedSeriesSequence');
    expect(evidence?.items('ReferencedSOPSequence')).toHaveLength(6);
  });

  it('name the failure that they take the place of, and a failure names none', async () => {
    const one = ctCase();
    const { tool: description, version, inputDigest, inputs } = one.result.metadata;
    const reason = { code: 'died', message: 'It died.' };
    const failure = nonResult({ description, version, inputDigest, inputs, outcome: 'failed', reason });
    const instances = one.source.instances;
    const read = async () => one.files[0] ?? new Uint8Array();

    const [told] = await convertResult({ result: failure, instances, read, supersedesFailure: true });
    const objects = await convertResult({ result: one.result, instances, read, supersedesFailure: true });

    const predecessors = (bytes: Uint8Array | undefined) =>
      readDicom(bytes ?? new Uint8Array()).dataset.items('PredecessorDocumentsSequence');
    expect(predecessors(told?.bytes)).toEqual([]);
    for (const { kind, bytes } of objects) {
      const [study] = predecessors(bytes);
      const reference = at(study, 'ReferencedSeriesSequence', 'ReferencedSOPSequence');
      const isDocument = kind === 'structured-report' || kind === 'pdf';
      expect(reference?.text('ReferencedSOPInstanceUID')).toBe(isDocument ? told?.SOPInstanceUID : undefined);
    }
  });
});

describe('the encapsulated PDF', () => {
  it('has a coded title, and no identity in a page made here; of a PDF that a tool brings nobody knows', () => {
    const brought = ctCase({ report: { kind: 'pdf', title: 'Brought along', bytes: Buffer.from('%PDF-1.4 odd') } });

    const [page, other] = [ctCase(), brought].map((one) => ofKind(one, 'pdf')[0]);

    expect(at(page, 'ConceptNameCodeSequence')?.text('CodeValue')).toBe('18748-4');
    expect([page, other].map((dataset) => dataset?.text('BurnedInAnnotation'))).toEqual(['NO', 'YES']);
    expect(page?.text('DocumentTitle')).toBe('Vertebral fracture assessment (research)');
    expect(page?.items('SourceInstanceSequence')).toHaveLength(6);
  });
});
