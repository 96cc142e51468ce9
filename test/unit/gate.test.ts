import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RefusedObjectError } from '#core/errors.ts';
import { itemsOf, numbersOf } from '#core/gate/attribute-values.ts';
import { checkObjects } from '#core/gate/gate.ts';
import { refuseObject } from '#core/gate/refusal.ts';
import type { DicomObject } from '#core/results/dicom-object.ts';
import {
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
import { emptied, type Path, without, withValues } from '../fixtures/iod-walk.ts';
import { radiographCase } from '../fixtures/results.ts';

const FLAT = radiographCase();

const CAPTURE = pick('secondary-capture', OBJECTS);

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

describe('the output gate', () => {
  it('accepts the objects of a result', () => {
    expect(factsOf(OBJECTS)).toEqual({ rule: 'passed' });
    expect(factsOf(FLAT.result.toDicom(FLAT.source), FLAT.source)).toEqual({ rule: 'passed' });
  });

  it('names the object, the rule, the attribute and its path, and no value', () => {
    const path: Path = [['SegmentSequence', 1]];

    expect(factsOf(replaced(SEG, without(SEG.attributes, path, 'SegmentLabel')))).toEqual({
      kind: 'segmentation',
      SOPInstanceUID: SEG.SOPInstanceUID,
      rule: 'type-1-missing',
      keyword: 'SegmentLabel',
      path: 'SegmentSequence[2].SegmentLabel',
    });
  });

  it('gives the rule, and the attribute where there is one', () => {
    const refused = (keyword?: string): unknown => {
      try {
        return refuseObject(PDF)('not-marked-ours', keyword);
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    };

    expect(refused()).toMatch(/ \(not-marked-ours\)$/);
    expect(refused('Manufacturer')).toMatch(/ \(not-marked-ours: Manufacturer\)$/);
  });

  it('keeps the refused object, and keeps it out of everything that is printed', () => {
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
  ])('refuses pixels and documents that contradict their description: %s of %s', (rule, keyword, objects) => {
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

  it('accepts a mask whose position is rounded', () => {
    expect(factsOf(shifted(0.0005))).toEqual({ rule: 'passed' });
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
  ])('refuses objects without their labels: %s of %s', (rule, keyword, objects) => {
    expect(factsOf(objects)).toMatchObject({ rule, keyword });
  });

  it('does not check what is the source’s own', () => {
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
