/** The report as Encapsulated PDF (PS3.3 A.45.1). */
import type { DicomObject } from '../dicom/write.ts';
import { DicomWriteError } from '../errors.ts';
import { commonAttributes, inputsOf, objectUid, type ResultData, reference } from './common.ts';
import { reportPdf } from './report-pages.ts';
import type { SourceStudy } from './source-study.ts';

const ENCAPSULATED_PDF_STORAGE = '1.2.840.10008.5.1.4.1.1.104.1';

/**
 * The result's report: a page made here, or the PDF that the tool brings.
 *
 * @throws DicomWriteError where what the tool brings does not start like a PDF
 */
export function encapsulatedPdf(result: ResultData, source: SourceStudy): readonly DicomObject[] {
  const { report } = result;
  if (report === undefined) return [];
  const bytes = report.kind === 'pdf' ? report.bytes : reportPdf(result, source, report);
  if (Buffer.from(bytes.subarray(0, 5)).toString('latin1') !== '%PDF-') {
    throw new DicomWriteError('The report that the tool brings is not a PDF', {
      facts: { keyword: 'EncapsulatedDocument' },
    });
  }
  const sources = inputsOf(result, source);
  return [
    {
      kind: 'pdf',
      SOPClassUID: ENCAPSULATED_PDF_STORAGE,
      SOPInstanceUID: objectUid(result, 'report'),
      attributes: {
        ...commonAttributes(result, source, { role: 'report', SOPClassUID: ENCAPSULATED_PDF_STORAGE, Modality: 'DOC' }),
        ConversionType: 'WSD',
        AcquisitionDateTime: '',
        BurnedInAnnotation: 'NO',
        RecognizableVisualFeatures: 'NO',
        DocumentTitle: report.title,
        ConceptNameCodeSequence: [],
        SourceInstanceSequence: sources.map(reference),
        MIMETypeOfEncapsulatedDocument: 'application/pdf',
        EncapsulatedDocument: bytes,
        EncapsulatedDocumentLength: bytes.length,
      },
    },
  ];
}
