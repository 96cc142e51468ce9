/** Findings and measurements as Structured Reports: TID 1500 "Measurement Report" (PS3.16). */
import { Dcm, Sct, Units } from '../dicom/codes.ts';
import type { Attributes, DicomObject } from '../dicom/write.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import type { Finding, ImageRegion } from '../tool.ts';
import {
  frameNumbers,
  framesOf,
  inputsOf,
  instanceOf,
  RESEARCH_ONLY,
  type ResultData,
  type Role,
  trackingUid,
} from './common.ts';
import { code, container, image, num, point3d, scoord, text, uidref } from './content-item.ts';
import { isInSpace, type SegmentationReference } from './segmentation.ts';
import type { SourceStudy } from './source-study.ts';
import { srDocument } from './sr-document.ts';

const COMPREHENSIVE_SR = '1.2.840.10008.5.1.4.1.1.88.33';
/** The one that may hold points in space (PS3.3 A.35.13). */
const COMPREHENSIVE_3D_SR = '1.2.840.10008.5.1.4.1.1.88.34';

/** What a measurement group is about: where it lies and by which template it says so. */
interface Place {
  readonly template: '1410' | '1411' | '1501';
  readonly items: readonly Attributes[];
  /** A point in the patient, which only a Comprehensive 3D SR may hold. */
  readonly isPoint?: boolean;
}

/**
 * Up to two reports. Findings drawn on source images make one of their own, since viewers that draw planar regions show
 * nothing of a report that mixes them with other groups; all other findings make the second.
 */
export function structuredReports(
  result: ResultData,
  source: SourceStudy,
  seg: SegmentationReference | undefined,
): readonly DicomObject[] {
  const inputs = inputsOf(result, source);
  const drawn = result.findings.filter(isDrawn).flatMap((finding) => drawnGroups(result, finding, inputs));
  const placed = result.findings
    .filter((finding) => !isDrawn(finding))
    .map((finding) => ({ finding, where: place(result, finding, inputs, seg) }));
  return [
    ...report(result, source, {
      role: 'drawings',
      SOPClassUID: COMPREHENSIVE_SR,
      groups: drawn,
      evidence: inputs,
    }),
    ...report(result, source, {
      role: 'measurements',
      SOPClassUID: placed.some(({ where }) => where.isPoint) ? COMPREHENSIVE_3D_SR : COMPREHENSIVE_SR,
      groups: placed.map(({ finding, where }) => group(result, finding, finding.id, where)),
      evidence: seg ? [...inputs, seg] : inputs,
    }),
  ];
}

const isDrawn = ({ regions }: Finding): boolean => regions !== undefined && regions.length > 0;

interface ReportPart {
  readonly role: Role;
  readonly SOPClassUID: string;
  readonly groups: readonly Attributes[];
  readonly evidence: readonly (InstanceIndex | SegmentationReference)[];
}

function report(
  result: ResultData,
  source: SourceStudy,
  { role, SOPClassUID, groups, evidence }: ReportPart,
): readonly DicomObject[] {
  if (groups.length === 0) return [];
  const [first] = inputsOf(result, source);
  return [
    srDocument(result, source, {
      kind: 'structured-report',
      role,
      SOPClassUID,
      title: Dcm.imagingMeasurementReport,
      template: '1500',
      items: [
        code('HAS CONCEPT MOD', Dcm.procedureReported, procedure(first?.Modality)),
        container(Dcm.imagingMeasurements, groups),
      ],
      evidence,
    }),
  ];
}

/** The procedure in the words of CID 100. */
function procedure(modality: string | undefined) {
  if (modality === 'CT') return Sct.computedTomography;
  return modality === 'MR' ? Sct.magneticResonanceImaging : Sct.plainRadiography;
}

/** A group per region, for TID 1410 takes one; each is tracked by itself, the first under the finding's own name. */
function drawnGroups(result: ResultData, finding: Finding, inputs: readonly InstanceIndex[]): readonly Attributes[] {
  const byUid = new Map(inputs.map((instance) => [instance.SOPInstanceUID, instance]));
  return (finding.regions ?? []).map((region: ImageRegion, index) =>
    group(result, finding, index === 0 ? finding.id : `${finding.id} region ${index + 1}`, {
      template: '1410',
      items: [scoord(Dcm.imageRegion, region, instanceOf(byUid, region.SOPInstanceUID))],
    }),
  );
}

/**
 * Where a finding that is not drawn lies: a segment of the SEG (on a volume TID 1411, on a radiograph the segment's
 * frame, TID 1410), a point in the patient (TID 1410), or the image as a whole (TID 1501).
 */
function place(
  result: ResultData,
  { segmentNumber, position }: Finding,
  inputs: readonly InstanceIndex[],
  seg: SegmentationReference | undefined,
): Place {
  const segment = result.segments.find(({ number }) => number === segmentNumber);
  const frames = segment && seg ? seg.framesOf(segment.number) : [];
  if (segment === undefined || seg === undefined || frames.length === 0) {
    const { FrameOfReferenceUID } = inputs[0] ?? {};
    return position && FrameOfReferenceUID
      ? { template: '1410', items: [point3d(Dcm.imageRegion, position, FrameOfReferenceUID)], isPoint: true }
      : { template: '1501', items: [] };
  }
  const outlined = Map.groupBy(segment.frames, ({ SOPInstanceUID }) => SOPInstanceUID);
  const sources = inputs.flatMap((instance) => {
    const frames = outlined.get(instance.SOPInstanceUID);
    return frames === undefined ? [] : [image(Dcm.sourceImageForSegmentation, instance, frameNumbers(frames))];
  });
  const ReferencedSegmentNumber = segment.number;
  return isInSpace(framesOf(inputs))
    ? { template: '1411', items: [image(Dcm.referencedSegment, seg, { ReferencedSegmentNumber }), ...sources] }
    : {
        template: '1410',
        items: [image(Dcm.referencedSegmentationFrame, seg, { ReferencedFrameNumber: frames }), ...sources],
      };
}

/** A measurement group: what was found, where, by which algorithm, how large and how sure. */
function group(
  result: ResultData,
  finding: Finding,
  trackingIdentifier: string,
  { template, items }: Place,
): Attributes {
  const { tool, version } = result.metadata;
  const certainty = finding.certainty === undefined ? [] : [percent(finding.certainty)];
  return container(
    Dcm.measurementGroup,
    [
      text('HAS OBS CONTEXT', Dcm.trackingIdentifier, trackingIdentifier),
      uidref('HAS OBS CONTEXT', Dcm.trackingUniqueIdentifier, trackingUid(result, trackingIdentifier)),
      code('CONTAINS', Dcm.finding, finding.finding),
      ...items,
      ...(finding.site ? [code('HAS CONCEPT MOD', Sct.findingSite, finding.site)] : []),
      text('HAS CONCEPT MOD', Dcm.algorithmName, tool.label),
      text('HAS CONCEPT MOD', Dcm.algorithmVersion, version),
      ...[...finding.measurements, ...certainty].map(num),
      ...finding.evaluations.map(({ name, value }) => code('CONTAINS', name, value)),
      text('CONTAINS', Dcm.comment, `${finding.summary} (${RESEARCH_ONLY})`),
    ],
    template,
  );
}

const percent = (certainty: number) => ({
  name: Dcm.certaintyOfFinding,
  value: Math.round(certainty * 1e4) / 100,
  unit: Units.percent,
});
