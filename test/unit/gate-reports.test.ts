/** The output gate's checks of reports: content, templates, references. */
import { describe, expect, it } from 'vitest';
import { itemsOf } from '#core/gate/attribute-values.ts';
import { codeItem } from '#core/results/common.ts';
import { Sct } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import {
  at,
  type Broken,
  CT,
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
import { withNonResults } from '../fixtures/results.ts';

const SEGMENTS = pick('structured-report', OBJECTS, '"ReferencedSegmentNumber"');

const SOURCE_IMAGE: Path = [...FRAME, ['DerivationImageSequence', 0], ['SourceImageSequence', 0]];

const GROUP = at(SEGMENTS, 'CONTAINER', '125007');

const ON: Path = [...REGION, ['ContentSequence', 0], ['ReferencedSOPSequence', 0]];

const SEGMENT = at(SEGMENTS, 'IMAGE', '121191');

const EVIDENCE: Path = [
  ['CurrentRequestedProcedureEvidenceSequence', 0],
  ['ReferencedSeriesSequence', 0],
];

const conceptOf = (item: Attributes): unknown => itemsOf(item['ConceptNameCodeSequence'])[0]?.['CodeValue'];

describe('reports at the output gate', () => {
  it.each<Broken>([
    ['value-type', 'ValueType', set(DRAWINGS, [], { ValueType: 'TEXT', TextValue: 'x' })],
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

  it('refuses a point in space in an Enhanced SR', () => {
    const [, none] = withNonResults(CT);
    const [report] = none?.result.toDicom(CT.source) ?? [];
    if (report === undefined) throw new Error('a non-result has a report');
    const point = {
      ...{ ConceptCodeSequence: undefined, ValueType: 'SCOORD3D', GraphicType: 'POINT' },
      ...{ GraphicData: [1, 2, 3], ReferencedFrameOfReferenceUID: '2.25.1' },
    };

    const facts = factsOf([{ ...report, attributes: withValues(report.attributes, at(report, 'CODE'), point) }]);

    expect(facts).toMatchObject({ rule: 'value-type', keyword: 'ValueType' });
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

  it('refuses a report that has a sound finding among others', () => {
    const groups = at(DRAWINGS, 'CONTAINER', '126010');
    const [drawn = {}] = itemsOf(itemAt(DRAWINGS, groups)['ContentSequence']);
    const uid = { ValueType: 'UIDREF', UID: '2.25.9' };
    const other = itemsOf(drawn['ContentSequence']).map((item) => {
      if (item['ValueType'] === 'UIDREF') return { ...item, ...uid };
      return conceptOf(item) === Sct.severity.value ? { ...item, ConceptCodeSequence: [codeItem(Sct.normal)] } : item;
    });
    const mixed = withValues(DRAWINGS.attributes, groups, {
      ContentSequence: [drawn, { ...drawn, ContentSequence: other }],
    });
    const alone = withValues(DRAWINGS.attributes, groups, { ContentSequence: [{ ...drawn, ContentSequence: other }] });

    expect(factsOf(replaced(DRAWINGS, mixed))).toMatchObject({
      rule: 'sound-with-findings',
      path: 'ContentSequence[9].ContentSequence[2].ContentSequence',
    });
    expect(factsOf(replaced(DRAWINGS, alone))).toEqual({ rule: 'passed' });
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
    expect(factsOf([{ ...DRAWINGS, attributes }])).toMatchObject({ rule: 'viewer-polygon', keyword: 'GraphicType' });
  });
});
