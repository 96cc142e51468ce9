import { checkObjects } from '../gate/gate.ts';
import { checkIdentity } from '../gate/identity.ts';
import type { ResultData } from './common.ts';
import type { DicomObject } from './dicom-object.ts';
import { nonResultReport } from './non-result.ts';
import { encapsulatedPdf } from './pdf.ts';
import { secondaryCaptures } from './secondary-capture.ts';
import { segmentations } from './segmentation.ts';
import type { SourceStudy } from './source-study.ts';
import { structuredReports } from './structured-report.ts';

/**
 * The DICOM objects of a result, in a stable order: segmentations, reports, key images, PDF. A non-result is one SR, any
 * pictures that the tool adds, and the PDF.
 *
 * A pure function of the result and its source's headers: no clock, no chance, no timings. A repeated conversion therefore
 * gives the same bytes.
 *
 * @throws DicomWriteError where the result, or one of its objects, fails the output gate
 */
export function toDicom(result: ResultData, source: SourceStudy): readonly DicomObject[] {
  checkIdentity(result, source);
  const masks = segmentations(result, source);
  const objects = [
    ...masks.map(({ object }) => object),
    ...structuredReports(
      result,
      source,
      masks.map(({ reference }) => reference),
    ),
    ...(result.metadata.outcome === 'result' ? [] : [nonResultReport(result, source)]),
    ...secondaryCaptures(result, source),
    encapsulatedPdf(result, source),
  ];
  checkObjects(objects, source);
  return objects;
}
