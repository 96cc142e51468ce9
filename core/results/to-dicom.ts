import type { DicomObject } from '../dicom/write.ts';
import type { ResultData } from './common.ts';
import { checkIdentity, checkObjects } from './gate.ts';
import { nonResultReport } from './non-result.ts';
import { encapsulatedPdf } from './pdf.ts';
import { secondaryCaptures } from './secondary-capture.ts';
import { segmentation } from './segmentation.ts';
import type { SourceStudy } from './source-study.ts';
import { structuredReports } from './structured-report.ts';

/**
 * The DICOM objects of a result, in a stable order: segmentation, reports, key images, PDF; a non-result is one SR and
 * whatever pictures or report the tool adds.
 *
 * A pure function of the result and its source's headers: no clock, no chance, no timings, so that a repeated
 * conversion gives the same bytes.
 *
 * @throws DicomWriteError where the result or an object of it fails the output gate
 */
export function toDicom(result: ResultData, source: SourceStudy): readonly DicomObject[] {
  checkIdentity(result, source);
  const mask = segmentation(result, source);
  const objects = [
    ...(mask ? [mask.object] : []),
    ...structuredReports(result, source, mask?.reference),
    ...(result.metadata.outcome === 'result' ? [] : [nonResultReport(result, source)]),
    ...secondaryCaptures(result, source),
    ...encapsulatedPdf(result, source),
  ];
  checkObjects(objects, source);
  return objects;
}
