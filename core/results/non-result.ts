/** The answer of a run without findings as an Enhanced SR: TID 2000 "Basic Diagnostic Imaging Report" (PS3.16). */
import { Dcm, Loinc } from '../dicom/codes.ts';
import type { DicomObject } from '../dicom/write.ts';
import { inputsOf, RESEARCH_ONLY, type ResultData } from './common.ts';
import { code, container, text } from './content-item.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';
import { srDocument } from './sr-document.ts';

const SENTENCES = {
  'no-finding': 'The tool evaluated the images and found nothing to report.',
  'not-evaluable':
    'The tool could not evaluate the images. This says nothing about the presence or absence of a finding.',
  failed: 'The tool failed. This says nothing about the presence or absence of a finding.',
  result: 'The tool evaluated the images.',
} as const;

/** One SR that says what became of the run, the reason's code and its plain sentence. */
export function nonResultReport(result: ResultData, source: SourceStudy): DicomObject {
  const { tool, version, outcome, reason } = result.metadata;
  const status = outcome === 'no-finding' ? Dcm.succeededWithoutFindings : Dcm.noneSucceeded;
  return srDocument(result, source, {
    kind: 'non-result',
    role: outcome === 'failed' ? 'failure' : 'non-result',
    SOPClassUID: SOP_CLASS.enhancedSr,
    title: Loinc.diagnosticImagingReport,
    template: '2000',
    items: [
      container(Dcm.findings, [
        code('CONTAINS', Dcm.processingSummary, status),
        text('CONTAINS', Dcm.finding, SENTENCES[outcome]),
        ...(reason ? [text('CONTAINS', Dcm.finding, `${reason.message} (${reason.code})`)] : []),
      ]),
      container(Dcm.conclusions, [
        text('CONTAINS', Dcm.conclusion, `${tool.label} ${version}: ${outcome}. ${RESEARCH_ONLY}.`),
      ]),
    ],
    evidence: inputsOf(result, source),
  });
}
