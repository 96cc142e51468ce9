import type { DicomObject } from '../results/dicom-object.ts';
import type { SourceStudy } from '../results/source-study.ts';

/** An object with what it was made from: what the conditions of the standard are asked about. */
export interface Whole extends DicomObject {
  readonly source: SourceStudy;
}
