import { describe, expect, it } from 'vitest';
import { formatDecimal } from '#dicom/decimal.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { readDicom } from '#dicom/read.ts';
import { isUid, resultUid } from '#dicom/uid.ts';
import { type Attributes, asFoundWhereBroken, encodeDicom, keywordsAsFound } from '#dicom/write.ts';

const UIDS = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '1.2.3',
  StudyInstanceUID: '1.2.4',
  SeriesInstanceUID: '1.2.5',
};
const written = (attributes: Attributes) => readDicom(encodeDicom({ ...UIDS, ...attributes })).dataset;
const refusal = (attributes: Attributes): DicomWriteError => {
  try {
    encodeDicom({ ...UIDS, ...attributes });
  } catch (error) {
    if (error instanceof DicomWriteError) return error;
    throw error;
  }
  throw new Error('the gate let it through');
};

describe('the checks of the writer', () => {
  it.each<[rule: string, attributes: Attributes]>([
    ['a keyword that PS3.6 does not have', { PatientsName: 'Secret' }],
    ['a keyword that is only an inherited property', { constructor: 'Secret' }],
    ['text where a number is due', { Rows: 'Secret' }],
    ['a number where text is due', { PatientID: 4711 }],
    ['a number beyond 16 bits', { Rows: 70_000 }],
    ['a negative number in an unsigned VR', { Rows: -1 }],
    ['a fraction in an integer VR', { Rows: 1.5 }],
    ['a number that is not a number', { FloatingPointValue: Number.NaN }],
    ['an infinite Decimal String', { SliceThickness: Number.POSITIVE_INFINITY }],
    ['a float beyond 32 bits', { GraphicData: [1e39, 0] }],
    ['an Integer String beyond 32 bits', { InstanceNumber: 2 ** 31 }],
    ['an Integer String with a fraction', { InstanceNumber: 1.5 }],
    ['65 characters of LO', { PatientID: 'Secret'.padEnd(65, '.') }],
    ['17 characters of SH', { AccessionNumber: 'Secret'.padEnd(17, '.') }],
    ['1025 characters of ST', { DerivationDescription: 'Secret'.padEnd(1025, '.') }],
    ['65 characters of a name group', { PatientName: 'Secret'.padEnd(65, '.') }],
    ['four groups of a name', { PatientName: 'Secret=b=c=d' }],
    ['six components of a name', { PatientName: 'Secret^b^c^d^e^f' }],
    ['lower case in CS', { Modality: 'Secret' }],
    ['a day that is not in the calendar', { StudyDate: '20260230' }],
    ['a time that is not of a day', { StudyTime: '246000' }],
    ['a date and time that is none', { AcquisitionDateTime: '20261301' }],
    ['a UID with a leading zero', { StudyInstanceUID: '1.02.3' }],
    ['a UID of 65 characters', { StudyInstanceUID: `1.${'2'.repeat(63)}` }],
    ['an age that is none', { PatientAge: '12' }],
    ['a Decimal String that is no number', { SliceThickness: 'Secret' }],
    ['a Decimal String of 17 characters', { SliceThickness: '1.234567890123456' }],
    ['a value too many', { Modality: ['CT', 'MR'] }],
    ['a value too few', { PixelSpacing: [1] }],
    ['a count that is no multiple', { GraphicData: [1] }],
    ['a backslash in one value', { PatientID: 'Secret\\Two' }],
    ['a line break outside paragraphs', { PatientID: 'Secret\nTwo' }],
    ['an escape in paragraphs', { TextValue: 'Secret\u001b$B' }],
    ['letters beyond ASCII where no character set reaches', { Modality: 'ÄÖ' }],
    ['half a character', { PatientID: '\ud800' }],
    ['items where a value is due', { PatientID: [{ PatientID: 'Secret' }] }],
    ['a value where items are due', { ReferencedStudySequence: 'Secret' }],
    ['an error inside an item', { ReferencedStudySequence: [{ ReferencedSOPClassUID: 'Secret' }] }],
    ['odd bytes in 16-bit words', { RedPaletteColorLookupTableData: new Uint8Array(3) }],
    ['text where bytes are due', { EncapsulatedDocument: 'Secret' }],
    ['a tag that is not in the dictionary', { DimensionIndexPointer: 'Secret' }],
    ['a character set of the caller', { SpecificCharacterSet: 'ISO_IR 100' }],
    ['no SOP Instance UID', { SOPInstanceUID: '' }],
    [
      'a field longer than its length can say',
      { RequestedContrastAgent: 'x', ImageType: Array(9000).fill('ORIGINAL') },
    ],
  ])('refuses %s, naming the keyword and never the value', (_rule, attributes) => {
    const error = refusal(attributes);

    expect(error.code).toBe('invalid-dicom-object');
    expect(error.message).toMatch(/^[A-Za-z]+: ./);
    expect(JSON.stringify([error.message, error.facts])).not.toContain('Secret.');
    expect(error.message.replace(/^[A-Za-z]+/, '')).not.toContain('Secret');
  });

  it('accepts what PS3.5 just allows', () => {
    const attributes: Attributes = {
      Rows: 65_535,
      PatientID: 'ü'.repeat(64),
      PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
      StudyDate: '20240229',
      StudyTime: '235960.123456',
      AcquisitionDateTime: '20240229235959.5+0100',
      InstanceNumber: -(2 ** 31),
      ImageType: ['ORIGINAL', 'PRIMARY', ''],
      TextValue: 'Two lines:\r\na\\b',
      AccessionNumber: '',
      ReferencedStudySequence: [],
    };

    const dataset = written(attributes);

    expect(dataset.number('Rows')).toBe(65_535);
    expect(dataset.text('PatientID')).toBe('ü'.repeat(64));
    expect(dataset.text('PatientName')).toBe('Yamada^Tarou=山田^太郎=やまだ^たろう');
    expect(dataset.text('TextValue')).toBe('Two lines:\r\na\\b');
    expect(dataset.texts('ImageType')).toEqual(['ORIGINAL', 'PRIMARY', '']);
    expect(dataset.has('AccessionNumber')).toBe(false);
    expect(dataset.text('SpecificCharacterSet')).toBe('ISO_IR 192');
  });

  it.each([
    ['one of several values', { OtherPatientNames: ['Phantom^Hilum', 'Müller^Phantom'] }],
    ['the last of several items', { ReferencedStudySequence: [{ StudyID: 'a' }, { StudyID: 'ü' }] }],
  ])('states its character set where %s needs one', (_, attributes) => {
    expect(written(attributes).text('SpecificCharacterSet')).toBe('ISO_IR 192');
  });

  it('states no character set where ASCII is enough', () => {
    expect(written({ PatientName: 'Phantom^Hilum' }).has('SpecificCharacterSet')).toBe(false);
  });

  it('writes numbers of every binary VR so that they read back', () => {
    const dataset = written({
      PixelRepresentation: 1,
      SmallestImagePixelValue: -32_768,
      ReferencedFrameNumber: [1, 2],
      DimensionIndexValues: [1, 4_294_967_295],
      FloatingPointValue: 0.1,
      GraphicData: [0.5, 1.5],
      DisplayedAreaTopLeftHandCorner: [-5, 7],
      FileOffsetInContainer: 2 ** 40,
    });

    expect(dataset.number('SmallestImagePixelValue')).toBe(-32_768);
    expect(dataset.numbers('DimensionIndexValues')).toEqual([1, 4_294_967_295]);
    expect(dataset.number('FloatingPointValue')).toBe(0.1);
    expect(dataset.numbers('GraphicData')).toEqual([0.5, 1.5]);
    expect(dataset.numbers('DisplayedAreaTopLeftHandCorner')).toEqual([-5, 7]);
    expect(dataset.number('FileOffsetInContainer')).toBe(2 ** 40);
  });

  it('writes the items of an object with many thousand frames', () => {
    const frames = Array.from({ length: 20_000 }, (_, index) => ({
      FrameContentSequence: [{ InStackPositionNumber: index + 1, TemporalPositionIndex: 1 }],
    }));

    const read = written({ PerFrameFunctionalGroupsSequence: frames }).items('PerFrameFunctionalGroupsSequence');

    expect(read).toHaveLength(20_000);
    expect(read.at(-1)?.items('FrameContentSequence')[0]?.number('InStackPositionNumber')).toBe(20_000);
  });

  it('gives the same bytes for any order of keywords', () => {
    const one = encodeDicom({
      ...UIDS,
      PatientID: 'a',
      Rows: 1,
      ReferencedStudySequence: [{ PatientID: 'b', Rows: 2 }],
    });
    const other = encodeDicom({
      ReferencedStudySequence: [{ Rows: 2, PatientID: 'b' }],
      Rows: 1,
      PatientID: 'a',
      ...UIDS,
    });

    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true);
  });
});

