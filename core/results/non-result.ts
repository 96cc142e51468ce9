/** The answer of a run without findings, as an Enhanced SR: TID 2000 "Basic Diagnostic Imaging Report" (PS3.16). */
import { Dcm, Loinc, Outcomes } from '#dicom/codes.ts';
import { inputsOf, RESEARCH_ONLY, type ResultData } from './common.ts';
import { code, container, text } from './content-item.ts';
import type { DicomObject } from './dicom-object.ts';
import { outcomeInWords } from './outcome-in-words.ts';
import { parameters } from './provenance.ts';
import { remarkItems } from './remarks.ts';
import { SOP_CLASS } from './sop-classes.ts';
import { imagesInWords } from './source-in-words.ts';
import type { SourceStudy } from './source-study.ts';
import { srDocument } from './sr-document.ts';

/** One SR that states the outcome of the run, in codes and in words, with its reason and its images. */
export function nonResultReport(result: ResultData, source: SourceStudy): DicomObject {
  const { tool, version, outcome, reason } = result.metadata;
  const status = outcome === 'no-finding' ? Dcm.succeededWithoutFindings : Dcm.noneSucceeded;
  const inputs = inputsOf(result, source);
  return srDocument(result, source, {
    kind: 'non-result',
    role: outcome === 'failed' ? 'failure' : 'non-result',
    SOPClassUID: SOP_CLASS.enhancedSr,
    title: Loinc.diagnosticImagingReport,
    template: '2000',
    items: [
      container(Dcm.findings, [
        code('CONTAINS', Dcm.processingSummary, status),
        code('CONTAINS', Outcomes.outcome, Outcomes.values[outcome]),
        text('CONTAINS', Dcm.finding, outcomeInWords(result.metadata)?.sentence ?? 'The tool evaluated the images.'),
        ...(reason
          ? [
              code('CONTAINS', Outcomes.reason, Outcomes.reasonOf(reason.code)),
              text('CONTAINS', Dcm.finding, `${reason.message} (${reason.code})`),
            ]
          : []),
        text('CONTAINS', Dcm.finding, `Images: ${imagesInWords(inputs)}.`),
        ...remarkItems(result.metadata, Dcm.finding),
      ]),
      container(Dcm.conclusions, [
        text(
          'CONTAINS',
          Dcm.conclusion,
          `${tool.label} ${version}: ${Outcomes.values[outcome].meaning}. ${RESEARCH_ONLY}.`,
        ),
        text('CONTAINS', Dcm.conclusion, `Limits: ${tool.limits}`),
        text('CONTAINS', Dcm.conclusion, parameters(result).join('\n')),
      ]),
    ],
    evidence: inputs,
  });
}
