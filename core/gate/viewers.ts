/** What viewers need beyond the standard, and what Hilum promises about every object (docs/adr/0005, 0011). */
import { Dcm, Sct } from '#dicom/codes.ts';
import type { Attributes, AttributeValue } from '#dicom/write.ts';
import { RESEARCH_ONLY } from '../results/common.ts';
import { MANUFACTURER } from '../study/index-instance.ts';
import { isEmpty, itemsOf, textOf } from './attribute-values.ts';
import type { ContentItem } from './content-tree.ts';
import type { Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

export function checkViewers(whole: Whole, content: readonly ContentItem[], refuse: Refuse): void {
  const type = textOf(whole.attributes['SegmentationType']);
  if (type !== undefined && type !== 'BINARY') refuse('viewer-segmentation-type', 'SegmentationType');
  const groups = content.filter(({ concept }) => concept === Dcm.measurementGroup.value);
  checkGroups(groups, refuse);
  checkSound(groups, refuse);
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
function checkGroups(groups: readonly ContentItem[], refuse: Refuse): void {
  const drawn = groups.filter(({ item }) =>
    itemsOf(item['ContentSequence']).some((child) => child['ValueType'] === 'SCOORD'),
  );
  const [other] = drawn.length === 0 ? [] : groups.filter((group) => !drawn.includes(group));
  if (other !== undefined) refuse('viewer-mixed-groups', 'ContentSequence', other.place);
}

/** Sound findings have reports of their own: viewers draw all groups of a report alike. */
function checkSound(groups: readonly ContentItem[], refuse: Refuse): void {
  const sound = groups.filter(({ item }) => itemsOf(item['ContentSequence']).some(saysSound));
  const [first] = sound;
  if (first !== undefined && sound.length < groups.length)
    refuse('sound-with-findings', 'ContentSequence', first.place);
}

const saysSound = (item: Attributes): boolean =>
  codeOf(item, 'ConceptNameCodeSequence') === Sct.severity.value &&
  codeOf(item, 'ConceptCodeSequence') === Sct.normal.value;

const codeOf = (item: Attributes, sequence: string): string | undefined =>
  textOf(itemsOf(item[sequence])[0]?.['CodeValue']);

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
