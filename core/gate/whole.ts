import type { DicomObject } from '../results/dicom-object.ts';
import type { SourceStudy } from '../results/source-study.ts';

/** An object and its source: the conditions of the standard depend on both. */
export interface Whole extends DicomObject {
  readonly source: SourceStudy;
}
