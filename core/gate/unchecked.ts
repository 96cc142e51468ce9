/**
 * Conditional attributes of what we write that the gate has no rule for, by why it has none. A test holds this list to the
 * tables: a conditional attribute has a rule in `conditions.ts`, or stands here.
 */
export const WITHOUT_RULE = {
  'The patient module is the source’s, to the character.': [
    ...['BreedRegistrationSequence', 'DeidentificationMethod', 'DeidentificationMethodCodeSequence'],
    ...['PatientAlternativeCalendar', 'PatientBreedCodeSequence', 'PatientBreedDescription'],
    ...['PatientSpeciesCodeSequence', 'PatientSpeciesDescription', 'ResponsibleOrganization', 'ResponsiblePerson'],
    'ResponsiblePersonRole',
  ],
  'Whether the condition holds is not to be known from the objects and their source.': [
    ...['AnatomicalOrientationType', 'Laterality', 'PatientPosition', 'PatientOrientation', 'PixelAspectRatio'],
    ...['CodingSchemeVersion', 'CodingSchemeExternalID', 'CodingSchemeRegistry', 'CodingSchemeUID'],
    ...['ContentDate', 'ContentTime', 'ObservationDateTime', 'PixelSpacing', 'PixelSpacingCalibrationDescription'],
    ...['DerivationCodeSequence', 'PurposeOfReferenceCodeSequence', 'SliceThickness', 'SpacingBetweenSlices'],
    ...['FrameAcquisitionDateTime', 'FrameAcquisitionDuration', 'FrameReferenceDateTime'],
    ...['ReferencedPerformedProcedureStepSequence', 'ReferencedRequestSequence', 'ReferencedInstanceSequence'],
    ...['IdenticalDocumentsSequence', 'PertinentOtherEvidenceSequence', 'PredecessorDocumentsSequence'],
  ],
  'Another rule of the gate, or the writer, sees to it.': [
    // One of three values of a code: `CodeValue` in `conditions.ts`.
    ...['LongCodeValue', 'URNCodeValue'],
    // `references.ts` and `templates.ts`.
    ...['ReferencedFrameNumber', 'ReferencedSegmentNumber'],
    // The writer chooses it.
    'SpecificCharacterSet',
  ],
  'Of what Hilum never writes: stacks, concatenations, fractions, tiles, private dimensions, references by identifier …':
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
      // Of an encapsulated document that is a content item of a report.
      ...['ContinuityOfContent', 'ValueType'],
    ],
} as const satisfies Readonly<Record<string, readonly string[]>>;
