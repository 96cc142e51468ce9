/** The contents of the in-process archive: instances by study and series, and a log of changes like Orthanc's. */
import { createHash } from 'node:crypto';
import { lookup } from '#dicom/dictionary.ts';
import { readDicom } from '#dicom/read.ts';

export interface StoredInstance {
  readonly PatientID: string;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly Modality: string;
  readonly Manufacturer: string;
  readonly bytes: Uint8Array;
  /** The header as DICOM JSON (PS3.18 F): the attributes of `HEADER`. */
  readonly json: Readonly<Record<string, { readonly vr: string; readonly Value?: readonly unknown[] }>>;
}

/** Attributes that searches and metadata answer with. */
const HEADER = [
  ...[
    'SpecificCharacterSet',
    'ImageType',
    'SOPClassUID',
    'SOPInstanceUID',
    'StudyDate',
    'StudyTime',
    'AccessionNumber',
  ],
  ...[
    'Modality',
    'Manufacturer',
    'StudyDescription',
    'SeriesDescription',
    'PatientName',
    'PatientID',
    'BodyPartExamined',
  ],
  ...['StudyInstanceUID', 'SeriesInstanceUID', 'StudyID', 'SeriesNumber', 'InstanceNumber', 'ImagePositionPatient'],
  ...['ImageOrientationPatient', 'FrameOfReferenceUID', 'NumberOfFrames', 'Rows', 'Columns', 'PixelSpacing'],
  ...['BitsAllocated', 'BitsStored', 'PixelRepresentation', 'RescaleIntercept', 'RescaleSlope'],
];

/** As in Orthanc, a study of each patient: two may have one UID. */
export interface Study {
  readonly id: string;
  readonly PatientID: string;
  readonly StudyInstanceUID: string;
  stable: boolean;
  changedAt: number;
}

export interface Change {
  readonly Seq: number;
  readonly ChangeType: string;
  readonly ID: string;
  readonly Date: string;
}

/** An identifier in the form of Orthanc's, which are SHA-1 digests. */
export const idOf = (...uids: readonly string[]): string => createHash('sha1').update(uids.join('|')).digest('hex');

/** `YYYYMMDDTHHMMSS`, UTC. */
export const orthancDate = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');

export class MemoryArchive {
  /** By SOPInstanceUID; one that another patient has, too, by their Patient ID as well. */
  readonly instances: Map<string, StoredInstance> = new Map();
  readonly studies: Map<string, Study> = new Map();
  readonly changes: Change[] = [];
  /** When each series last received an instance, by its identifier; ms since the epoch. */
  readonly seriesChangedAt: Map<string, number> = new Map();
  readonly #stableAgeMs: number;

  constructor(stableAgeMs: number) {
    this.#stableAgeMs = stableAgeMs;
  }

  /**
   * Adds an instance. As in Orthanc, an instance that exists stays unchanged and counts as stored.
   *
   * @throws DicomReadError if the bytes are not a DICOM file with UIDs
   */
  add(bytes: Uint8Array): StoredInstance {
    const instance = describeInstance(bytes);
    const { PatientID, SOPInstanceUID } = instance;
    const [known] = this.of({ PatientID, SOPInstanceUID });
    this.#touch(instance);
    if (known) return known;
    const key = this.instances.has(SOPInstanceUID) ? `${SOPInstanceUID} ${PatientID}` : SOPInstanceUID;
    this.instances.set(key, instance);
    return instance;
  }

  of(
    names: Partial<Pick<StoredInstance, 'PatientID' | 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID'>>,
  ): StoredInstance[] {
    const { PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = names;
    return [...this.instances.values()].filter(
      (instance) =>
        (PatientID === undefined || instance.PatientID === PatientID) &&
        (StudyInstanceUID === undefined || instance.StudyInstanceUID === StudyInstanceUID) &&
        (SeriesInstanceUID === undefined || instance.SeriesInstanceUID === SeriesInstanceUID) &&
        (SOPInstanceUID === undefined || instance.SOPInstanceUID === SOPInstanceUID),
    );
  }

  /** Marks studies as stable that received nothing for the stable age. */
  settle(): void {
    for (const study of this.studies.values())
      if (!study.stable && Date.now() - study.changedAt >= this.#stableAgeMs) {
        study.stable = true;
        this.#log('StableStudy', study.id);
      }
  }

  #touch({ PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: StoredInstance): void {
    const now = Date.now();
    const id = idOf(PatientID, StudyInstanceUID);
    const study = this.studies.get(id) ?? {
      ...{ id, PatientID, StudyInstanceUID },
      stable: false,
      changedAt: now,
    };
    if (!this.studies.has(id)) this.#log('NewStudy', id);
    this.studies.set(id, study);
    study.stable = false;
    study.changedAt = now;
    this.seriesChangedAt.set(idOf(PatientID, StudyInstanceUID, SeriesInstanceUID), now);
    this.#log('NewInstance', idOf(PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID));
  }

  #log(ChangeType: string, ID: string): void {
    this.changes.push({ Seq: this.changes.length + 1, ChangeType, ID, Date: orthancDate(Date.now()) });
  }
}

/** @throws DicomReadError if the bytes are not a DICOM file with UIDs */
export function describeInstance(bytes: Uint8Array): StoredInstance {
  const { dataset } = readDicom(bytes, { stopBeforePixels: true });
  const text = (keyword: string): string => dataset.text(keyword) ?? '';
  return {
    PatientID: text('PatientID'),
    StudyInstanceUID: text('StudyInstanceUID'),
    SeriesInstanceUID: text('SeriesInstanceUID'),
    SOPInstanceUID: text('SOPInstanceUID'),
    SOPClassUID: text('SOPClassUID'),
    Modality: text('Modality'),
    Manufacturer: text('Manufacturer'),
    bytes,
    json: Object.fromEntries(
      HEADER.flatMap((keyword) => {
        const entry = lookup(keyword);
        if (entry === undefined || !dataset.has(keyword)) return [];
        return [[entry.tag, jsonElement(entry.vr, dataset.texts(keyword))]];
      }),
    ),
  };
}

function jsonElement(
  vr: string,
  texts: readonly string[],
): { readonly vr: string; readonly Value: readonly unknown[] } {
  if (vr === 'PN') return { vr, Value: texts.map((Alphabetic) => ({ Alphabetic })) };
  return { vr, Value: ['DS', 'IS', 'US'].includes(vr) ? texts.map(Number) : texts };
}
