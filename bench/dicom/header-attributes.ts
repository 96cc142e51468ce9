/** The attributes read from every header: those for selecting a series and for a volume's geometry. */
export const TEXTS = [
  'SOPClassUID',
  'SOPInstanceUID',
  'StudyInstanceUID',
  'SeriesInstanceUID',
  'FrameOfReferenceUID',
  'Modality',
  'ImageType',
  'BodyPartExamined',
  'SeriesDescription',
  'PhotometricInterpretation',
  'Manufacturer',
] as const;

export const NUMBERS = [
  'SeriesNumber',
  'AcquisitionNumber',
  'InstanceNumber',
  'Rows',
  'Columns',
  'SamplesPerPixel',
  'BitsAllocated',
  'BitsStored',
  'PixelRepresentation',
  'PixelSpacing',
  'SliceThickness',
  'ImagePositionPatient',
  'ImageOrientationPatient',
  'RescaleSlope',
  'RescaleIntercept',
] as const;
