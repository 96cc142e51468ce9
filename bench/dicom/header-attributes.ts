/** What is read of every header: what the selection of a series and the geometry of a volume need. */
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
