/** Reads attributes of objects that are about to be written. */
import type { Attributes, AttributeValue } from '#dicom/write.ts';

const NOTHING: readonly never[] = [];

/** The items of a sequence; an empty list where the value is not a sequence. */
export function itemsOf(value: AttributeValue | undefined): readonly Attributes[] {
  return Array.isArray(value) && typeof value[0] === 'object' ? (value as readonly Attributes[]) : NOTHING;
}

/** The first value as text; undefined where it is absent, empty or not text. */
export function textOf(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'object' && 'asFound' in value) return value.asFound[0];
  const one = Array.isArray(value) ? (value[0] as unknown) : value;
  return typeof one === 'string' && one !== '' ? one : undefined;
}

/** All values that are text and not empty. Text that was taken over as found is split as its VR would be (PS3.5 6.4). */
export function allTextsOf(value: AttributeValue | undefined): readonly string[] {
  const values: readonly unknown[] =
    typeof value === 'object' && 'asFound' in value ? value.asFound : Array.isArray(value) ? value : [value];
  return values.flatMap((one) => (typeof one === 'string' ? one.split('\\').filter((text) => text !== '') : []));
}

/** The values as numbers; numeric text (DS, IS) is converted. */
export function numbersOf(value: AttributeValue | undefined): readonly number[] {
  if (typeof value === 'number') return [value];
  if (typeof value === 'string') return value === '' ? NOTHING : [Number(value)];
  return Array.isArray(value) ? value.flatMap((one) => (typeof one === 'object' ? [] : [Number(one)])) : NOTHING;
}

/** Whether an attribute is absent or has no value (Type 2 allows that, Type 1 does not). */
export function isEmpty(value: AttributeValue | undefined): boolean {
  if (value === undefined || value === '') return true;
  if (typeof value !== 'object') return false;
  if (value instanceof Uint8Array) return value.length === 0;
  const values: readonly unknown[] = 'asFound' in value ? value.asFound : value;
  return values.every((one) => one === '');
}