describe('values copied unchanged', () => {
  it('keeps an invalid value character by character, lists it, and leaves the file readable', () => {
    const source: Attributes = {
      PatientID: 'x'.repeat(80),
      PatientBirthDate: '1960-02-29',
      PatientSex: 'weiblich',
      PatientWeight: '72,5',
      StudyID: 'fine',
      IssuerOfPatientIDQualifiersSequence: [{ UniversalEntityIDType: 'not a code' }],
    };

    const copied = asFoundWhereBroken(source);
    const dataset = written(copied);

    expect(keywordsAsFound(copied)).toEqual([
      'PatientBirthDate',
      'PatientID',
      'PatientSex',
      'PatientWeight',
      'UniversalEntityIDType',
    ]);
    expect(dataset.text('PatientID')).toBe('x'.repeat(80));
    expect(dataset.text('PatientSex')).toBe('weiblich');
    expect(dataset.text('PatientWeight')).toBe('72,5');
    expect(dataset.text('StudyID')).toBe('fine');
    expect(dataset.items('IssuerOfPatientIDQualifiersSequence')[0]?.text('UniversalEntityIDType')).toBe('not a code');
  });

  it('leaves out bytes that their VR cannot hold, and the character set with them', () => {
    const bytes = new Uint8Array(70_000).fill(0xff);
    const copied = asFoundWhereBroken({
      SpecificCharacterSet: 'ISO_IR 192',
      PatientName: { asFound: ['\ufffd'.repeat(70_000)], bytes },
      IssuerOfAccessionNumberSequence: { asFound: ['\ufffd'], bytes: bytes.subarray(0, 2) },
      PatientID: 'P-1',
    });

    expect(copied).toEqual({ PatientID: 'P-1' });
    expect(written(copied).text('PatientID')).toBe('P-1');
  });

  it('pads bytes of an odd length', () => {
    const PatientName = { asFound: ['\ufffd'], bytes: Uint8Array.of(0xff, 0x41, 0xff) };

    const dataset = written(asFoundWhereBroken({ SpecificCharacterSet: 'ISO_IR 192', PatientName }));

    expect([...(dataset.bytes('PatientName') ?? [])]).toEqual([0xff, 0x41, 0xff, 0x20]);
  });

  it('leaves out what cannot be written, and the character set of the source', () => {
    const copied = asFoundWhereBroken({ SpecificCharacterSet: 'ISO_IR 100', Rows: 70_000, Columns: 5 });

    expect(copied).toEqual({ Columns: 5 });
  });
});

