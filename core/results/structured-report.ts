/** Findings and measurements as Structured Reports: TID 1500 "Measurement Report" (PS3.16). */
import { Dcm, Loinc, Sct } from '#dicom/codes.ts';
import { inputsOf, type ResultData, type Role } from './common.ts';
import { code, container, text } from './content-item.ts';
import type { DicomObject } from './dicom-object.ts';
import { type MeasurementGroup, measurementGroups } from './measurement-group.ts';
import { parameters } from './provenance.ts';
import { remarkItems } from './remarks.ts';
import type { SegmentationReference } from './segmentation.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';
import { srDocument } from './sr-document.ts';

/** The reports about findings, in their order, and those about what was judged and is sound. */
const REPORTS: readonly {
  readonly role: Role;
  readonly place: MeasurementGroup['place'];
  readonly isSound: boolean;
}[] = [
  { role: 'drawings', place: 'drawing', isSound: false },
  { role: 'segments', place: 'segment', isSound: false },
  { role: 'points', place: 'point', isSound: false },
  { role: 'measurements', place: 'image', isSound: false },
  { role: 'sound-drawings', place: 'drawing', isSound: true },
  { role: 'sound-segments', place: 'segment', isSound: true },
  { role: 'sound-points', place: 'point', isSound: true },
  { role: 'sound-measurements', place: 'image', isSound: true },
];

/**
 * One report for each way in which findings say where they are: drawn on images, by segment, at points in the patient, or in
 * the image as a whole. Viewers that draw planar regions show nothing of a report that mixes them with other groups, and
 * validators expect one template for all groups of a report. Sound findings have reports of their own, so that a report of findings
 * opens on one, and every drawing in it is one.
 *
 * All are Comprehensive 3D SRs (PS3.3 A.35.13), the class that IHE's profile AI Results names for measurements, and the only one that may
 * hold points in the patient.
 */
export function structuredReports(
  result: ResultData,
  source: SourceStudy,
  masks: readonly SegmentationReference[],
): readonly DicomObject[] {
  const inputs = inputsOf(result, source);
  const groups = measurementGroups(result, inputs, masks);
  return REPORTS.flatMap(({ role, place, isSound }) => {
    const own = groups.filter((group) => group.place === place && group.isSound === isSound);
    if (own.length === 0) return [];
    return srDocument(result, source, {
      kind: 'structured-report',
      role,
      SOPClassUID: SOP_CLASS.comprehensive3dSr,
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
        text('CONTAINS', Dcm.comment, parameters(result).join('\n')),
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
