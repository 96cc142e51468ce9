/** Enumerated Values of attributes in results (PS3.3), wherever the attribute occurs, and the Modality of each IOD. */

const YES_NO = ['YES', 'NO'];

export const ENUMERATED: Readonly<Record<string, readonly string[]>> = {
  // Image Pixel (C.7.6.3.1.2), only values that we write; General Image (C.7.6.1.1.5)
  PhotometricInterpretation: ['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB'],
  LossyImageCompression: ['00', '01'],
  BurnedInAnnotation: YES_NO,
  RecognizableVisualFeatures: YES_NO,
  // SC Equipment (C.8.6.1), defined terms
  ConversionType: ['DV', 'DI', 'DF', 'WSD', 'SD', 'SI', 'DRW', 'SYN'],
  // Segmentation (C.8.20.2)
  SegmentationType: ['BINARY', 'FRACTIONAL', 'LABELMAP'],
  SegmentAlgorithmType: ['AUTOMATIC', 'SEMIAUTOMATIC', 'MANUAL'],
  SegmentsOverlap: [...YES_NO, 'UNDEFINED'],
  // SR Document (C.17.2, C.17.3)
  CompletionFlag: ['PARTIAL', 'COMPLETE'],
  VerificationFlag: ['UNVERIFIED', 'VERIFIED'],
  PreliminaryFlag: ['PRELIMINARY', 'FINAL'],
  ContinuityOfContent: ['SEPARATE', 'CONTINUOUS'],
  RelationshipType: [
    ...['CONTAINS', 'HAS OBS CONTEXT', 'HAS ACQ CONTEXT', 'HAS CONCEPT MOD'],
    ...['HAS PROPERTIES', 'INFERRED FROM', 'SELECTED FROM'],
  ],
  // Encapsulated PDF (A.45.1)
  MIMETypeOfEncapsulatedDocument: ['application/pdf'],
  // Content Qualification (C.8.13.2.1.1)
  ContentQualification: ['PRODUCT', 'RESEARCH', 'SERVICE'],
};

/** By SOP Class. A Secondary Capture may have any Modality (C.8.20.1, C.17.1, C.24.1). */
export const MODALITIES: Readonly<Record<string, readonly string[]>> = {
  '1.2.840.10008.5.1.4.1.1.66.4': ['SEG'],
  '1.2.840.10008.5.1.4.1.1.88.22': ['SR'],
  '1.2.840.10008.5.1.4.1.1.88.34': ['SR'],
  '1.2.840.10008.5.1.4.1.1.88.59': ['KO'],
  '1.2.840.10008.5.1.4.1.1.104.1': ['DOC', 'OT', 'SR', 'REG'],
};
