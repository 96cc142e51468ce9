/** What the files of a phantom share: an invented patient, study and device, and UIDs derived from the pixels. */
import { createHash } from 'node:crypto';
import { resultUid } from '#dicom/uid.ts';
import type { Attributes } from '#dicom/write.ts';

export interface PhantomDicomOptions {
  readonly seed: number;
  /** Added to the attributes of every instance, or replacing them. */
  readonly attributes?: Attributes;
}

/** Stored value 0 is −1024 HU, as is common for CT scanners. */
export const CT_INTERCEPT = -1024;

/** The name of a phantom, from its seed and its pixels: different phantoms never share a UID. */
export function nameOf(seed: number, pixels: Int16Array | Uint16Array): string {
  return `${seed} ${createHash('sha256').update(littleEndian(pixels)).digest('hex')}`;
}

/** The invented patient, study, series and device of a phantom. `series` distinguishes several series of one phantom. */
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

/** Hounsfield units as a CT stores them. Values below air become air. */
export function storedHounsfield(voxels: Int16Array): Uint8Array {
  return littleEndian(Uint16Array.from(voxels, (hounsfield) => Math.max(0, hounsfield - CT_INTERCEPT)));
}

/** 16-bit pixels as stored in Explicit VR Little Endian. */
export function littleEndian(pixels: Int16Array | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(pixels.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pixels.length; i++) view.setUint16(i * 2, pixels[i] ?? 0, true);
  return bytes;
}
