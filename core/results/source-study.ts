import type { DicomFile } from '../dicom/read.ts';
import { isDate, isTime } from '../dicom/text-rules.ts';
import { type Attributes, asFoundWhereBroken } from '../dicom/write.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import type { Referenced } from './common.ts';

/**
 * What conversion knows of the source: the headers of the instances that the tool was given, and the modules that
 * results share with them. The latter are read from one of the source's own instances (the first by SOPInstanceUID),
 * never from the manifest, which holds nothing about the patient.
 */
export interface SourceStudy {
  readonly StudyInstanceUID: string;
  /** Any order; a result names its inputs in source order itself. */
  readonly instances: readonly InstanceIndex[];
  /**
   * Patient, Clinical Trial, General Study and Patient Study modules (PS3.3 C.7.1, C.7.2), to the character as they
   * are; a value that breaks the standard is marked `asFound`.
   */
  readonly patientAndStudy: Attributes;
  /** When the results say they were made: the study's own date and time (never the clock), see `sourceStudyOf`. */
  readonly date: string;
  readonly time: string;
  /** What derived images must keep saying of a lossy past (PS3.3 C.7.6.1.1.5): `00`, or `01` with ratio and method. */
  readonly lossyCompression: Attributes;
  /** Position Reference Indicator (0020,1040), empty where the source has none. */
  readonly PositionReferenceIndicator: string;
  /** Documents in the study that the results take the place of, e.g. the non-result of a failure before a redrive. */
  readonly predecessors?: readonly Referenced[];
}

/** Type 2 attributes of those modules: present and empty where the source lacks them. */
const ALWAYS = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
] as const;

const COPIED = [
  ...ALWAYS,
  // Patient (C.7.1.1)
  'IssuerOfPatientID',
  'TypeOfPatientID',
  'IssuerOfPatientIDQualifiersSequence',
  'OtherPatientIDsSequence',
  'OtherPatientNames',
  'PatientBirthTime',
  'EthnicGroup',
  'QualityControlSubject',
  'PatientSpeciesDescription',
  'PatientSpeciesCodeSequence',
  'PatientBreedDescription',
  'PatientBreedCodeSequence',
  'BreedRegistrationSequence',
  'ResponsiblePerson',
  'ResponsiblePersonRole',
  'ResponsibleOrganization',
  'PatientIdentityRemoved',
  'DeidentificationMethod',
  'DeidentificationMethodCodeSequence',
  // Clinical Trial Subject and Study (C.7.1.3, C.7.2.3)
  'ClinicalTrialSponsorName',
  'ClinicalTrialProtocolID',
  'ClinicalTrialProtocolName',
  'ClinicalTrialSiteID',
  'ClinicalTrialSiteName',
  'ClinicalTrialSubjectID',
  'ClinicalTrialSubjectReadingID',
  'ClinicalTrialTimePointID',
  'ClinicalTrialTimePointDescription',
  'LongitudinalTemporalInformationModified',
  // General Study (C.7.2.1)
  'StudyDescription',
  'PhysiciansOfRecord',
  'IssuerOfAccessionNumberSequence',
  'ProcedureCodeSequence',
  // Patient Study (C.7.2.2)
  'PatientAge',
  'PatientSize',
  'PatientWeight',
  'PatientSexNeutered',
  // So that dates and times mean what they mean in the source (SOP Common, C.12.1)
  'TimezoneOffsetFromUTC',
] as const;

const LOSSY = ['LossyImageCompression', 'LossyImageCompressionRatio', 'LossyImageCompressionMethod'] as const;

/** Pairs that may date a result, best first. */
const DATES = [
  ['StudyDate', 'StudyTime'],
  ['SeriesDate', 'SeriesTime'],
  ['AcquisitionDate', 'AcquisitionTime'],
  ['ContentDate', 'ContentTime'],
] as const;
/** What an undated source is dated: plainly not a real date, and the same on every run. */
const UNDATED = { date: '19000101', time: '000000' };

/**
 * The source of results: `instances` are the headers of the study's own images, `file` is the first of them by
 * SOPInstanceUID, read.
 *
 * Results are dated by the first of Study, Series, Acquisition and Content Date that is a date, with its own time
 * (`000000` where that is none); a source without any date gives 1 January 1900.
 */
export function sourceStudyOf(instances: readonly InstanceIndex[], { dataset }: DicomFile): SourceStudy {
  const dated = DATES.find(([date]) => isDate(dataset.text(date) ?? ''));
  const time = dated === undefined ? undefined : dataset.text(dated[1]);
  const empty = Object.fromEntries(ALWAYS.map((keyword) => [keyword, '']));
  return {
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    instances,
    patientAndStudy: asFoundWhereBroken({ ...empty, ...dataset.attributes(COPIED) }),
    date: dated === undefined ? UNDATED.date : (dataset.text(dated[0]) ?? UNDATED.date),
    time: time !== undefined && isTime(time) && time !== '' ? time : UNDATED.time,
    lossyCompression:
      dataset.text('LossyImageCompression') === '01'
        ? asFoundWhereBroken(dataset.attributes(LOSSY))
        : { LossyImageCompression: '00' },
    PositionReferenceIndicator: dataset.text('PositionReferenceIndicator')?.slice(0, 64) ?? '',
  };
}
