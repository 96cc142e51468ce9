/** What the templates of our reports require, as far as readers depend on it (PS3.16 TID 1500, 1410, 1411, 1501, 2000, 2010). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { isEmpty, itemsOf, textOf } from './attribute-values.ts';
import type { ContentItem } from './content-tree.ts';
import type { Place, Refuse } from './refusal.ts';

/** A row of a template: the concept that its parent must contain, and the value types it may have. */
interface Row {
  readonly concept: string;
  readonly valueTypes: readonly string[];
}
const row = (name: { readonly value: string }, ...valueTypes: readonly string[]): Row => ({
  concept: name.value,
  valueTypes,
});

/** Mandatory rows under the root, by template. */
const ROOT_ROWS: Readonly<Record<string, readonly Row[]>> = {
  // Includes TID 1204 and TID 1001 (1002, 1004).
  '1500': [
    row(Dcm.language, 'CODE'),
    row(Dcm.observerType, 'CODE'),
    row(Dcm.deviceObserverUid, 'UIDREF'),
    row(Dcm.procedureReported, 'CODE'),
    row(Dcm.imagingMeasurements, 'CONTAINER'),
  ],
  '2010': [row(Dcm.observerType, 'CODE'), row(Dcm.deviceObserverUid, 'UIDREF')],
  '2000': [row(Dcm.language, 'CODE'), row(Dcm.observerType, 'CODE'), row(Dcm.deviceObserverUid, 'UIDREF')],
};

const TRACKING: readonly Row[] = [row(Dcm.trackingIdentifier, 'TEXT'), row(Dcm.trackingUniqueIdentifier, 'UIDREF')];
/** The place of a measurement group: exactly one of these (TID 1410 row 8, TID 1411 row 7). */
const PLANAR: readonly Row[] = [
  row(Dcm.imageRegion, 'SCOORD', 'SCOORD3D'),
  row(Dcm.referencedSegmentationFrame, 'IMAGE'),
];
const VOLUMETRIC: readonly Row[] = [row(Dcm.referencedSegment, 'IMAGE')];
const PLACES: Readonly<Record<string, readonly Row[] | undefined>> = {
  '1410': PLANAR,
  '1411': VOLUMETRIC,
  '1501': [],
};

/** @throws through `refuse` where a row is missing, a group has no place or two, or groups share a tracking UID */
export function checkTemplates(content: readonly ContentItem[], refuse: Refuse): void {
  const [root, ...others] = content;
  if (root === undefined) return;
  const template = templateOf(root.item);
  const rows = ROOT_ROWS[template ?? ''] ?? refuse('template-content', 'ContentTemplateSequence');
  for (const wanted of rows) if (countOf(root.item, wanted) === 0) refuse('template-content', 'ContentSequence');
  const tracked = new Set<string>();
  for (const { item, concept, place, parent } of others) {
    checkPart(item, concept, place, refuse);
    if (concept !== Dcm.measurementGroup.value || parent?.concept !== Dcm.imagingMeasurements.value) continue;
    if (TRACKING.some((wanted) => countOf(item, wanted) !== 1)) refuse('template-content', 'ContentSequence', place);
    const places = PLACES[templateOf(item) ?? ''] ?? refuse('template-content', 'ContentTemplateSequence', place);
    const placed = places.reduce((sum, wanted) => sum + countOf(item, wanted), 0);
    if (placed !== (places.length === 0 ? 0 : 1)) refuse('template-content', 'ContentSequence', place);
    const uid = textOf(
      itemsOf(item['ContentSequence']).find((child) => conceptOf(child) === Dcm.trackingUniqueIdentifier.value)?.[
        'UID'
      ],
    );
    if (uid === undefined || tracked.has(uid)) refuse('template-content', 'UID', place);
    tracked.add(uid);
  }
}

/** References to segments, and to their frames, must give the numbers. */
const PARTS: Readonly<Record<string, string>> = {
  [Dcm.referencedSegment.value]: 'ReferencedSegmentNumber',
  [Dcm.referencedSegmentationFrame.value]: 'ReferencedFrameNumber',
};

function checkPart(item: Attributes, concept: string, place: Place | undefined, refuse: Refuse): void {
  const keyword = PARTS[concept];
  if (keyword === undefined) return;
  const isNamed = itemsOf(item['ReferencedSOPSequence']).every((reference) => !isEmpty(reference[keyword]));
  if (!isNamed) refuse('template-content', keyword, place);
}

function templateOf(item: Attributes): string | undefined {
  return textOf(itemsOf(item['ContentTemplateSequence'])[0]?.['TemplateIdentifier']);
}

function conceptOf(item: Attributes): string | undefined {
  return textOf(itemsOf(item['ConceptNameCodeSequence'])[0]?.['CodeValue']);
}

function countOf(item: Attributes, { concept, valueTypes }: Row): number {
  return itemsOf(item['ContentSequence']).filter(
    (child) => conceptOf(child) === concept && valueTypes.includes(textOf(child['ValueType']) ?? ''),
  ).length;
}
