/** Content items of Structured Reports (PS3.3 C.17.3) as attributes. */
import { type CodedConcept, Sct } from '#dicom/codes.ts';
import { formatDecimal } from '#dicom/decimal.ts';
import type { Attributes } from '#dicom/write.ts';
import type { PointLps } from '../image/geometry.ts';
import type { Finding, ImageRegion, Measurement } from '../tool.ts';
import { codeItem, frameNumbers, reference, sourceUid } from './common.ts';
import { paragraph } from './plain-text.ts';
import type { Referenced } from './source-study.ts';

/** How an item belongs to its parent (PS3.3 Table C.17.3.2.4). */
export type Relationship = 'CONTAINS' | 'HAS CONCEPT MOD' | 'HAS OBS CONTEXT' | 'INFERRED FROM';

const named = (ValueType: string, relationship: Relationship, name: CodedConcept): Attributes => ({
  RelationshipType: relationship,
  ValueType,
  ConceptNameCodeSequence: [codeItem(name)],
});

export const code = (relationship: Relationship, name: CodedConcept, value: CodedConcept): Attributes => ({
  ...named('CODE', relationship, name),
  ConceptCodeSequence: [codeItem(value)],
});

export const text = (relationship: Relationship, name: CodedConcept, value: string): Attributes => ({
  ...named('TEXT', relationship, name),
  TextValue: paragraph(value),
});

/** Finding Site, with its laterality and the part of the site that is meant (TID 1419); empty where the finding has no site. */
export function site({ site: where, laterality, siteModifier }: Finding): readonly Attributes[] {
  if (where === undefined) return [];
  const modifiers = [
    ...(laterality ? [code('HAS CONCEPT MOD', Sct.laterality, laterality)] : []),
    ...(siteModifier ? [code('HAS CONCEPT MOD', Sct.topographicalModifier, siteModifier)] : []),
  ];
  const item = code('HAS CONCEPT MOD', Sct.findingSite, where);
  return [modifiers.length > 0 ? { ...item, ContentSequence: modifiers } : item];
}

export const uidref = (relationship: Relationship, name: CodedConcept, value: string): Attributes => ({
  ...named('UIDREF', relationship, name),
  UID: value,
});

export const container = (name: CodedConcept, items: readonly Attributes[], template?: string): Attributes => ({
  ...named('CONTAINER', 'CONTAINS', name),
  ContinuityOfContent: 'SEPARATE',
  ...(template && { ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }] }),
  ContentSequence: items,
});

/** A number with its unit, and with a Floating Point Value where 16 characters do not hold it (C.18.1). */
export const num = ({ name, value, unit }: Measurement, relationship: Relationship = 'CONTAINS'): Attributes => ({
  ...named('NUM', relationship, name),
  MeasuredValueSequence: [
    {
      NumericValue: value,
      ...(Number(formatDecimal(value)) !== value && { FloatingPointValue: value }),
      MeasurementUnitsCodeSequence: [codeItem(unit)],
    },
  ],
});

/** A reference to an image, or to segments of a SEG, with frame numbers where only some frames are meant. */
export const image = (name: CodedConcept, to: Referenced, part: Attributes = {}): Attributes => ({
  ...named('IMAGE', 'CONTAINS', name),
  ReferencedSOPSequence: [{ ...reference(to), ...part }],
});

/** A region on a source image (C.18.6). */
export const scoord = (name: CodedConcept, region: ImageRegion, on: Referenced): Attributes => ({
  ...named('SCOORD', 'CONTAINS', name),
  GraphicType: region.graphicType,
  GraphicData: region.points.flat(),
  ContentSequence: [
    {
      RelationshipType: 'SELECTED FROM',
      ValueType: 'IMAGE',
      ReferencedSOPSequence: [{ ...reference(on), ...frameNumbers([region]) }],
    },
  ],
});

/** A point in the patient (C.18.9), mm, in the frame of reference of the source. */
export const point3d = (name: CodedConcept, position: PointLps, FrameOfReferenceUID: string): Attributes => ({
  ...named('SCOORD3D', 'CONTAINS', name),
  GraphicType: 'POINT',
  GraphicData: position,
  ReferencedFrameOfReferenceUID: sourceUid(FrameOfReferenceUID),
});
