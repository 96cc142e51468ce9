/** Findings and measurements as Structured Reports: TID 1500 "Measurement Report" (PS3.16). */
import { Dcm, Loinc, Sct } from '#dicom/codes.ts';
import { inputsOf, type ResultData, type Role } from './common.ts';
import { code, container, text } from './content-item.ts';
import type { DicomObject } from './dicom-object.ts';
import { type MeasurementGroup, measurementGroups } from './measurement-group.ts';
import { remarkItems } from './remarks.ts';
import type { SegmentationReference } from './segmentation.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';
import { srDocument } from './sr-document.ts';

/** The reports, in their order. Only a Comprehensive 3D SR may hold points in the patient (PS3.3 A.35.13). */
const REPORTS: Readonly<Record<MeasurementGroup['place'], { readonly role: Role; readonly SOPClassUID: string }>> = {
  drawing: { role: 'drawings', SOPClassUID: SOP_CLASS.comprehensiveSr },
  segment: { role: 'segments', SOPClassUID: SOP_CLASS.comprehensiveSr },
  point: { role: 'points', SOPClassUID: SOP_CLASS.comprehensive3dSr },
  image: { role: 'measurements', SOPClassUID: SOP_CLASS.comprehensiveSr },
};

/**
 * One report for each way in which findings say where they are: drawn on images, by segment, at points in the patient, or in
 * the image as a whole. Viewers that draw planar regions show nothing of a report that mixes them with other groups, and
 * validators expect one template for all groups of a report.
 */
export function structuredReports(
  result: ResultData,
  source: SourceStudy,
  masks: readonly SegmentationReference[],
): readonly DicomObject[] {
  const inputs = inputsOf(result, source);
  const groups = measurementGroups(result, inputs, masks);
  return Object.entries(REPORTS).flatMap(([place, { role, SOPClassUID }]) => {
    const own = groups.filter((group) => group.place === place);
    if (own.length === 0) return [];
    return srDocument(result, source, {
      kind: 'structured-report',
      role,
      SOPClassUID,
      title: Dcm.imagingMeasurementReport,
      template: '1500',
      items: [
        code('HAS CONCEPT MOD', Dcm.procedureReported, procedure(inputs[0]?.Modality)),
        container(
          Dcm.imagingMeasurements,
          own.map(({ content }) => content),
        ),
        // TID 1500 does not have these rows, but it is extensible.
        text('CONTAINS', Dcm.comment, `Limits: ${result.metadata.tool.limits}`),
        ...remarkItems(result.metadata, Dcm.comment),
      ],
      evidence: place === 'segment' ? [...inputs, ...masks] : inputs,
    });
  });
}

/** The procedure as a code of CID 100, which has none for radiographs. */
function procedure(modality: string | undefined) {
  if (modality === 'CT') return Loinc.computedTomography;
  return modality === 'MR' ? Loinc.magneticResonanceImaging : Sct.imagingProcedure;
}
