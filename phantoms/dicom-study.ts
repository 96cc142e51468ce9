/** What the files of a phantom share: an invented patient, study and device, and UIDs that follow from the pixels. */
import { createHash } from 'node:crypto';
import { resultUid } from '#dicom/uid.ts';
import type { Attributes } from '#dicom/write.ts';

export interface PhantomDicomOptions {
  readonly seed: number;
  /** Added to what is written of every instance, or put in its place. */
  readonly attributes?: Attributes;
}

/** Stored value 0 is −1024 HU, as CT scanners commonly have it. */
export const CT_INTERCEPT = -1024;

/** What phantoms are named after: their seed and their pixels, so that no two different ones share a UID. */
export function nameOf(seed: number, pixels: Int16Array | Uint16Array): string {
  return `${seed} ${createHash('sha256').update(littleEndian(pixels)).digest('hex')}`;
}

/** The invented patient, study, series and device of a phantom. `series` tells series of the same phantom apart. */
export function study(name: string, seed: number, series = 'series'): Attributes {
  return {
    PatientName: 'Phantom^Hilum',
    PatientID: `HILUM-PHANTOM-${seed}`,
    PatientBirthDate: '19600229',
    PatientSex: 'O',
    StudyInstanceUID: resultUid('phantom', name, 'study'),
    StudyDate: '20260105',
    StudyTime: '083000',
    ReferringPhysicianName: '',
    StudyID: String(seed),
    AccessionNumber: '',
    StudyDescription: 'Synthetic phantom, no patient',
    SeriesInstanceUID: resultUid('phantom', name, series),
    SeriesNumber: 1,
    SeriesDate: '20260105',
    SeriesTime: '083500',
    AcquisitionDate: '20260105',
    AcquisitionTime: '083500',
    ContentDate: '20260105',
    ContentTime: '083500',
    Manufacturer: 'Phantom generator',
    ManufacturerModelName: 'Seeded phantom',
    SoftwareVersions: '1',
    DeviceSerialNumber: '1',
  };
}

/** Hounsfield units as a CT stores them; what is below air becomes air. */
export function storedHounsfield(voxels: Int16Array): Uint8Array {
  return littleEndian(Uint16Array.from(voxels, (hounsfield) => Math.max(0, hounsfield - CT_INTERCEPT)));
}

/** 16-bit pixels as they are stored in Explicit VR Little Endian. */
export function littleEndian(pixels: Int16Array | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(pixels.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pixels.length; i++) view.setUint16(i * 2, pixels[i] ?? 0, true);
  return bytes;
}
