/** The tree of a Structured Report: where its IOD allows which content items (PS3.3 A.35), and what the items draw. */
import type { Attributes } from '#dicom/write.ts';
import { itemsOf, numbersOf, textOf } from './attribute-values.ts';
import type { Place, Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

const DATA = ['TEXT', 'CODE', 'NUM', 'DATETIME', 'DATE', 'TIME', 'UIDREF', 'PNAME'];
const REFERENCES = ['COMPOSITE', 'IMAGE', 'WAVEFORM'];
const WORDS = DATA.filter((type) => type !== 'NUM');

/** Relationship types with the value types of source and target. */
type Constraints = readonly (readonly [sources: readonly string[], relationship: string, targets: readonly string[]])[];

/**
 * @param coordinates the IOD's value types of coordinates
 * @param stating the value types that may have observation context
 * @param ofStating the value types that may have properties, or be inferred from something
 */
const constraints = (coordinates: readonly string[], stating: readonly string[], ofStating: readonly string[]) => {
  const all = [...DATA, ...REFERENCES, ...coordinates, 'CONTAINER'];
  return [
    [['CONTAINER'], 'CONTAINS', all],
    [stating, 'HAS OBS CONTEXT', [...DATA, 'COMPOSITE']],
    [['CONTAINER', ...REFERENCES, 'NUM'], 'HAS ACQ CONTEXT', [...DATA, 'CONTAINER']],
    [all, 'HAS CONCEPT MOD', ['TEXT', 'CODE']],
    [ofStating, 'HAS PROPERTIES', all],
    [['PNAME'], 'HAS PROPERTIES', WORDS],
    [ofStating, 'INFERRED FROM', all],
    [['SCOORD'], 'SELECTED FROM', ['IMAGE']],
    [['TCOORD'], 'SELECTED FROM', [...coordinates.filter((type) => type !== 'TCOORD'), 'IMAGE', 'WAVEFORM']],
  ] satisfies Constraints;
};

const STATING = ['TEXT', 'CODE', 'NUM', 'CONTAINER'];
const STATEMENTS = ['TEXT', 'CODE', 'NUM'];

/** By SOP Class: Tables A.35.4-2 (Key Object Selection), A.35.2-2 (Enhanced), A.35.13-2 (Comprehensive 3D). */
const CONSTRAINTS: Readonly<Record<string, Constraints>> = {
  '1.2.840.10008.5.1.4.1.1.88.59': [
    [['CONTAINER'], 'CONTAINS', ['TEXT', ...REFERENCES]],
    [['CONTAINER'], 'HAS OBS CONTEXT', ['TEXT', 'CODE', 'UIDREF', 'PNAME']],
    [['CONTAINER'], 'HAS CONCEPT MOD', ['CODE']],
  ],
  '1.2.840.10008.5.1.4.1.1.88.22': constraints(['SCOORD', 'TCOORD'], ['CONTAINER'], ['TEXT']),
  '1.2.840.10008.5.1.4.1.1.88.34': constraints(['SCOORD', 'SCOORD3D', 'TCOORD'], STATING, STATEMENTS),
};

/** A content item and its place in the tree. */
export interface ContentItem {
  readonly item: Attributes;
  readonly valueType: string;
  /** Code Value of the concept name. */
  readonly concept: string;
  readonly place: Place | undefined;
  readonly parent: ContentItem | undefined;
}

/** All content items, parents before their children; an empty list for objects that are not reports. */
export function contentOf(attributes: Attributes): readonly ContentItem[] {
  if (attributes['ContentSequence'] === undefined) return [];
  const found: ContentItem[] = [];
  const visit = (item: Attributes, place: Place | undefined, parent: ContentItem | undefined): void => {
    const [name = {}] = itemsOf(item['ConceptNameCodeSequence']);
    const concept = textOf(name['CodeValue']) ?? textOf(name['LongCodeValue']) ?? '';
    const here = { item, valueType: textOf(item['ValueType']) ?? '', concept, place, parent };
    found.push(here);
    itemsOf(item['ContentSequence']).forEach((child, index) => {
      visit(child, { within: place, sequence: 'ContentSequence', number: index + 1 }, here);
    });
  };
  visit(attributes, undefined, undefined);
  return found;
}

export function checkContentTree(whole: Whole, content: readonly ContentItem[], refuse: Refuse): void {
  const allowed = CONSTRAINTS[whole.SOPClassUID] ?? [];
  for (const { item, valueType, place, parent } of content) {
    if (parent === undefined) {
      if (valueType !== 'CONTAINER') refuse('value-type', 'ValueType');
      continue;
    }
    const relationship = textOf(item['RelationshipType']) ?? '';
    if (!allowed.some(([, , targets]) => targets.includes(valueType))) refuse('value-type', 'ValueType', place);
    const fits = allowed.some(
      ([sources, type, targets]) =>
        type === relationship && sources.includes(parent.valueType) && targets.includes(valueType),
    );
    if (!fits) refuse('relationship', 'RelationshipType', place);
    if (valueType === 'SCOORD') checkPlanar(item, whole, place, refuse);
    if (valueType === 'SCOORD3D') checkPoints(item, 3, place, refuse);
  }
}

/** The least and the most points of each graphic type (C.18.6.1.2, C.18.9.1.2). */
const POINTS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  POINT: [1, 1],
  MULTIPOINT: [1, Number.POSITIVE_INFINITY],
  POLYLINE: [2, Number.POSITIVE_INFINITY],
  POLYGON: [4, Number.POSITIVE_INFINITY],
  CIRCLE: [2, 2],
  ELLIPSE: [4, 4],
  ELLIPSOID: [6, 6],
};

function checkPoints(
  item: Attributes,
  dimensions: number,
  place: Place | undefined,
  refuse: Refuse,
): readonly number[] {
  const data = numbersOf(item['GraphicData']);
  const [least, most] = POINTS[textOf(item['GraphicType']) ?? ''] ?? refuse('not-enumerated', 'GraphicType', place);
  const points = data.length / dimensions;
  if (!Number.isInteger(points) || points < least || points > most || !data.every(Number.isFinite))
    refuse('graphic-data', 'GraphicData', place);
  return data;
}

/** The points, as column and row, must lie within the image that they are selected from. */
function checkPlanar(item: Attributes, { source }: Whole, place: Place | undefined, refuse: Refuse): void {
  const data = checkPoints(item, 2, place, refuse);
  const on = itemsOf(item['ContentSequence'])
    .flatMap((child) => itemsOf(child['ReferencedSOPSequence']))
    .map((reference) => textOf(reference['ReferencedSOPInstanceUID']));
  const image = source.instances.find(({ SOPInstanceUID }) => on.includes(SOPInstanceUID));
  const { Columns = Number.POSITIVE_INFINITY, Rows = Number.POSITIVE_INFINITY } = image ?? {};
  const isInside = data.every((at, index) => at >= 0 && at <= (index % 2 === 0 ? Columns : Rows));
  if (!isInside) refuse('graphic-data', 'GraphicData', place);
}
