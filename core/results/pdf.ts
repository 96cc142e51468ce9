/** The report as Encapsulated PDF (PS3.3 A.45.1). */
import { Loinc } from '#dicom/codes.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { codeItem, commonAttributes, inputsOf, objectUid, type ResultData, reference } from './common.ts';
import type { DicomObject } from './dicom-object.ts';
import { oneLine } from './plain-text.ts';
import { predecessors } from './replacing.ts';
import { defaultReport, reportPdf } from './report-pages.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';

/**
 * The result's report: a page made here, or a PDF that the tool brings. Every result and every non-result has one.
 *
 * @throws DicomWriteError where the tool's own document does not start like a PDF
 */
export function encapsulatedPdf(result: ResultData, source: SourceStudy): DicomObject {
  const { report = defaultReport(result), metadata } = result;
  const role = metadata.outcome === 'failed' ? 'failure-report' : 'report';
  const bytes = report.kind === 'pdf' ? report.bytes : reportPdf(result, source, report, role);
  if (Buffer.from(bytes.subarray(0, 5)).toString('latin1') !== '%PDF-') {
    throw new DicomWriteError('The report that the tool brings is not a PDF', {
      facts: { keyword: 'EncapsulatedDocument' },
    });
  }
  const sources = inputsOf(result, source);
  const SOPClassUID = SOP_CLASS.encapsulatedPdf;
  // A PDF that the tool brings may name the patient; a page made here does not (`checkIdentity`).
  const isOurs = report.kind === 'page';
  return {
    kind: 'pdf',
    SOPClassUID,
    SOPInstanceUID: objectUid(result, source, role),
    attributes: {
      ...commonAttributes(result, source, { role, SOPClassUID, Modality: 'DOC' }),
      ConversionType: 'WSD',
      AcquisitionDateTime: '',
      BurnedInAnnotation: isOurs ? 'NO' : 'YES',
      ...(isOurs && { RecognizableVisualFeatures: 'NO' }),
      VerificationFlag: 'UNVERIFIED',
      ...predecessors(source, SOPClassUID),
      DocumentTitle: oneLine(`${report.title} (research)`, 1024),
      ConceptNameCodeSequence: [codeItem(Loinc.diagnosticImagingReport)],
      SourceInstanceSequence: sources.map(reference),
      MIMETypeOfEncapsulatedDocument: 'application/pdf',
      EncapsulatedDocument: bytes,
      EncapsulatedDocumentLength: bytes.length,
    },
  };
}
