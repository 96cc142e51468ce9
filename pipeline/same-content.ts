/**
 * Compares an object read back from an archive with the one that was stored, element by element (`dicom/compare.ts`). An archive may
 * have encoded it anew, and may have added or coerced some elements.
 */
import { ADDED_BY_ARCHIVES } from '#core/study/image-digest.ts';
import { isPrivate } from '#dicom/canonical.ts';
import { type Difference, differencesOf } from '#dicom/compare.ts';
import { keywordOf } from '#dicom/dictionary.ts';
import { DicomReadError } from '#dicom/error.ts';
import { readElements } from '#dicom/read.ts';

const ADDED: ReadonlySet<string> = new Set(ADDED_BY_ARCHIVES);

/**
 * What archives coerce to the values that they hold for the patient and the study (PS3.4 B.4.1.3). Patient ID and Study Instance UID are
 * not among them: with another one, the object belongs to another patient or study.
 */
const COERCED: ReadonlySet<string> = new Set([
  ...['PatientName', 'PatientBirthDate', 'PatientBirthTime', 'PatientSex', 'EthnicGroup', 'PatientComments'],
  ...['IssuerOfPatientID', 'IssuerOfPatientIDQualifiersSequence', 'OtherPatientIDsSequence', 'OtherPatientNames'],
  ...['PatientAge', 'PatientSize', 'PatientWeight'],
  ...['StudyDate', 'StudyTime', 'StudyID', 'StudyDescription', 'AccessionNumber', 'IssuerOfAccessionNumberSequence'],
  ...['ReferringPhysicianName', 'PhysiciansOfRecord', 'ProcedureCodeSequence'],
]);

/**
 * When our answer was stored, and its objects were made. Once the bucket has lost an answer, the same one is stored at another moment, and its
 * objects have the same UIDs: the first ones stored stay.
 */
const MOMENTS: ReadonlySet<string> = new Set([
  ...['SeriesDate', 'SeriesTime', 'ContentDate', 'ContentTime', 'InstanceCreationDate', 'InstanceCreationTime'],
]);

/**
 * The keywords of what the archive's object has otherwise: what the archive added or coerced (`private` for private elements), and the
 * moments of an earlier conversion. Undefined if the object has other content, or cannot be read.
 */
export function coercedIn(found: Uint8Array, sent: Uint8Array): readonly string[] | undefined {
  const names = differencesIn(found, sent)?.map(nameIfAllowed);
  return names?.every((name) => name !== undefined) ? [...new Set(names)] : undefined;
}

/** Whether two objects of ours say the same, if at other moments. */
export const isSameAnswer = (a: Uint8Array, b: Uint8Array): boolean => differencesIn(a, b)?.every(isMoment) ?? false;

const differencesIn = (found: Uint8Array, sent: Uint8Array): readonly Difference[] | undefined =>
  read(() => differencesOf(readElements(sent).elements, readElements(found).elements));

const isMoment = ({ tag, kind }: Difference): boolean => kind === 'changed' && MOMENTS.has(keywordOf(tag) ?? '');

function nameIfAllowed(difference: Difference): string | undefined {
  const { tag, kind } = difference;
  if (isPrivate(tag)) return kind === 'added' ? 'private' : undefined;
  const keyword = keywordOf(tag);
  if (keyword === undefined || isMoment(difference)) return keyword;
  return COERCED.has(keyword) || (kind === 'added' && ADDED.has(keyword)) ? keyword : undefined;
}

function read<T>(compared: () => T): T | undefined {
  try {
    return compared();
  } catch (error) {
    if (error instanceof DicomReadError) return undefined;
    throw error;
  }
}
