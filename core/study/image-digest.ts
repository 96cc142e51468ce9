/** The digest of an image that a corrected patient or study leaves as it is, and another encoding, too. */

import { lookup } from '#dicom/dictionary.ts';
import { dataSetDigest, type PixelDigest } from '#dicom/digest.ts';
import type { ElementSet } from '#dicom/element.ts';

/** What archives add to every object: where it can be had, and what they changed (PS3.3 C.12.1.1.9). */
export const ADDED_BY_ARCHIVES: readonly string[] = [
  'OriginalAttributesSequence',
  'InstanceAvailability',
  'RetrieveAETitle',
  'RetrieveURL',
  'StorageMediaFileSetID',
  'StorageMediaFileSetUID',
  'InstanceCoercionDateTime',
];

/**
 * Groups of the patient, of clinical trials and de-identification, and of the visit. They hold the Patient, Patient Study, Clinical
 * Trial and Visit modules (PS3.3 C.7.1, C.7.2, C.3.2), the retired attributes among them.
 */
const GROUPS = new Set([0x0010, 0x0012, 0x0038]);

/** Attributes of those groups that say how an image is to be read, or whom a tool takes. */
const OF_IMAGE = [
  'AnatomicalOrientationType',
  'ExaminedBodyThickness',
  'PatientSpeciesDescription',
  'PatientSpeciesCodeSequence',
];

/**
 * General Study and Patient Study (PS3.3 C.7.2.1, C.7.2.2) in other groups. Study Instance UID is not among them: the same image in two
 * studies is the input of two runs.
 */
const OF_STUDY = [
  ...['StudyDate', 'StudyTime', 'StudyID', 'StudyDescription', 'AccessionNumber', 'IssuerOfAccessionNumberSequence'],
  ...['ReferringPhysicianName', 'ReferringPhysicianAddress', 'ReferringPhysicianTelephoneNumbers'],
  ...['ReferringPhysicianIdentificationSequence', 'ConsultingPhysicianName'],
  ...['ConsultingPhysicianIdentificationSequence', 'PhysiciansOfRecord', 'PhysiciansOfRecordIdentificationSequence'],
  ...['NameOfPhysiciansReadingStudy', 'PhysiciansReadingStudyIdentificationSequence'],
  ...['RequestingService', 'RequestingServiceCodeSequence', 'ReferencedStudySequence', 'ReferencedPatientSequence'],
  ...['ProcedureCodeSequence', 'ReasonForPerformedProcedureCodeSequence', 'ReasonForVisit'],
  ...['ReasonForVisitCodeSequence', 'AdmittingDiagnosesDescription', 'AdmittingDiagnosesCodeSequence'],
  'LongitudinalTemporalInformationModified',
];

const tagsOf = (keywords: readonly string[]): ReadonlySet<number> =>
  new Set(keywords.map((keyword) => Number.parseInt(lookup(keyword)?.tag ?? '', 16)));

let tags: { readonly omitted: ReadonlySet<number>; readonly ofImage: ReadonlySet<number> } | undefined;

function isOmitted(tag: number): boolean {
  tags ??= { omitted: tagsOf([...OF_STUDY, ...ADDED_BY_ARCHIVES]), ofImage: tagsOf(OF_IMAGE) };
  return tags.omitted.has(tag) || (GROUPS.has(Math.floor(tag / 0x1_0000)) && !tags.ofImage.has(tag));
}

/**
 * SHA-256 (hex) over an image's elements without those of patient and study, at every depth, and what archives add. Encoding and VRs make
 * no difference (`dicom/digest.ts`); Pixel Data counts as stored.
 */
export const imageDigestOf = (elements: ElementSet, pixels: PixelDigest | undefined): string =>
  dataSetDigest(elements, pixels, isOmitted);
