/** The image digest: what changes it, and what leaves it as it is. */
import { describe, expect, it } from 'vitest';
import { ADDED_BY_ARCHIVES } from '#core/study/image-digest.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inputDigestOf, revisionOf } from '#core/study/revision.ts';
import { lookup } from '#dicom/dictionary.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import {
  BIG_ENDIAN,
  EXPLICIT,
  encapsulated,
  encodeElements,
  IMPLICIT,
  identity,
  part10,
  picture,
  type RawElement,
  type RawEncoding,
  SYNTAXES,
  sorted,
  words,
} from '../fixtures/part10.ts';

const RLE = '1.2.840.10008.1.2.5';

function raw(elements: readonly RawElement[], encoding: RawEncoding = EXPLICIT, syntax = SYNTAXES.get(encoding) ?? '') {
  return indexInstance(part10(syntax, encodeElements(sorted([...identity(), ...elements]), encoding)));
}

/** One of everything that encodings treat in their own way; Implicit VR gives the private elements no VR. */
const content = (encoding: RawEncoding): readonly RawElement[] => [
  { tag: '00080060', vr: 'CS', value: 'CT' },
  { tag: '0008103E', vr: 'LO', value: 'Thorax axial' },
  ...picture({ signed: true }, encoding),
  { tag: '00280106', vr: 'SS', value: words([-1024], encoding) },
  { tag: '00081140', vr: 'SQ', value: [[{ tag: '00081155', vr: 'UI', value: '1.2.3.9' }], []] },
  { tag: '00090010', vr: 'LO', value: 'SOME VENDOR' },
  { tag: '00091001', vr: 'US', value: words([7, 8], encoding) },
  { tag: '00091002', vr: 'LO', value: 'odd' },
  { tag: '00091003', vr: 'SQ', value: [[{ tag: '00080100', vr: 'SH', value: 'T-1' }]] },
  { tag: '00091004', vr: encoding === EXPLICIT ? 'SQ' : 'UN', value: [] },
  { tag: '7FE00010', vr: 'OW', value: words([1, 2, 3, 4, 5, 65_535], encoding) },
];
const sent = raw(content(EXPLICIT));

describe('the image digest is kept by', () => {
  it.each([
    ['Implicit VR', IMPLICIT],
    ['Big Endian', BIG_ENDIAN],
  ])('%s', (_, encoding) => {
    const encoded = raw(content(encoding), encoding);

    expect(encoded.imageSha256).toBe(sent.imageSha256);
    expect(encoded.sha256).not.toBe(sent.sha256);
  });

  it('group lengths, padding and another VR of the same value', () => {
    const others: readonly RawElement[] = [
      { tag: '00080000', vr: 'UL', value: Uint8Array.of(1, 0, 0, 0) },
      { tag: '0008103E', vr: 'SH', value: 'Thorax axial  ' },
      { tag: '7FE00010', vr: 'OB', value: words([1, 2, 3, 4, 5, 65_535]) },
    ];
    const changed = new Set(others.map(({ tag }) => tag));

    expect(raw([...content(EXPLICIT).filter(({ tag }) => !changed.has(tag)), ...others]).imageSha256).toBe(
      sent.imageSha256,
    );
  });

  it('another character set', () => {
    const named = (charset: string, text: Uint8Array) =>
      raw([
        { tag: '00080005', vr: 'CS', value: charset },
        { tag: '0008103E', vr: 'LO', value: text },
      ]).imageSha256;
    const latin = Buffer.from('Schädel');

    expect(named('ISO_IR 192', latin)).toBe(named('ISO_IR 100', Buffer.from('Schädel', 'latin1')));
    expect(named('ISO_IR 192', latin)).not.toBe(named('ISO_IR 100', latin));
    const broken = (byte: number) => named('ISO_IR 192', Uint8Array.of(0x41, byte));
    expect(broken(0xfc)).not.toBe(broken(0xfd));
  });

  it('a Basic Offset Table', () => {
    const of = (...pixels: Parameters<typeof encapsulated>) =>
      raw([...picture({ frames: 2 }), encapsulated(...pixels)], EXPLICIT, RLE).imageSha256;
    const [first, second] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)];

    expect(of([first, second])).toBe(of([first, second], [0, 10]));
    expect(of([first, second])).not.toBe(of([second, first]));
    expect(of([first, second])).not.toBe(of([Uint8Array.of(1, 2, 3, 4)]));
  });
});

