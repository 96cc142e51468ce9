import type { Attributes } from '#dicom/write.ts';

/** One object to be written. `kind` tells people what it is; the SOP Class tells machines. */
export interface DicomObject {
  readonly kind: 'segmentation' | 'structured-report' | 'pdf' | 'secondary-capture' | 'non-result' | 'rejection-note';
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly attributes: Attributes;
}
