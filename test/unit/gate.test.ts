import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RefusedObjectError } from '#core/errors.ts';
import { itemsOf, numbersOf } from '#core/gate/attribute-values.ts';
import { checkObjects } from '#core/gate/gate.ts';
import type { Rule } from '#core/gate/refusal.ts';
import type { DicomObject } from '#core/results/dicom-object.ts';
import type { SourceStudy } from '#core/results/source-study.ts';
import type { Attributes } from '#dicom/write.ts';
import { emptied, type Path, without, withValues } from '../fixtures/iod-walk.ts';
import { ctCase, radiographCase } from '../fixtures/results.ts';

const CT = ctCase();
const OBJECTS = CT.result.toDicom(CT.source);
const FLAT = radiographCase();

function factsOf(objects: readonly DicomObject[], source: SourceStudy = CT.source): RefusedObjectError['facts'] {
  try {
    checkObjects(objects, source);
  } catch (error) {
    if (error instanceof RefusedObjectError) return error.facts;
    throw error;
  }
  return { rule: 'passed' };
}

/** The first object of a kind that holds something. */
function pick(kind: DicomObject['kind'], objects: readonly DicomObject[], holds = ''): DicomObject {
  const found = objects.find((object) => object.kind === kind && JSON.stringify(object.attributes).includes(holds));
  if (found === undefined) throw new Error(`the case has a ${kind}`);
  return found;
}

const SEG = pick('segmentation', OBJECTS);
const DRAWINGS = pick('structured-report', OBJECTS, '"SCOORD"');
const SEGMENTS = pick('structured-report', OBJECTS, '"ReferencedSegmentNumber"');
const PDF = pick('pdf', OBJECTS);
const CAPTURE = pick('secondary-capture', OBJECTS);

const replaced = (object: DicomObject, attributes: Attributes) =>
  OBJECTS.map((one) => (one === object ? { ...object, attributes } : one));
const set = (object: DicomObject, path: Path, values: Attributes) =>
  replaced(object, withValues(object.attributes, path, values));

/** The way to the first content item that answers, its own place included. */
function pathTo(attributes: Attributes, wanted: (item: Attributes) => boolean): Path {
  for (const [index, item] of itemsOf(attributes['ContentSequence']).entries()) {
    if (wanted(item)) return [['ContentSequence', index]];
    const deeper = pathTo(item, wanted);
    if (deeper.length > 0) return [['ContentSequence', index], ...deeper];
  }
  return [];
}
const at = (object: DicomObject, valueType: string, concept?: string): Path =>
  pathTo(
    object.attributes,
    ({ ValueType, ConceptNameCodeSequence }) =>
      ValueType === valueType &&
      (concept === undefined || itemsOf(ConceptNameCodeSequence)[0]?.['CodeValue'] === concept),
  );
const itemAt = (object: DicomObject, path: Path): Attributes =>
  path.reduce<Attributes>((item, [sequence, index]) => itemsOf(item[sequence])[index] ?? {}, object.attributes);

const FRAME: Path = [['PerFrameFunctionalGroupsSequence', 1]];
const SOURCE_IMAGE: Path = [...FRAME, ['DerivationImageSequence', 0], ['SourceImageSequence', 0]];
const GROUP = at(SEGMENTS, 'CONTAINER', '125007');
const REGION = at(DRAWINGS, 'SCOORD');
const ON: Path = [...REGION, ['ContentSequence', 0], ['ReferencedSOPSequence', 0]];
const SEGMENT = at(SEGMENTS, 'IMAGE', '121191');
const EVIDENCE: Path = [
  ['CurrentRequestedProcedureEvidenceSequence', 0],
  ['ReferencedSeriesSequence', 0],
];
/** What makes a coded content item a point in space. */
const SPATIAL_POINT: Attributes = {
  ...{ ConceptCodeSequence: undefined, ValueType: 'SCOORD3D', GraphicType: 'POINT' },
  ...{ GraphicData: [1, 2, 3], ReferencedFrameOfReferenceUID: '2.25.1' },
};
const COMPREHENSIVE_3D = '1.2.840.10008.5.1.4.1.1.88.34';

