/**
 * The conditions of conditional modules and of Type 1C and 2C attributes, as far as a program can decide them.
 * `unchecked.ts` lists the conditional attributes without a rule.
 */
import { formatDecimal } from '#dicom/decimal.ts';
import type { Attributes } from '#dicom/write.ts';
import { isEmpty, itemsOf, textOf } from './attribute-values.ts';
import type { Whole } from './whole.ts';

/** Whether the object requires an attribute (Type 1C or 2C) of `item`, or a module. */
export type Condition = (item: Attributes, whole: Whole) => boolean;

const has =
  (keyword: string): Condition =>
  (item) =>
    !isEmpty(item[keyword]);
const is =
  (keyword: string, ...values: readonly string[]): Condition =>
  (item) =>
    values.includes(textOf(item[keyword]) ?? '');
const not =
  (condition: Condition): Condition =>
  (item, whole) =>
    !condition(item, whole);
const never: Condition = () => false;
/** True of every result, because it is derived or because viewers need the attribute. */
const always: Condition = () => true;

/** Whether the frames have a position in the patient. */
export const isInSpace: Condition = (_, { attributes }) => !isEmpty(attributes['FrameOfReferenceUID']);

const inFrames =
  (group: string): Condition =>
  (_, { attributes }) =>
    [
      ...itemsOf(attributes['SharedFunctionalGroupsSequence']),
      ...itemsOf(attributes['PerFrameFunctionalGroupsSequence']),
    ].some((frame) => frame[group] !== undefined);

/** Conditional modules (PS3.3 Tables A.8-1, A.33.1-1, A.51-1). Each condition is asked about the whole data set. */
export const MODULE_CONDITIONS: Readonly<Record<string, Condition>> = {
  // Segmentation: required without a derivation, and in practice wherever frames have positions (C.7.6.16.2.3).
  'frame-of-reference': (item, whole) =>
    inFrames('PlanePositionSequence')(item, whole) ||
    has('ImagePositionPatient')(item, whole) ||
    has('ImageOrientationPatient')(item, whole),
  'common-instance-reference': inFrames('DerivationImageSequence'),
  'palette-color-lookup-table': is('PhotometricInterpretation', 'PALETTE COLOR'),
  'icc-profile': is('PhotometricInterpretation', 'PALETTE COLOR'),
  'microscope-slide-layer-tile-organization': is('DimensionOrganizationType', 'TILED_FULL'),
  // Only objects that a frame-level retrieval makes have this module.
  'frame-extraction': never,
};

const isPalette = is('PhotometricInterpretation', 'PALETTE COLOR');
/** Ratio and method are required only where the source states them: nobody else knows. */
const isLossy =
  (keyword: string): Condition =>
  (item, { source }) =>
    textOf(item['LossyImageCompression']) === '01' && !isEmpty(source.lossyCompression[keyword]);
const isRoot: Condition = (item, { attributes }) => item === attributes;
const MEASUREMENT_GROUP = '125007';
const isMeasurementGroup: Condition = (item) =>
  itemsOf(item['ConceptNameCodeSequence']).some((code) => textOf(code['CodeValue']) === MEASUREMENT_GROUP);
const isTiled = is('DimensionOrganizationType', 'TILED_FULL');

/** Attributes of functional groups that a Dimension Index Pointer may name (C.7.6.17). */
const GROUPED = new Set(['ReferencedSegmentNumber', 'ImagePositionPatient', 'StackID', 'InStackPositionNumber']);

/**
 * By keyword; or by sequence (at the top level: module) and keyword, where the keyword means something else elsewhere.
 */
