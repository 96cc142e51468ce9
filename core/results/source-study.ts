import type { InstanceIndex } from '../study/study-index.ts';
import type { Attributes } from '../dicom/write.ts';

/**
 * What conversion knows of the source: the headers of the instances that the tool was given, and the modules that
 * results share with them. The latter are read from one of the source's own instances (the first by SOPInstanceUID),
 * never from the manifest, which holds nothing about the patient.
 */
export interface SourceStudy {
  readonly StudyInstanceUID: string;
  /** In source order (volumes: along the slice normal). */
  readonly instances: readonly InstanceIndex[];
  /** Patient, General Study and Patient Study modules (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2), copied as they are. */
  readonly patientAndStudy: Attributes;
  /** Study, series and content dates and times that results take theirs from (never the clock). */
  readonly frameOfReference?: { readonly FrameOfReferenceUID: string; readonly PositionReferenceIndicator: string };
}
