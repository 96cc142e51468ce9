/** The last look at objects before they leave: what the writer cannot know of a single attribute. */
import type { Attributes, AttributeValue, DicomObject } from '../dicom/write.ts';
import { DicomWriteError } from '../errors.ts';
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

/** What identifies a person or a visit; rendered pictures and reports hold none of it. */
const IDENTITY = ['PatientName', 'PatientID', 'PatientBirthDate', 'AccessionNumber', 'OtherPatientNames'];
/** Shorter values (an ID `1`) are found in any text. */
const SHORTEST_IDENTITY = 5;

/**
 * @throws DicomWriteError where an object is of a SOP Class that is not its kind's, lacks a UID, belongs to another
 * study, refers to what is neither in the source nor among the objects, or shows the patient's identity to readers
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
    if (showsIdentity(attributes, source)) refuse('it shows the identity of the patient');
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

/** Whether text that people read (report, picture titles, SR text) quotes an identifying value of the source. */
function showsIdentity(attributes: Attributes, { patientAndStudy }: SourceStudy): boolean {
  const secrets = IDENTITY.flatMap((keyword) => first(patientAndStudy[keyword]) ?? [])
    .flatMap((value) => [value, value.replaceAll('^', ' ').trim()])
    .filter((value) => value.length >= SHORTEST_IDENTITY);
  const shown = readableText(attributes);
  return secrets.some((secret) => shown.some((text) => text.includes(secret)));
}

function readableText(attributes: Attributes): readonly string[] {
  return Object.entries(attributes).flatMap(([keyword, value]) => {
    if (keyword === 'EncapsulatedDocument' && value instanceof Uint8Array)
      return [Buffer.from(value).toString('latin1')];
    if (['TextValue', 'DocumentTitle', 'ImageComments', 'DerivationDescription'].includes(keyword))
      return first(value) ?? [];
    return itemsOf(value).flatMap(readableText);
  });
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