describe('Decimal Strings', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [123_456_789 + 1 / 7, '123456789.142857'],
    [1 / 3, '0.33333333333333'],
    [-1 / 3, '-0.3333333333333'],
    [123_456_789.123_456_7, '123456789.123457'],
    [1e300, '1e+300'],
    [-1.234_567_89e-300, '-1.23456789e-300'],
    [-29.785_156_25, '-29.78515625'],
  ])('writes %d as %s', (value, expected) => {
    expect(formatDecimal(value)).toBe(expected);
  });

  it('never takes more than 16 characters nor loses more digits than necessary, whatever the number', () => {
    let state = 1;
    for (let i = 0; i < 5_000; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const value = (state / 2 ** 31 - 1) * 10 ** ((i % 600) - 300);

      const text = formatDecimal(value);

      expect(text.length).toBeLessThanOrEqual(16);
      expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-8);
    }
  });
});

describe('UIDs of results', () => {
  it('are the same for the same parts, different for different parts, and valid', () => {
    const uid = resultUid('a', 'b', 'c');

    expect(uid).toBe(resultUid('a', 'b', 'c'));
    expect(new Set([uid, resultUid('a', 'bc'), resultUid('ab', 'c'), resultUid('c', 'b', 'a')]).size).toBe(4);
    expect(isUid(uid)).toBe(true);
    expect(uid).toMatch(/^2\.25\.\d{1,39}$/);
  });
});
