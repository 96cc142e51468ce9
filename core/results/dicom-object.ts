import type { Attributes } from '#dicom/write.ts';

/** One object to be written. `kind` says what it is to people; the SOP Class says it to machines. */
export interface DicomObject {
  readonly kind: 'segmentation' | 'structured-report' | 'pdf' | 'secondary-capture' | 'non-result';
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly attributes: Attributes;
}
