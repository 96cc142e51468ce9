import type { Reason } from '../errors.ts';
import { checkObjects } from '../gate/gate.ts';
import { checkIdentity } from '../gate/identity.ts';
import type { FrameHeader } from '../study/frames.ts';
import type { ResultData } from './common.ts';
import type { DicomObject } from './dicom-object.ts';
import { nonResultReport } from './non-result.ts';
import { encapsulatedPdf } from './pdf.ts';
import { secondaryCaptures } from './secondary-capture.ts';
import { segmentations } from './segmentation.ts';
import { seriesInWords } from './source-in-words.ts';
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
export function toDicom(answer: ResultData, source: SourceStudy): readonly DicomObject[] {
  checkIdentity(answer, source);
  const { written: masks, withheld } = segmentations(answer, source);
  const result = withNotes(answer, withheld.map(maskWithheld));
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

/** The same result, with notes for its readers. */
function withNotes(result: ResultData, more: readonly Reason[]): ResultData {
  if (more.length === 0) return result;
  const { metadata } = result;
  return { ...result, metadata: { ...metadata, notes: [...(metadata.notes ?? []), ...more] } };
}

const maskWithheld = (header: FrameHeader): Reason => ({
  code: 'mask-withheld',
  message: `The mask on ${seriesInWords([header])} is not stored here: viewers of this site may show masks of ${header.Columns} by ${header.Rows} pixels wrongly`,
});