export const ATTRIBUTE_CONDITIONS: Readonly<Record<string, Condition>> = {
  // Basic Coded Entry (8.8): one of three. Enhanced Encoding Mode (8.3).
  CodeValue: (item) => isEmpty(item['LongCodeValue']) && isEmpty(item['URNCodeValue']),
  CodingSchemeDesignator: (item) => !isEmpty(item['CodeValue']) || !isEmpty(item['LongCodeValue']),
  MappingResource: has('ContextIdentifier'),
  ContextGroupVersion: has('ContextIdentifier'),
  ContextGroupLocalVersion: is('ContextGroupExtensionFlag', 'Y'),
  ContextGroupExtensionCreatorUID: is('ContextGroupExtensionFlag', 'Y'),

  // General Image (C.7.6.1)
  'general-image.PatientOrientation': (item, whole) =>
    !isInSpace(item, whole) && isEmpty(item['ImageOrientationPatient']),
  LossyImageCompressionRatio: isLossy('LossyImageCompressionRatio'),
  LossyImageCompressionMethod: isLossy('LossyImageCompressionMethod'),

  // Image Pixel (C.7.6.3)
  PixelData: not(has('PixelDataProviderURL')),
  PlanarConfiguration: (item) => Number(item['SamplesPerPixel']) > 1,
  RedPaletteColorLookupTableDescriptor: isPalette,
  GreenPaletteColorLookupTableDescriptor: isPalette,
  BluePaletteColorLookupTableDescriptor: isPalette,
  RedPaletteColorLookupTableData: isPalette,
  GreenPaletteColorLookupTableData: isPalette,
  BluePaletteColorLookupTableData: isPalette,

  // Segmentation Image (C.8.20.2, C.8.20.4)
  SegmentAlgorithmName: not(is('SegmentAlgorithmType', 'MANUAL')),
  TrackingID: has('TrackingUID'),
  TrackingUID: has('TrackingID'),

  // Multi-frame Functional Groups and Dimension (C.7.6.16, C.7.6.17)
  PerFrameFunctionalGroupsSequence: not(isTiled),
  DimensionIndexSequence: not(isTiled),
  FunctionalGroupPointer: (item) => GROUPED.has(textOf(item['DimensionIndexPointer']) ?? ''),
  DimensionIndexValues: (_, { attributes }) => !isEmpty(attributes['DimensionIndexSequence']),
  'PlanePositionSequence.ImagePositionPatient': isInSpace,
  'PlaneOrientationSequence.ImageOrientationPatient': always,
  'PixelMeasuresSequence.PixelSpacing': always,

  // Common Instance Reference (C.12.2)
  'common-instance-reference.ReferencedSeriesSequence': inFrames('DerivationImageSequence'),

  // SR Document General (C.17.2): the evidence lists what the content refers to.
  CurrentRequestedProcedureEvidenceSequence: (_, { attributes }) => refersToInstances(attributes['ContentSequence']),
  VerifyingObserverSequence: is('VerificationFlag', 'VERIFIED'),

  // SR Document Content (C.17.3)
  ConceptNameCodeSequence: (item, whole) =>
    isRoot(item, whole) ||
    is('ValueType', 'TEXT', 'NUM', 'CODE', 'DATETIME', 'DATE', 'TIME', 'UIDREF', 'PNAME')(item, whole),
  TextValue: is('ValueType', 'TEXT'),
  DateTime: is('ValueType', 'DATETIME'),
  Date: is('ValueType', 'DATE'),
  Time: is('ValueType', 'TIME'),
  PersonName: is('ValueType', 'PNAME'),
  UID: is('ValueType', 'UIDREF'),
  ContentTemplateSequence: (item, whole) =>
    textOf(item['ValueType']) === 'CONTAINER' && (isRoot(item, whole) || isMeasurementGroup(item, whole)),
  ContentSequence: (item, whole) => isRoot(item, whole) || is('ValueType', 'SCOORD', 'TCOORD')(item, whole),
  NumericValueQualifierCodeSequence: (item) => isEmpty(item['MeasuredValueSequence']),
  FloatingPointValue: ({ NumericValue }) =>
    typeof NumericValue === 'number' && Number(formatDecimal(NumericValue)) !== NumericValue,
  RationalDenominatorValue: has('RationalNumeratorValue'),

  // Encapsulated Document (C.24.2)
  SourceInstanceSequence: always,
};

function refersToInstances(content: Attributes['ContentSequence']): boolean {
  return itemsOf(content).some(
    (item) => itemsOf(item['ReferencedSOPSequence']).length > 0 || refersToInstances(item['ContentSequence']),
  );
}
