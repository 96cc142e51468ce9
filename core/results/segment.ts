/** Describes one segment of a SEG: Segment Description Macro (PS3.3 C.8.20.4). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { MANUFACTURER } from '../study/index-instance.ts';
import type { Finding, Segment } from '../tool.ts';
import { segmentColor } from './colors.ts';
import { codeItem, RESEARCH_ONLY, type ResultData, trackingUid } from './common.ts';
import { oneLine } from './plain-text.ts';
import { parameters } from './provenance.ts';
import { findingOf } from './severity.ts';

/** Describes the segment as number `number` of its SEG, with the algorithm (10.16) and the finding that the segment outlines. */
export function describeSegment(result: ResultData, segment: Segment, number: number): Attributes {
  const { tool, version } = result.metadata;
  const finding = findingOf(result.findings, segment);
  const tracked = finding?.id ?? segment.label;
  return {
    SegmentNumber: number,
    SegmentLabel: oneLine(finding?.label ?? segment.label, 64),
    ...(finding && { SegmentDescription: oneLine(`${finding.summary} (${RESEARCH_ONLY})`, 1024) }),
    SegmentedPropertyCategoryCodeSequence: [codeItem(segment.category)],
    SegmentedPropertyTypeCodeSequence: [codeItem(segment.type)],
    ...anatomy(segment, finding),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: oneLine(tool.label, 64),
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [codeItem(Dcm.artificialIntelligence)],
        AlgorithmName: oneLine(tool.label, 64),
        AlgorithmVersion: version.slice(0, 64),
        AlgorithmParameters: parameters(result).join('\n'),
        AlgorithmSource: MANUFACTURER,
      },
    ],
    RecommendedDisplayCIELabValue: segmentColor(segment, finding),
    TrackingID: oneLine(tracked),
    TrackingUID: trackingUid(result, tracked),
  };
}

/** The anatomic region of the segment (10.5), unless its type names that region already. */
function anatomy({ type }: Segment, finding: Finding | undefined): Attributes {
  const { site, siteModifier } = finding ?? {};
  if (site === undefined || site.value === type.value) return {};
  const modifier = siteModifier && { AnatomicRegionModifierSequence: [codeItem(siteModifier)] };
  return { AnatomicRegionSequence: [{ ...codeItem(site), ...modifier }] };
}