const SHARED: Path = [['SharedFunctionalGroupsSequence', 0]];
/** The first frame of the mask, moved along the normal. */
function shifted(byMm: number): readonly DicomObject[] {
  const path: Path = [
    ['PerFrameFunctionalGroupsSequence', 0],
    ['PlanePositionSequence', 0],
  ];
  const [x = 0, y = 0, z = 0] = numbersOf(itemAt(SEG, path)['ImagePositionPatient']);
  return set(SEG, path, { ImagePositionPatient: [x, y, z + byMm] });
}

type Broken = readonly [rule: Rule, keyword: string | undefined, objects: readonly DicomObject[]];

describe('the output gate', () => {
  it('lets the objects of a result through', () => {
    expect(factsOf(OBJECTS)).toEqual({ rule: 'passed' });
    expect(factsOf(FLAT.result.toDicom(FLAT.source), FLAT.source)).toEqual({ rule: 'passed' });
  });

  it('names the object, the rule, the attribute and the way to it, and no value', () => {
    const path: Path = [['SegmentSequence', 1]];

    expect(factsOf(replaced(SEG, without(SEG.attributes, path, 'SegmentLabel')))).toEqual({
      kind: 'segmentation',
      SOPInstanceUID: SEG.SOPInstanceUID,
      rule: 'type-1-missing',
      keyword: 'SegmentLabel',
      path: 'SegmentSequence[2].SegmentLabel',
    });
  });

  it('keeps the refused object at hand, and out of everything that is printed', () => {
    expect.assertions(2);
    try {
      checkObjects(set(SEG, [], { Modality: '' }), CT.source);
    } catch (error) {
      if (!(error instanceof RefusedObjectError)) throw error;
      expect(error.object.attributes['PatientName']).toBe('Phantom^Hilum');
      expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toMatch(/PHANTOM.HILUM/i);
    }
  });

  it.each<Broken>([
    ['sop-class-not-of-kind', 'SOPClassUID', [{ ...SEG, SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' }]],
    ['sop-class-not-of-kind', 'SOPClassUID', [{ ...SEG, SOPClassUID: PDF.SOPClassUID }]],
    ['type-1-missing', 'Modality', set(SEG, [], { Modality: '' })],
    ['type-2-missing', 'AccessionNumber', replaced(SEG, without(SEG.attributes, [], 'AccessionNumber'))],
    ['not-enumerated', 'Modality', set(SEG, [], { Modality: 'CT' })],
    ['uid-differs', 'SOPClassUID', set(SEG, [], { SOPClassUID: PDF.SOPClassUID })],
    ['uid-differs', 'SOPInstanceUID', set(SEG, [], { SOPInstanceUID: '2.25.1' })],
    ['other-study', 'StudyInstanceUID', set(SEG, [], { StudyInstanceUID: '2.25.1' })],
    ['uid-repeated', 'SOPInstanceUID', [...OBJECTS, SEG]],
    ['uid-repeated', 'SOPInstanceUID', [{ ...SEG, SOPInstanceUID: CT.source.instances[0]?.SOPInstanceUID ?? '' }]],
    [
      'uid-repeated',
      'SeriesInstanceUID',
      set(SEG, [], { SeriesInstanceUID: CT.source.instances[0]?.SeriesInstanceUID ?? '' }),
    ],
    ['not-in-iod', 'TextValue', set(SEG, [], { TextValue: 'x' })],
    ['not-in-iod', 'ImagePositionPatient', set(SEG, FRAME, { ImagePositionPatient: [0, 0, 0] })],
    ['not-in-iod', 'TextValue', set(DRAWINGS, REGION, { TextValue: 'x' })],
    [
      'code-ambiguous',
      'CodeValue',
      set(
        SEG,
        [
          ['SegmentSequence', 0],
          ['SegmentedPropertyTypeCodeSequence', 0],
        ],
        { LongCodeValue: 'x' },
      ),
    ],
    ['not-enumerated', 'SegmentAlgorithmType', set(SEG, [['SegmentSequence', 0]], { SegmentAlgorithmType: 'AI' })],
    ['not-enumerated', 'CompletionFlag', set(DRAWINGS, [], { CompletionFlag: 'YES' })],
    ['not-enumerated', 'ConversionType', set(CAPTURE, [], { ConversionType: 'AI' })],
    ['not-enumerated', 'MIMETypeOfEncapsulatedDocument', set(PDF, [], { MIMETypeOfEncapsulatedDocument: 'text/html' })],
  ])('refuses by %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it.each<Broken>([
    ['pixel-length', 'PixelData', set(SEG, [], { PixelData: new Uint8Array(7) })],
    ['pixel-length', 'PixelData', set(CAPTURE, [], { Rows: 3 })],
    ['pixel-description', 'HighBit', set(CAPTURE, [], { HighBit: 8 })],
    ['pixel-description', 'BitsStored', set(CAPTURE, [], { BitsStored: 9 })],
    ['pixel-description', 'SamplesPerPixel', set(CAPTURE, [], { SamplesPerPixel: 1 })],
    ['pixel-description', 'PixelRepresentation', set(CAPTURE, [], { PixelRepresentation: 2 })],
    ['document-length', 'EncapsulatedDocument', set(PDF, [], { EncapsulatedDocument: Buffer.from('<html>') })],
    ['document-length', 'EncapsulatedDocumentLength', set(PDF, [], { EncapsulatedDocumentLength: 5 })],
  ])('refuses pixels and documents that are not what they are said to be: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it.each<Broken>([
    [
      'frame-count',
      'NumberOfFrames',
      set(SEG, [], {
        PerFrameFunctionalGroupsSequence: itemsOf(SEG.attributes['PerFrameFunctionalGroupsSequence']).slice(1),
      }),
    ],
    [
      'functional-group-place',
      'PlanePositionSequence',
      replaced(SEG, without(SEG.attributes, FRAME, 'PlanePositionSequence')),
    ],
    [
      'functional-group-place',
      'PlaneOrientationSequence',
      set(SEG, FRAME, {
        PlaneOrientationSequence: itemAt(SEG, [['SharedFunctionalGroupsSequence', 0]])['PlaneOrientationSequence'],
      }),
    ],
    ['segment-number', 'SegmentNumber', set(SEG, [['SegmentSequence', 0]], { SegmentNumber: 2 })],
    [
      'segment-number',
      'ReferencedSegmentNumber',
      set(SEG, [...FRAME, ['SegmentIdentificationSequence', 0]], { ReferencedSegmentNumber: 9 }),
    ],
    [
      'dimension-index',
      'DimensionIndexValues',
      set(SEG, [...FRAME, ['FrameContentSequence', 0]], { DimensionIndexValues: [1] }),
    ],
    [
      'dimension-index',
      'DimensionIndexValues',
      set(SEG, [...FRAME, ['FrameContentSequence', 0]], { DimensionIndexValues: [1, 0] }),
    ],
    [
      'dimension-index',
      'DimensionIndexValues',
      set(SEG, [...FRAME, ['FrameContentSequence', 0]], { DimensionIndexValues: [1, 2] }),
    ],
    [
      'dimension-index',
      'DimensionOrganizationUID',
      set(SEG, [['DimensionIndexSequence', 1]], { DimensionOrganizationUID: '2.25.1' }),
    ],
    ['viewer-segmentation-type', 'SegmentationType', set(SEG, [], { SegmentationType: 'LABELMAP' })],
  ])('refuses a segmentation whose frames do not fit together: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it.each<Broken>([
    ['value-type', 'ValueType', set(DRAWINGS, [], { ValueType: 'TEXT', TextValue: 'x' })],
    ['value-type', 'ValueType', set(DRAWINGS, at(DRAWINGS, 'CODE'), SPATIAL_POINT)],
    ['relationship', 'RelationshipType', set(DRAWINGS, REGION, { RelationshipType: 'HAS CONCEPT MOD' })],
    [
      'relationship',
      'RelationshipType',
      set(DRAWINGS, [...REGION, ['ContentSequence', 0]], { RelationshipType: 'CONTAINS' }),
    ],
    ['graphic-data', 'GraphicData', set(DRAWINGS, REGION, { GraphicData: [1, 2, 3] })],
    ['graphic-data', 'GraphicData', set(DRAWINGS, REGION, { GraphicType: 'CIRCLE' })],
    ['graphic-data', 'GraphicData', set(DRAWINGS, REGION, { GraphicType: 'POINT', GraphicData: [10, 600] })],
    ['not-enumerated', 'GraphicType', set(DRAWINGS, REGION, { GraphicType: 'BEZIER' })],
    [
      'template-content',
      'ContentTemplateSequence',
      set(SEGMENTS, [['ContentTemplateSequence', 0]], { TemplateIdentifier: '9' }),
    ],
    [
      'template-content',
      'ContentSequence',
      set(SEGMENTS, [], { ContentSequence: itemsOf(SEGMENTS.attributes['ContentSequence']).slice(1) }),
    ],
    [
      'template-content',
      'ContentSequence',
      set(SEGMENTS, GROUP, { ContentSequence: itemsOf(itemAt(SEGMENTS, GROUP)['ContentSequence']).slice(1) }),
    ],
    [
      'template-content',
      'ContentSequence',
      set(SEGMENTS, [...GROUP, ['ContentTemplateSequence', 0]], { TemplateIdentifier: '1410' }),
    ],
    [
      'template-content',
      'ReferencedSegmentNumber',
      set(SEGMENTS, [...SEGMENT, ['ReferencedSOPSequence', 0]], { ReferencedSegmentNumber: undefined }),
    ],
  ])('refuses a report whose content is not of its IOD or template: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it('refuses a finding that is tracked like another', () => {
    const groups = at(SEGMENTS, 'CONTAINER', '126010');
    const [group = {}] = itemsOf(itemAt(SEGMENTS, groups)['ContentSequence']);

    expect(factsOf(set(SEGMENTS, groups, { ContentSequence: [group, group] }))).toMatchObject({
      rule: 'template-content',
      keyword: 'UID',
    });
  });

  it.each<Broken>([
    [
      'unresolved-reference',
      'ReferencedSOPInstanceUID',
      set(SEG, SOURCE_IMAGE, { ReferencedSOPInstanceUID: '2.25.1' }),
    ],
    [
      'reference-sop-class',
      'ReferencedSOPClassUID',
      set(SEG, SOURCE_IMAGE, { ReferencedSOPClassUID: PDF.SOPClassUID }),
    ],
    [
      'reference-hierarchy',
      'SeriesInstanceUID',
      set(SEG, [['ReferencedSeriesSequence', 0]], { SeriesInstanceUID: '2.25.1' }),
    ],
    ['reference-hierarchy', 'StudyInstanceUID', set(SEGMENTS, EVIDENCE.slice(0, 1), { StudyInstanceUID: '2.25.1' })],
    ['reference-frame', 'ReferencedFrameNumber', set(SEG, SOURCE_IMAGE, { ReferencedFrameNumber: 2 })],
    [
      'reference-frame',
      'ReferencedSegmentNumber',
      set(SEGMENTS, [...SEGMENT, ['ReferencedSOPSequence', 0]], { ReferencedSegmentNumber: 3 }),
    ],
    [
      'not-in-evidence',
      'ReferencedSOPInstanceUID',
      set(DRAWINGS, EVIDENCE, {
        ReferencedSOPSequence: itemsOf(itemAt(DRAWINGS, EVIDENCE)['ReferencedSOPSequence']).filter(
          ({ ReferencedSOPInstanceUID }) =>
            ReferencedSOPInstanceUID !== itemAt(DRAWINGS, ON)['ReferencedSOPInstanceUID'],
        ),
      }),
    ],
    ['unresolved-reference', 'ReferencedSOPInstanceUID', OBJECTS.filter((object) => object !== SEG)],
  ])('refuses a reference that does not hold: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it.each([SEG, DRAWINGS])(
    'refuses a mask or a region that names no frame of a multi-frame source: $kind',
    (object) => {
      const source = { ...CT.source, instances: CT.source.instances.map((one) => ({ ...one, NumberOfFrames: 6 })) };
      const others = OBJECTS.filter((one) => one === object || one === SEG);

      expect(factsOf(object === SEG ? [SEG] : others.filter((one) => one !== SEG), source)).toMatchObject({
        rule: 'reference-frame',
        keyword: 'ReferencedFrameNumber',
      });
    },
  );

  it.each<Broken>([
    ['frame-position', 'Rows', set(SEG, [], { Rows: 61, Columns: 53 })],
    ['frame-position', 'FrameOfReferenceUID', set(SEG, [], { FrameOfReferenceUID: '2.25.1' })],
    ['frame-position', 'ImagePositionPatient', shifted(0.01)],
    [
      'frame-position',
      'ImageOrientationPatient',
      set(SEG, [...SHARED, ['PlaneOrientationSequence', 0]], { ImageOrientationPatient: [0, 1, 0, -1, 0, 0] }),
    ],
  ])('refuses a mask that does not lie on its source: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it('lets a mask through whose position is rounded', () => {
    expect(factsOf(shifted(0.0005))).toEqual({ rule: 'passed' });
  });

  it('refuses a report in which planar regions stand beside other groups', () => {
    const groups = at(DRAWINGS, 'CONTAINER', '126010');
    const [drawn = {}] = itemsOf(itemAt(DRAWINGS, groups)['ContentSequence']);
    const other = itemAt(SEGMENTS, GROUP);
    const evidence = SEGMENTS.attributes['CurrentRequestedProcedureEvidenceSequence'];
    const mixed = withValues(DRAWINGS.attributes, groups, { ContentSequence: [drawn, other] });

    const facts = factsOf(replaced(DRAWINGS, { ...mixed, CurrentRequestedProcedureEvidenceSequence: evidence }));

    expect(facts).toMatchObject({ rule: 'viewer-mixed-groups' });
  });

  it('refuses a polygon in space', () => {
    const { GraphicType: _, GraphicData: __, ContentSequence: ___, ...region } = itemAt(DRAWINGS, REGION);
    const spatial = {
      ...{ ...region, ValueType: 'SCOORD3D', GraphicType: 'POLYGON' },
      ...{ GraphicData: [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0], ReferencedFrameOfReferenceUID: '2.25.1' },
    };
    const group = REGION.slice(0, -1);
    const items = itemsOf(itemAt(DRAWINGS, group)['ContentSequence']).map((item) =>
      item['ValueType'] === 'SCOORD' ? spatial : item,
    );
    const attributes = withValues(DRAWINGS.attributes, group, { ContentSequence: items });
    const polygon = {
      ...DRAWINGS,
      SOPClassUID: COMPREHENSIVE_3D,
      attributes: { ...attributes, SOPClassUID: COMPREHENSIVE_3D },
    };

    expect(factsOf([polygon])).toMatchObject({ rule: 'viewer-polygon', keyword: 'GraphicType' });
  });

  it.each<Broken>([
    ['not-marked-ours', 'Manufacturer', set(CAPTURE, [], { Manufacturer: 'Other' })],
    ['not-marked-ours', 'ContributingEquipmentSequence', set(CAPTURE, [], { ContributingEquipmentSequence: [] })],
    [
      'research-only-missing',
      'ContributionDescription',
      set(CAPTURE, [['ContributingEquipmentSequence', 0]], { ContributionDescription: 'For the clinic' }),
    ],
    ['research-only-missing', 'ContentQualification', set(CAPTURE, [], { ContentQualification: 'PRODUCT' })],
    ['viewer-document-title', 'DocumentTitle', set(PDF, [], { DocumentTitle: '' })],
    ['research-only-missing', 'DocumentTitle', set(PDF, [], { DocumentTitle: 'Report' })],
    ['research-only-missing', 'SeriesDescription', set(CAPTURE, [], { SeriesDescription: 'Findings' })],
  ])('refuses what does not say what it is, whose, and for what: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it('looks for no fault in what is the source’s own', () => {
    const ProcedureCodeSequence = [{ CodeValue: '1' }];
    const source = { ...CT.source, patientAndStudy: { ...CT.source.patientAndStudy, ProcedureCodeSequence } };
    const own = emptied(
      withValues(SEG.attributes, [], { ProcedureCodeSequence: [{ CodeValue: '1' }] }),
      [],
      'PatientID',
    );

    expect(factsOf(set(SEG, [], { ProcedureCodeSequence }), source)).toEqual({ rule: 'passed' });
    expect(factsOf(replaced(SEG, own), source)).toMatchObject({
      rule: 'type-1-missing',
      keyword: 'CodeMeaning',
    });
  });
});
