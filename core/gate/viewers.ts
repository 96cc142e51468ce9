/** What viewers need beyond the standard, and what Hilum promises about every object (docs/adr/0005, 0011). */
import { Dcm } from '#dicom/codes.ts';
import type { AttributeValue } from '#dicom/write.ts';
import { RESEARCH_ONLY } from '../results/common.ts';
import { MANUFACTURER } from '../study/index-instance.ts';
import { isEmpty, itemsOf, textOf } from './attribute-values.ts';
import type { ContentItem } from './content-tree.ts';
import type { Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

export function checkViewers(whole: Whole, content: readonly ContentItem[], refuse: Refuse): void {
  const type = textOf(whole.attributes['SegmentationType']);
  if (type !== undefined && type !== 'BINARY') refuse('viewer-segmentation-type', 'SegmentationType');
  checkGroups(content, refuse);
  for (const { item, valueType, place } of content) {
    if (valueType === 'SCOORD3D' && item['GraphicType'] === 'POLYGON') refuse('viewer-polygon', 'GraphicType', place);
  }
  const { EncapsulatedDocument: document, DocumentTitle: title } = whole.attributes;
  if (document !== undefined && isEmpty(title)) refuse('viewer-document-title', 'DocumentTitle');
  // The text of a PDF that a tool brings cannot be known for sure, so the title must say it.
  if (document !== undefined && !saysResearch(title)) refuse('research-only-missing', 'DocumentTitle');
  checkLabels(whole, refuse);
}

/** A report with planar regions has no other groups: viewers draw nothing of a mixed report. */
function checkGroups(content: readonly ContentItem[], refuse: Refuse): void {
  const groups = content.filter(({ concept }) => concept === Dcm.measurementGroup.value);
  const drawn = groups.filter(({ item }) =>
    itemsOf(item['ContentSequence']).some((child) => child['ValueType'] === 'SCOORD'),
  );
  const [other] = drawn.length === 0 ? [] : groups.filter((group) => !drawn.includes(group));
  if (other !== undefined) refuse('viewer-mixed-groups', 'ContentSequence', other.place);
}

/** The marks by which the forwarder and the router recognise our own output, and the research label that readers see. */
function checkLabels({ attributes }: Whole, refuse: Refuse): void {
  if (textOf(attributes['Manufacturer']) !== MANUFACTURER) refuse('not-marked-ours', 'Manufacturer');
  const contributions = itemsOf(attributes['ContributingEquipmentSequence']).filter(
    (item) => textOf(item['Manufacturer']) === MANUFACTURER,
  );
  if (contributions.length === 0) refuse('not-marked-ours', 'ContributingEquipmentSequence');
  if (!contributions.some((item) => textOf(item['ContributionDescription'])?.startsWith(RESEARCH_ONLY)))
    refuse('research-only-missing', 'ContributionDescription');
  if (attributes['ContentQualification'] !== 'RESEARCH') refuse('research-only-missing', 'ContentQualification');
  if (!saysResearch(attributes['SeriesDescription'])) refuse('research-only-missing', 'SeriesDescription');
}

const saysResearch = (value: AttributeValue | undefined): boolean => /\bresearch\b/i.test(textOf(value) ?? '');
