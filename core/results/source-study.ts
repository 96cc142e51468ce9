import type { Dataset, DicomFile } from '#dicom/read.ts';
import { isDate, isTime } from '#dicom/text-rules.ts';
import { type Attributes, asFoundWhereBroken } from '#dicom/write.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import { type LocalTime, type Moments, type ResultTimes, timesOf } from './times.ts';

/** An object that may be referred to. */
export interface Referenced {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
}

/** The objects of one conversion that were stored, or may have been, before other ones take their place. */
export interface ReplacedSet {
  /** Names the set. The UIDs of what replaces it derive from it, too. */
  readonly setId: string;
  readonly inputDigest: string;
  /** How many sets came one after the other before it; by default, none. */
  readonly generation?: number | undefined;
  readonly objects: readonly Referenced[];
}

/**
 * What conversion knows about the source: the headers of the tool's inputs, and the modules that results share with them. The
 * modules are read from an identity object or from one of the source's own instances, never from the manifest, which holds nothing
 * about the patient.
 */
export interface SourceStudy {
  readonly StudyInstanceUID: string;
  /** In any order. A result names its inputs in source order itself. */
  readonly instances: readonly InstanceIndex[];
  /**
   * Patient, Clinical Trial, General Study and Patient Study modules (PS3.3 C.7.1, C.7.2), copied to the character. A value
   * that violates the standard is marked `asFound`.
   */
  readonly patientAndStudy: Attributes;
  /** The dates and times that results state; see `sourceStudyOf`. */
  readonly times: ResultTimes;
  /** Past lossy compression, which derived images must go on stating (PS3.3 C.7.6.1.1.5): `00`, or `01` with ratio and method. */
  readonly lossyCompression: Attributes;
  /** Position Reference Indicator (0020,1040); empty where the source has none. */
  readonly PositionReferenceIndicator: string;
  /** The objects that a rejection note is about. */
  readonly rejects?: readonly Referenced[];
  /** Older answers of the tool about the study, oldest first. */
  readonly replaces?: readonly ReplacedSet[];
  /**
   * No mask has frames that begin inside a byte (PS3.5 8.1.1), since the site's viewers show them wrongly: `segmentations` divides or leaves
   * out what would.
   */
  readonly wholeByteMasks?: boolean;
  /** Names the set where another patient has the same images under the same UIDs: the UIDs of what is made derive from it, too. */
  readonly twin?: string;
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

/** What results copy from their source. */
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
  // Keeps the meaning that dates and times have in the source (SOP Common, C.12.1)
  'TimezoneOffsetFromUTC',
] as const;

/** The modules in a data set as results write them, to the character. */
export const copiedFrom = (dataset: Dataset): Attributes =>
  asFoundWhereBroken({ ...Object.fromEntries(ALWAYS.map((keyword) => [keyword, ''])), ...dataset.attributes(COPIED) });

/** Lossy Image Compression Method (C.7.6.1.1.5.1), by Transfer Syntaxes that are or may be lossy. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10008.1.2.4.50', 'ISO_10918_1'],
  ['1.2.840.10008.1.2.4.51', 'ISO_10918_1'],
  ['1.2.840.10008.1.2.4.81', 'ISO_14495_1'],
  ['1.2.840.10008.1.2.4.91', 'ISO_15444_1'],
  ['1.2.840.10008.1.2.4.203', 'ISO_15444_15'],
]);

/** Attribute pairs that may date a result, best first. */
const DATES = [
  ['StudyDate', 'StudyTime'],
  ['SeriesDate', 'SeriesTime'],
  ['AcquisitionDate', 'AcquisitionTime'],
  ['ContentDate', 'ContentTime'],
] as const;
/** The date of an undated source: plainly not a real date, and the same on every run. */
const UNDATED: LocalTime = { date: '19000101', time: '000000' };

/**
 * The source of results. `instances` are the headers of the study's own images. The data set has the patient and study modules: it is an
 * identity object (`identity-object.ts`), or the first of the images by SOPInstanceUID.
 *
 * Without moments, results state the study's own date and time: the first of Study, Series, Acquisition and Content Date that is a valid
 * date, with the time that belongs to it (`000000` where it is invalid). A source without a date gives 1 January 1900.
 */
export function sourceStudyOf(
  instances: readonly InstanceIndex[],
  { dataset }: Pick<DicomFile, 'dataset'>,
  moments?: Moments,
): SourceStudy {
  const own = timeOf(dataset);
  const byUid = instances.toSorted((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1));
  return {
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    instances,
    patientAndStudy: copiedFrom(dataset),
    times: moments ? timesOf(moments, dataset.text('TimezoneOffsetFromUTC')) : { content: own, creation: own },
    lossyCompression: lossyCompression(byUid),
    PositionReferenceIndicator: byUid[0]?.PositionReferenceIndicator ?? '',
  };
}

function timeOf(dataset: Dataset): LocalTime {
  const dated = DATES.find(([date]) => isDate(dataset.text(date) ?? ''));
  if (dated === undefined) return UNDATED;
  const [date, time] = dated.map((keyword) => dataset.text(keyword) ?? '');
  return { date: date ?? UNDATED.date, time: time && isTime(time) ? time : UNDATED.time };
}

/**
 * What the source states about past lossy compression, by the first instance that states it. Where none does, Transfer Syntaxes decide,
 * with the ratio of pixels to file. JPEG is lossy whatever an instance says; the other syntaxes may hold lossless frames.
 */
function lossyCompression(byUid: readonly InstanceIndex[]): Attributes {
  const said = byUid.find(({ LossyImageCompression }) => LossyImageCompression === '01');
  const compressed = byUid.find(
    ({ TransferSyntaxUID: syntax, LossyImageCompression: lossy }) =>
      METHODS.has(syntax) && (lossy !== '00' || isJpeg(syntax)),
  );
  if (said === undefined && compressed === undefined) return { LossyImageCompression: '00' };
  const { LossyImageCompressionRatio: ratio, LossyImageCompressionMethod: method } = said ?? compressed ?? {};
  return {
    ...(compressed && {
      LossyImageCompressionRatio: ratioOf(compressed),
      LossyImageCompressionMethod: METHODS.get(compressed.TransferSyntaxUID),
    }),
    ...(ratio && { LossyImageCompressionRatio: ratio }),
    ...(method && { LossyImageCompressionMethod: method }),
    LossyImageCompression: '01',
  };
}

const isJpeg = (syntax: string): boolean => METHODS.get(syntax) === 'ISO_10918_1';

function ratioOf(instance: InstanceIndex): number {
  const { Rows = 0, Columns = 0, NumberOfFrames = 1, SamplesPerPixel = 1, BitsAllocated = 8, sizeBytes } = instance;
  const pixelBytes = Rows * Columns * NumberOfFrames * SamplesPerPixel * (BitsAllocated / 8);
  return Math.max(1, Math.round((pixelBytes / sizeBytes) * 10) / 10);
}
