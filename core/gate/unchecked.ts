/**
 * Conditional attributes that we write and the gate has no rule for, grouped by the reason. A test compares this list with
 * the tables: a conditional attribute has a rule in `conditions.ts` or is listed here.
 */
export const WITHOUT_RULE = {
  'The patient module is the source’s, to the character.': [
    ...['BreedRegistrationSequence', 'DeidentificationMethod', 'DeidentificationMethodCodeSequence'],
    ...['PatientAlternativeCalendar', 'PatientBreedCodeSequence', 'PatientBreedDescription'],
    ...['PatientSpeciesCodeSequence', 'PatientSpeciesDescription', 'ResponsibleOrganization', 'ResponsiblePerson'],
    'ResponsiblePersonRole',
  ],
  'The objects and their source do not tell whether the condition holds.': [
    ...['AnatomicalOrientationType', 'Laterality', 'PatientPosition', 'PatientOrientation', 'PixelAspectRatio'],
    ...['CodingSchemeVersion', 'CodingSchemeExternalID', 'CodingSchemeRegistry', 'CodingSchemeUID'],
    ...['ContentDate', 'ContentTime', 'ObservationDateTime', 'PixelSpacing', 'PixelSpacingCalibrationDescription'],
    ...['DerivationCodeSequence', 'PurposeOfReferenceCodeSequence', 'SliceThickness', 'SpacingBetweenSlices'],
    ...['FrameAcquisitionDateTime', 'FrameAcquisitionDuration', 'FrameReferenceDateTime'],
    ...['ReferencedPerformedProcedureStepSequence', 'ReferencedRequestSequence', 'ReferencedInstanceSequence'],
    ...['IdenticalDocumentsSequence', 'PertinentOtherEvidenceSequence', 'PredecessorDocumentsSequence'],
  ],
  'Another rule of the gate, or the writer, checks it.': [
    // One of a code's three values: `CodeValue` in `conditions.ts`.
    ...['LongCodeValue', 'URNCodeValue'],
    // `references.ts` and `templates.ts`.
    ...['ReferencedFrameNumber', 'ReferencedSegmentNumber'],
    // The writer chooses it.
    'SpecificCharacterSet',
  ],
  'Hilum never writes these: stacks, concatenations, fractions, tiles, private dimensions, references by identifier …':
    [
      ...['StackID', 'InStackPositionNumber', 'TemporalPositionIndex', 'DimensionIndexPrivateCreator'],
      ...['FunctionalGroupPrivateCreator', 'ConcatenationFrameOffsetNumber', 'ConcatenationUID'],
      ...['InConcatenationNumber', 'SOPInstanceUIDOfConcatenationSource', 'MaximumFractionalValue'],
      ...['SegmentationFractionalType', 'ExtendedOffsetTableLengths', 'PixelDataProviderURL', 'PixelPaddingValue'],
      ...['PixelPaddingRangeLimit', 'PixelOriginInterpretation', 'ReferencedContentItemIdentifier'],
      ...['ReferencedDateTime', 'ReferencedSamplePositions', 'ReferencedTimeOffsets', 'ReferencedWaveformChannels'],
      ...['RationalNumeratorValue', 'StudiesContainingOtherReferencedInstancesSequence'],
      ...['ConversionSourceAttributesSequence', 'EncryptedAttributesSequence', 'QueryRetrieveView'],
      ...['ReferencedDefinedProtocolSequence', 'ReferencedPerformedProtocolSequence'],
      ...['HL7StructuredDocumentReferenceSequence', 'HL7InstanceIdentifier', 'ListOfMIMETypes'],
      // For an encapsulated document that is a content item of a report.
      ...['ContinuityOfContent', 'ValueType'],
    ],
} as const satisfies Readonly<Record<string, readonly string[]>>;
