/** One finding as a measurement group: TID 1410, 1411 or 1501, including TID 1419 and 4019 (PS3.16). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import type { Finding, ImageRegion, Measurement } from '../tool.ts';
import { frameNumbers, instanceOf, RESEARCH_ONLY, type ResultData, trackingUid } from './common.ts';
import { code, container, image, num, point3d, scoord, site, text, uidref } from './content-item.ts';
import { evaluationsOf, measurementsOf } from './quantities.ts';
import type { SegmentationReference } from './segmentation.ts';

export interface MeasurementGroup {
  /** How the group says where its finding is. */
  readonly place: 'drawing' | 'segment' | 'point' | 'image';
  /** Whether its finding is `normal`: judged, and sound. */
  readonly isSound: boolean;
  readonly content: Attributes;
}

/** Where a finding is: the items that say so, and the template that they belong to. */
interface Place {
  readonly place: MeasurementGroup['place'];
  readonly template: '1410' | '1411' | '1501';
  readonly items: readonly Attributes[];
}

/** One group per finding; a finding that is drawn several times has a group for each region. */
export function measurementGroups(
  result: ResultData,
  inputs: readonly InstanceIndex[],
  masks: readonly SegmentationReference[],
): readonly MeasurementGroup[] {
  return result.findings.flatMap((finding) => {
    const { id, regions = [] } = finding;
    if (regions.length === 0) return [group(result, finding, id, placeOf(finding, inputs, masks))];
    // TID 1410 takes one region. Each region is tracked separately, the first one under the finding's own id.
    return regions.map((region, index) =>
      group(result, finding, index === 0 ? id : `${id} region ${index + 1}`, drawing(region, inputs)),
    );
  });
}

function drawing(region: ImageRegion, inputs: readonly InstanceIndex[]): Place {
  const byUid = new Map(inputs.map((instance) => [instance.SOPInstanceUID, instance]));
  const drawn = scoord(Dcm.imageRegion, region, instanceOf(byUid, region.SOPInstanceUID));
  return { place: 'drawing', template: '1410', items: [drawn] };
}

/**
 * Where a finding is that is not drawn: in a segment of a SEG (on a volume TID 1411; on a radiograph the segment's frame, TID
 * 1410), at a point in the patient (TID 1410), or in the image as a whole (TID 1501).
 */
function placeOf(
  { segmentNumber, position }: Finding,
  inputs: readonly InstanceIndex[],
  masks: readonly SegmentationReference[],
): Place {
  const mask = masks.find((one) => one.framesOf(segmentNumber).length > 0);
  if (mask !== undefined) return segment(mask, segmentNumber);
  const { FrameOfReferenceUID } = inputs[0] ?? {};
  return position && FrameOfReferenceUID
    ? { place: 'point', template: '1410', items: [point3d(Dcm.imageRegion, position, FrameOfReferenceUID)] }
    : { place: 'image', template: '1501', items: [] };
}

function segment(mask: SegmentationReference, segmentNumber: number | undefined): Place {
  const frames = mask.framesOf(segmentNumber);
  const item = mask.inSpace
    ? image(Dcm.referencedSegment, mask, { ReferencedSegmentNumber: mask.segmentNumber(segmentNumber) })
    : image(Dcm.referencedSegmentationFrame, mask, { ReferencedFrameNumber: frames.map(({ number }) => number) });
  const sources = Map.groupBy(
    frames.map(({ source }) => source),
    ({ SOPInstanceUID }) => SOPInstanceUID,
  );
  const looked = [...sources.values()].flatMap((of) =>
    of.slice(0, 1).map((instance) => image(Dcm.sourceImageForSegmentation, instance, frameNumbers(of))),
  );
  return { place: 'segment', template: mask.inSpace ? '1411' : '1410', items: [item, ...looked] };
}

/**
 * What was found and where, how bad and how large it is, how certain, and which algorithm says so (TID 4019). The items are in the order
 * in which people read them, which the templates leave free. Of the algorithm, the digests stand once at the end of the report.
 */
function group(
  result: ResultData,
  finding: Finding,
  trackingIdentifier: string,
  { place, template, items }: Place,
): MeasurementGroup {
  const { tool, version } = result.metadata;
  const content = container(
    Dcm.measurementGroup,
    [
      text('HAS OBS CONTEXT', Dcm.trackingIdentifier, trackingIdentifier),
      uidref('HAS OBS CONTEXT', Dcm.trackingUniqueIdentifier, trackingUid(result, trackingIdentifier)),
      code('CONTAINS', Dcm.finding, finding.finding),
      ...site(finding),
      ...evaluationsOf(finding).map(({ name, value }) => code('CONTAINS', name, value)),
      ...numbers(measurementsOf(finding)),
      ...items,
      text('CONTAINS', Dcm.comment, `${finding.summary} (${RESEARCH_ONLY})`),
      text('HAS CONCEPT MOD', Dcm.algorithmName, tool.label),
      text('HAS CONCEPT MOD', Dcm.algorithmVersion, version),
      code('HAS CONCEPT MOD', Dcm.algorithmFamily, Dcm.artificialIntelligence),
    ],
    template,
  );
  return { place, isSound: finding.severity === 'normal', content };
}

/** Measurements as items, those from which another one was computed below it. */
function numbers(measurements: readonly Measurement[]): readonly Attributes[] {
  const sources = new Set(measurements.flatMap(({ inferredFrom = [] }) => inferredFrom));
  return measurements
    .filter(({ name }) => !sources.has(name.value))
    .map((one) => {
      const from = measurements.filter(({ name }) => one.inferredFrom?.includes(name.value));
      return { ...num(one), ...(from.length > 0 && { ContentSequence: from.map((of) => num(of, 'INFERRED FROM')) }) };
    });
}
