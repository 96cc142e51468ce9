/** The answer of a run without findings, as an Enhanced SR: TID 2000 "Basic Diagnostic Imaging Report" (PS3.16). */
import { Dcm, Loinc, Outcomes } from '#dicom/codes.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import { bySeries, inputsOf, RESEARCH_ONLY, type ResultData } from './common.ts';
import { code, container, text } from './content-item.ts';
import type { DicomObject } from './dicom-object.ts';
import { parameters } from './provenance.ts';
import { remarkItems } from './remarks.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';
import { srDocument } from './sr-document.ts';

const SENTENCES = {
  'no-finding': 'The tool evaluated the images and found nothing to report.',
  'not-applicable':
    'The images are outside the scope of the tool. This says nothing about the presence or absence of a finding.',
  'not-evaluable':
    'The tool could not evaluate the images. This says nothing about the presence or absence of a finding.',
  failed: 'The tool failed. This says nothing about the presence or absence of a finding.',
  result: 'The tool evaluated the images.',
} as const;

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
        text('CONTAINS', Dcm.finding, SENTENCES[outcome]),
        ...(reason
          ? [
              code('CONTAINS', Outcomes.reason, Outcomes.reasonOf(reason.code)),
              text('CONTAINS', Dcm.finding, `${reason.message} (${reason.code})`),
            ]
          : []),
        text('CONTAINS', Dcm.finding, `Images: ${imagesOf(inputs)}.`),
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

/** The tool's inputs as readers find them in the study: `CT series 3, 120 images`. */
function imagesOf(inputs: readonly InstanceIndex[]): string {
  return [...bySeries(inputs).values()]
    .map((images) => {
      const [{ Modality = 'OT', SeriesNumber } = {}] = images;
      return `${Modality} series${SeriesNumber === undefined ? '' : ` ${SeriesNumber}`}, ${images.length} ${images.length === 1 ? 'image' : 'images'}`;
    })
    .join('; ');
}