const IMAGE: Attributes = {
  ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.3' },
  ...{
    StudyInstanceUID: '2.25.2',
    PatientName: 'Phantom^One',
    PatientID: 'A-1',
    PatientSex: 'F',
    StudyDate: '20260101',
  },
  ...{ StudyTime: '101112', AccessionNumber: 'X1', SeriesDescription: 'Thorax', ImagePositionPatient: [1, 2, 3] },
  ...{ Rows: 2, Columns: 2, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', BitsAllocated: 8 },
  ...{ BitsStored: 8, HighBit: 7, PixelRepresentation: 0, PixelData: Uint8Array.of(1, 2, 3, 4) },
  RequestAttributesSequence: [{ AccessionNumber: 'X1', ScheduledProcedureStepID: 'S' }],
};
const indexed = (change: Attributes = {}) => indexInstance(encodeDicom({ ...IMAGE, ...change }));

it('is made of private values that nest without end, too', () => {
  const nested = (levels: number): Uint8Array => {
    // Tag (0009,1001), length, item, length: 16 bytes a level, the innermost last.
    const bytes = Buffer.alloc(16 * levels);
    for (let level = 0; level < levels; level += 1) {
      bytes.set([0x09, 0x00, 0x01, 0x10], 16 * level);
      bytes.writeUInt32LE(bytes.length - 16 * level - 8, 16 * level + 4);
      bytes.set([0xfe, 0xff, 0x00, 0xe0], 16 * level + 8);
      bytes.writeUInt32LE(bytes.length - 16 * level - 16, 16 * level + 12);
    }
    return bytes.subarray(8);
  };
  const deep = (levels: number) => raw([{ tag: '00091001', vr: 'UN', value: nested(levels) }], IMPLICIT).imageSha256;

  expect(deep(50_000)).toMatch(/^[0-9a-f]{64}$/);
  expect(deep(50_000)).not.toBe(deep(49_999));
});

describe('a correction', () => {
  it.each<[string, Attributes]>([
    ['of the name', { PatientName: 'Phantom^Two' }],
    ['of the Patient ID', { PatientID: 'A-2', OtherPatientIDsSequence: [{ PatientID: 'A-1' }] }],
    ['of the study’s date', { StudyDate: '20260102', StudyTime: '' }],
    [
      'of the Accession Number',
      { AccessionNumber: 'X2', RequestAttributesSequence: [{ AccessionNumber: 'X2', ScheduledProcedureStepID: 'S' }] },
    ],
    [
      'that takes the patient away',
      { PatientName: '', PatientID: 'ANON', PatientSex: '', PatientIdentityRemoved: 'YES' },
    ],
    ['of the physician', { ReferringPhysicianName: 'Someone^Else', StudyDescription: 'CT' }],
    ['that the archive notes', { OriginalAttributesSequence: [{ ModifyingSystem: 'PACS' }] }],
  ])('%s leaves the image digest, and the input digest, as they are', (_, change) => {
    const [before, after] = [indexed(), indexed(change)];

    expect(after.imageSha256).toBe(before.imageSha256);
    expect(inputDigestOf([volume(after)])).toBe(inputDigestOf([volume(before)]));
    expect(revisionOf([after])).not.toBe(revisionOf([before]));
  });

  it.each<[string, Attributes]>([
    ['a pixel', { PixelData: Uint8Array.of(1, 2, 3, 5) }],
    ['the position', { ImagePositionPatient: [1, 2, 4] }],
    ['the series’ description', { SeriesDescription: 'Abdomen' }],
    ['an item', { RequestAttributesSequence: [{ AccessionNumber: 'X1', ScheduledProcedureStepID: 'T' }] }],
    ['the orientation type', { AnatomicalOrientationType: 'QUADRUPED' }],
    ['the species', { PatientSpeciesDescription: 'Canis lupus familiaris' }],
    ['the study', { StudyInstanceUID: '2.25.9' }],
    ['an empty value', { ImageComments: '' }],
  ])('of %s changes both', (_, change) => {
    const [before, after] = [indexed(), indexed(change)];

    expect(after.imageSha256).not.toBe(before.imageSha256);
    expect(inputDigestOf([volume(after)])).not.toBe(inputDigestOf([volume(before)]));
  });
});

const volume = (instance: ReturnType<typeof indexInstance>) => ({
  kind: 'volume' as const,
  ...{ StudyInstanceUID: '2.25.2', SeriesInstanceUID: '2.25.3', Modality: 'CT', instances: [instance] },
});

it('takes the file’s digest for an image whose edge did not make the other', () => {
  const { imageSha256: _, ...old } = indexed();

  expect(inputDigestOf([volume(old)])).toBe(revisionOf([old]));
});

it('knows every attribute that archives add', () => {
  expect(ADDED_BY_ARCHIVES.filter((keyword) => lookup(keyword) === undefined)).toEqual([]);
});
