/** Attributes by type: what each module of the IOD requires, in the data set and in every item of its sequences. */
import type { Attributes } from '#dicom/write.ts';
import { isEmpty, itemsOf, textOf } from './attribute-values.ts';
import { ATTRIBUTE_CONDITIONS, type Condition, MODULE_CONDITIONS } from './conditions.ts';
import { ENUMERATED, MODALITIES } from './enumerated.ts';
import { type AttributeTable, type Module, modulesOf } from './iods.ts';
import type { Place, Refuse } from './refusal.ts';
import { attributesOfOtherValueTypes } from './value-types.ts';
import type { Whole } from './whole.ts';

/** A rule for one attribute of a table. It must have a value (Type 1) or be present (Type 2), always or on a condition. */
interface Need {
  readonly keyword: string;
  readonly type: '1' | '2';
  readonly condition?: Condition;
}

const CONTENT = new Set(['module sr-document-content', 'macro ContentSequence']);
/** `multi-frame.ts` checks which functional groups there must be, and where. */
const FUNCTIONAL_GROUPS = 'macro PerFrameFunctionalGroupsSequence';

/**
 * Refuses an object that lacks an attribute required by its IOD (PS3.5 7.4). The check covers every mandatory module, every
 * conditional module whose condition holds, and the items of all sequences that are present, user options included. It also
 * refuses attributes that the IOD does not have, and values that are not among the Enumerated Values.
 *
 * Patient and study attributes are copied from the source to the character and are not checked: their faults are the
 * source's, and no reason to withhold a result.
 */
export function checkAttributes(whole: Whole, refuse: Refuse): void {
  const { attributes, source, SOPClassUID } = whole;
  const modules = modulesOf(SOPClassUID) ?? refuse('sop-class-not-of-kind');
  for (const module of modules) {
    if (!applies(module, whole)) continue;
    for (const need of needsOf(module.table, module.name, textOf(attributes['ValueType']))) {
      checkNeed(attributes, need, { whole, refuse });
    }
  }
  const modality = textOf(attributes['Modality']) ?? '';
  if (!(MODALITIES[SOPClassUID] ?? [modality]).includes(modality)) refuse('not-enumerated', 'Modality');
  const tablesOf = tablesByKeyword(SOPClassUID, modules);
  for (const keyword of Object.keys(attributes)) {
    const value = attributes[keyword];
    if (value === undefined || value === source.patientAndStudy[keyword]) continue;
    const tables = tablesOf.get(keyword) ?? refuse('not-in-iod', keyword);
    checkEnumerated(attributes, keyword, { whole, refuse });
    for (const table of tables) checkItems(attributes, keyword, table, { whole, refuse });
  }
}

interface Context {
  readonly whole: Whole;
  readonly refuse: Refuse;
  readonly place?: Place | undefined;
}

export function applies({ name, usage }: Module, whole: Whole): boolean {
  return usage === 'M' || (usage === 'C' && MODULE_CONDITIONS[name]?.(whole.attributes, whole) === true);
}

function checkItems(of: Attributes, sequence: string, table: AttributeTable, { whole, refuse, place }: Context): void {
  const items = itemsOf(of[sequence]);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (item === undefined) continue;
    const within: Place = { within: place, sequence, number: index + 1 };
    checkItem(item, sequence, table, { whole, refuse, place: within });
  }
}

function checkItem(item: Attributes, sequence: string, table: AttributeTable, context: Context): void {
  const valueType = textOf(item['ValueType']);
  for (const need of needsOf(table, sequence, valueType)) checkNeed(item, need, context);
  const isContent = CONTENT.has(table.name);
  const foreign = isContent ? attributesOfOtherValueTypes(valueType) : undefined;
  for (const keyword of Object.keys(item)) {
    if (item[keyword] === undefined) continue;
    if (!table.types.has(keyword) || foreign?.has(keyword) === true)
      context.refuse('not-in-iod', keyword, context.place);
    checkEnumerated(item, keyword, context);
    const items = table.itemsOf(keyword);
    if (items !== undefined) checkItems(item, keyword, items, context);
  }
  if (item['CodeMeaning'] !== undefined) checkCode(item, context);
}

function checkNeed(item: Attributes, { keyword, type, condition }: Need, context: Context): void {
  const value = item[keyword];
  if (type === '1' ? !isEmpty(value) : value !== undefined) return;
  if (condition === undefined) context.refuse(`type-${type}-missing`, keyword, context.place);
  if (condition(item, context.whole)) context.refuse(`type-${type}c-missing`, keyword, context.place);
}

function checkEnumerated(item: Attributes, keyword: string, { refuse, place }: Context): void {
  const allowed = ENUMERATED[keyword];
  if (allowed === undefined || isEmpty(item[keyword])) return;
  if (!allowed.includes(textOf(item[keyword]) ?? '')) refuse('not-enumerated', keyword, place);
}

/** A code has its value in exactly one of three attributes (8.8). */
function checkCode({ CodeValue, LongCodeValue, URNCodeValue }: Attributes, { refuse, place }: Context): void {
  const given = [CodeValue, LongCodeValue, URNCodeValue].filter((value) => !isEmpty(value));
  if (given.length > 1) refuse('code-ambiguous', 'CodeValue', place);
}

const needs = new Map<string, readonly Need[]>();

/** @param owner the module, or the sequence that contains the items */
function needsOf(table: AttributeTable, owner: string, valueType: string | undefined): readonly Need[] {
  if (table.name === FUNCTIONAL_GROUPS) return [];
  const isContent = CONTENT.has(table.name);
  const key = `${table.name} ${owner} ${isContent ? valueType : ''}`;
  const earlier = needs.get(key);
  if (earlier !== undefined) return earlier;
  const foreign = isContent ? attributesOfOtherValueTypes(valueType) : undefined;
  const made = [...table.types].flatMap(([keyword, type]): readonly Need[] => {
    if (foreign?.has(keyword) === true || type === '3') return [];
    if (type === '1' || type === '2') return [{ keyword, type }];
    const condition = conditionOf(owner, keyword);
    return condition === undefined ? [] : [{ keyword, type: type === '1C' ? '1' : '2', condition }];
  });
  needs.set(key, made);
  return made;
}

/** The rule for a conditional attribute of a module, or of the items of a sequence. */
export function conditionOf(owner: string, keyword: string): Condition | undefined {
  return ATTRIBUTE_CONDITIONS[`${owner}.${keyword}`] ?? ATTRIBUTE_CONDITIONS[keyword];
}

const merged = new Map<string, ReadonlyMap<string, readonly AttributeTable[]>>();

/** Every attribute in the IOD's modules, with each different table that its items may follow. */
function tablesByKeyword(
  SOPClassUID: string,
  modules: readonly Module[],
): ReadonlyMap<string, readonly AttributeTable[]> {
  const earlier = merged.get(SOPClassUID);
  if (earlier !== undefined) return earlier;
  const made = new Map<string, readonly AttributeTable[]>();
  for (const { table } of modules) {
    for (const keyword of table.types.keys()) {
      const items = table.itemsOf(keyword);
      made.set(keyword, [...new Set([...(made.get(keyword) ?? []), ...(items === undefined ? [] : [items])])]);
    }
  }
  merged.set(SOPClassUID, made);
  return made;
}
