/** The last look at objects before they leave: what the writer cannot know of a single attribute. */
import type { Attributes, AttributeValue, DicomObject } from '../dicom/write.ts';
import { DicomWriteError } from '../errors.ts';
import type { ResultData } from './common.ts';
import type { SourceStudy } from './source-study.ts';

/** The SOP Classes that results are written as (PS3.4 B.5), by kind. */
export const SOP_CLASSES: Readonly<Record<DicomObject['kind'], readonly string[]>> = {
  segmentation: ['1.2.840.10008.5.1.4.1.1.66.4'],
  'structured-report': ['1.2.840.10008.5.1.4.1.1.88.33', '1.2.840.10008.5.1.4.1.1.88.34'],
  pdf: ['1.2.840.10008.5.1.4.1.1.104.1'],
  'secondary-capture': ['1.2.840.10008.5.1.4.1.1.7'],
  'non-result': ['1.2.840.10008.5.1.4.1.1.88.22'],
};

/** Type 1 of every composite object (PS3.3 C.7.3.1, C.12.1). */
const REQUIRED = ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID', 'Modality'];

/**
 * @throws DicomWriteError where an object is of a SOP Class that is not its kind's, lacks a UID, belongs to another
 * study, or refers to what is neither in the source nor among the objects
 */
export function checkObjects(objects: readonly DicomObject[], source: SourceStudy): void {
  const known = new Set([...source.instances, ...objects].map(({ SOPInstanceUID }) => SOPInstanceUID));
  for (const object of objects) {
    const refuse = (rule: string): never => {
      const { kind, SOPInstanceUID } = object;
      throw new DicomWriteError(`A ${kind} object fails the output gate: ${rule}`, {
        facts: { kind, SOPInstanceUID, rule },
      });
    };
    const { attributes } = object;
    if (!SOP_CLASSES[object.kind].includes(object.SOPClassUID)) refuse('not a SOP Class of its kind');
    for (const keyword of REQUIRED) if (first(attributes[keyword]) === undefined) refuse(`${keyword} is missing`);
    if (attributes['SOPClassUID'] !== object.SOPClassUID) refuse('SOPClassUID differs from the one it is known by');
    if (attributes['SOPInstanceUID'] !== object.SOPInstanceUID)
      refuse('SOPInstanceUID differs from the one it is known by');
    if (first(attributes['StudyInstanceUID']) !== source.StudyInstanceUID) refuse('it belongs to another study');
    for (const uid of referencedInstances(attributes)) {
      if (!known.has(uid)) refuse('it refers to an instance that is neither in the source nor in the result');
    }
  }
  if (new Set(objects.map(({ SOPInstanceUID }) => SOPInstanceUID)).size < objects.length) {
    throw new DicomWriteError('Two objects of the result have the same SOPInstanceUID');
  }
}

function referencedInstances(attributes: Attributes): readonly string[] {
  return Object.entries(attributes).flatMap(([keyword, value]) => {
    if (keyword === 'ReferencedSOPInstanceUID') return first(value) ?? [];
    return itemsOf(value).flatMap(referencedInstances);
  });
}

/**
 * What a tool has written for people (report, titles, sentences) names no patient: rendered pages and pictures travel
 * further than the objects they come in. Matched are whole values, as they are and with spaces for carets; of names only
 * those of two parts and of numbers only those with digits, for `SPINE` is a name that phantoms bear.
 *
 * @throws DicomWriteError where a text quotes the patient's name, birth date or a number of patient or visit
 */
export function checkIdentity(result: ResultData, { patientAndStudy }: SourceStudy): void {
  const valuesOf = (keywords: readonly string[]) =>
    keywords.flatMap((keyword) => first(patientAndStudy[keyword]) ?? []);
  const secrets = [
    ...valuesOf(['PatientName', 'OtherPatientNames']).filter((name) => /\^./.test(name)),
    ...valuesOf(['PatientID', 'PatientBirthDate', 'AccessionNumber']).filter((number) => /\d/.test(number)),
  ]
    .flatMap((value) => [value, value.replace(/\^+/g, ' ').trim()])
    .filter((value) => value.length >= SHORTEST_IDENTITY);
  const shown = ` ${textsOf(result).join(' ')} `;
  if (secrets.some((secret) => appearsIn(shown, secret))) {
    throw new DicomWriteError('A text of the result quotes the identity of the patient', {
      facts: { tool: result.toolName, rule: 'no identity in what is rendered' },
    });
  }
}

/** Shorter values are found in any text. */
const SHORTEST_IDENTITY = 5;

/** Whether the text holds the value as a word of its own, in either case. */
function appearsIn(text: string, value: string): boolean {
  const word = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`, 'iu').test(text);
}

function textsOf({ metadata, findings, keyImages, segments, report }: ResultData): readonly string[] {
  const page =
    report?.kind === 'page'
      ? [...report.paragraphs, ...(report.table?.header ?? []), ...(report.table?.rows ?? []).flat()]
      : [];
  return [
    metadata.summary,
    metadata.reason?.message ?? '',
    ...findings.flatMap(({ id, summary }) => [id, summary]),
    ...segments.map(({ label }) => label),
    ...keyImages.map(({ title }) => title),
    report?.title ?? '',
    ...page,
  ];
}

function first(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'object' && 'asFound' in value) return value.asFound[0];
  const one = Array.isArray(value) ? (value[0] as unknown) : value;
  return typeof one === 'string' && one !== '' ? one : undefined;
}

function itemsOf(value: AttributeValue | undefined): readonly Attributes[] {
  return Array.isArray(value)
    ? value.filter((item): item is Attributes => typeof item === 'object' && item !== null)
    : [];
}
