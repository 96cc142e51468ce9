/** The part of the DICOM JSON Model (PS3.18 Annex F) that is needed to read an archive's answers. */

/** One attribute: its VR and its values. */
interface DicomJsonElement {
  readonly vr: string;
  readonly Value?: readonly unknown[];
}

/** A dataset, keyed by tag as eight upper-case hexadecimal digits. */
export type DicomJson = Readonly<Record<string, DicomJsonElement>>;

/** Whether `value` is an object. Its attributes are checked when they are read. */
export const isDicomJson = (value: unknown): value is DicomJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const firstValue = (dataset: DicomJson, tag: string): unknown => {
  const element: unknown = dataset[tag];
  return hasValue(element) && Array.isArray(element.Value) ? element.Value[0] : undefined;
};

const hasValue = (element: unknown): element is { readonly Value: unknown } =>
  typeof element === 'object' && element !== null && 'Value' in element;

/** The first value of a text attribute. */
export function textOf(dataset: DicomJson, tag: string): string | undefined {
  const value = firstValue(dataset, tag);
  return typeof value === 'string' ? value : undefined;
}

/** The first value of a numeric attribute; IS and DS may come as text (PS3.18 F.2.3.1). */
export function numberOf(dataset: DicomJson, tag: string): number | undefined {
  const value = firstValue(dataset, tag);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The items of a sequence; none if it is absent. */
export function itemsOf(dataset: DicomJson, tag: string): readonly DicomJson[] {
  const element: unknown = dataset[tag];
  return hasValue(element) && Array.isArray(element.Value) ? element.Value.filter(isDicomJson) : [];
}
