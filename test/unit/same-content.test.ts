/** What an archive may make of an object without its being another. */
import { describe, expect, it } from 'vitest';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { coercedIn } from '#pipeline/same-content.ts';

const SENT: Attributes = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '1.2.3',
  StudyInstanceUID: '1.2.4',
  SeriesInstanceUID: '1.2.5',
  PatientName: 'Phantom^One',
  PatientID: 'P-1',
  AccessionNumber: 'A-1',
  StudyDate: '20260102',
  SeriesDescription: 'Result',
  PixelData: Uint8Array.of(1, 2, 3, 4),
};
const sent = encodeDicom(SENT);
const coercedOf = (changes: Attributes) => coercedIn(encodeDicom({ ...SENT, ...changes }), sent);

/** A private element, `group` odd, before the pixels. */
function withPrivate(file: Uint8Array, value: string): Uint8Array {
  const at = Buffer.from(file).indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  const element = Buffer.concat([Buffer.from([0x31, 0, 0x10, 0, 0x4c, 0x4f, value.length, 0]), Buffer.from(value)]);
  return Buffer.concat([file.subarray(0, at), element, file.subarray(at)]);
}

describe('an object that was read back', () => {
  it('is the same without a change', () => {
    expect(coercedIn(sent, sent)).toEqual([]);
  });

  it.each<[string, Attributes]>([
    ['PatientName', { PatientName: 'PHANTOM^ONE' }],
    ['AccessionNumber', { AccessionNumber: 'A-2' }],
    ['StudyDate', { StudyDate: undefined }],
    ['IssuerOfPatientID', { IssuerOfPatientID: 'Site' }],
    ['InstanceAvailability', { InstanceAvailability: 'ONLINE' }],
    ['OriginalAttributesSequence', { OriginalAttributesSequence: [{ SourceOfPreviousValues: 'PACS' }] }],
  ])('is the same with a coerced %s, which is named', (keyword, change) => {
    expect(coercedOf(change)).toEqual([keyword]);
  });

  it('is the same with private elements of the archive', () => {
    expect(coercedIn(withPrivate(sent, 'ARCHIVE '), sent)).toEqual(['private']);
  });

  it.each<[string, Attributes]>([
    ['Patient ID', { PatientID: 'P-2' }],
    ['Study Instance UID', { StudyInstanceUID: '1.2.9' }],
    ['Series Description', { SeriesDescription: 'Other' }],
    ['Pixel Data', { PixelData: Uint8Array.of(1, 2, 3, 5) }],
    ['a part', { PixelData: undefined }],
    ['a comment beside it', { ImageComments: 'added' }],
  ])('is another with another %s', (_, change) => {
    expect(coercedOf(change)).toBeUndefined();
    expect(coercedOf({ ...change, PatientName: 'PHANTOM^ONE' })).toBeUndefined();
  });

  it('is another if a private element was changed or lost', () => {
    const withOne = withPrivate(sent, 'ARCHIVE ');

    expect(coercedIn(withPrivate(sent, 'ANOTHER '), withOne)).toBeUndefined();
    expect(coercedIn(sent, withOne)).toBeUndefined();
  });

  it('is another if it cannot be read', () => {
    expect(coercedIn(new Uint8Array(200), sent)).toBeUndefined();
  });
});
