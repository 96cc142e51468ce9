/** The output gate's checks of reports: content, templates, references. */
import { describe, expect, it } from 'vitest';
import { itemsOf } from '#core/gate/attribute-values.ts';
import type { Attributes } from '#dicom/write.ts';
import {
  at,
  type Broken,
  DRAWINGS,
  FRAME,
  factsOf,
  itemAt,
  OBJECTS,
  PDF,
  pick,
  REGION,
  replaced,
  SEG,
  set,
} from '../fixtures/gate-objects.ts';
import { type Path, withValues } from '../fixtures/iod-walk.ts';

const SEGMENTS = pick('structured-report', OBJECTS, '"ReferencedSegmentNumber"');

const SOURCE_IMAGE: Path = [...FRAME, ['DerivationImageSequence', 0], ['SourceImageSequence', 0]];

const GROUP = at(SEGMENTS, 'CONTAINER', '125007');

const ON: Path = [...REGION, ['ContentSequence', 0], ['ReferencedSOPSequence', 0]];

const SEGMENT = at(SEGMENTS, 'IMAGE', '121191');

const EVIDENCE: Path = [
  ['CurrentRequestedProcedureEvidenceSequence', 0],
  ['ReferencedSeriesSequence', 0],
];

/** Turns a coded content item into a point in space. */
const SPATIAL_POINT: Attributes = {
  ...{ ConceptCodeSequence: undefined, ValueType: 'SCOORD3D', GraphicType: 'POINT' },
  ...{ GraphicData: [1, 2, 3], ReferencedFrameOfReferenceUID: '2.25.1' },
};

const COMPREHENSIVE_3D = '1.2.840.10008.5.1.4.1.1.88.34';

describe('reports at the output gate', () => {
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

  it('refuses a finding with the tracking UID of another', () => {
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
  ])('refuses a wrong reference: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it('refuses a report that mixes planar regions with other groups', () => {
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
});
