/** Which attributes a content item has by its Value Type (PS3.3 Tables C.17.3-5, C.18.1-1 … C.18.10-1). */
const IMAGE = ['ReferencedSOPSequence'];

const BY_VALUE_TYPE: Readonly<Record<string, readonly string[]>> = {
  TEXT: ['TextValue'],
  CODE: ['ConceptCodeSequence'],
  NUM: ['MeasuredValueSequence', 'NumericValueQualifierCodeSequence'],
  DATETIME: ['DateTime'],
  DATE: ['Date'],
  TIME: ['Time'],
  PNAME: ['PersonName'],
  UIDREF: ['UID'],
  COMPOSITE: IMAGE,
  IMAGE,
  WAVEFORM: IMAGE,
  SCOORD: ['GraphicType', 'GraphicData', 'PixelOriginInterpretation', 'FiducialUID'],
  SCOORD3D: ['GraphicType', 'GraphicData', 'ReferencedFrameOfReferenceUID', 'FiducialUID'],
  TCOORD: ['TemporalRangeType', 'ReferencedSamplePositions', 'ReferencedTimeOffsets', 'ReferencedDateTime'],
  CONTAINER: ['ContinuityOfContent', 'ContentTemplateSequence'],
  TABLE: ['TabulatedValuesSequence'],
};
const ALL = new Set(Object.values(BY_VALUE_TYPE).flat());
const others = new Map(
  Object.entries(BY_VALUE_TYPE).map(([valueType, own]) => [valueType, ALL.difference(new Set(own))]),
);

/** The attributes that a content item of this Value Type must not have; all of them where it has no Value Type. */
export function attributesOfOtherValueTypes(valueType: string | undefined): ReadonlySet<string> {
  return others.get(valueType ?? '') ?? ALL;
}
