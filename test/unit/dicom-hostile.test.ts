import { describe, expect, it } from 'vitest';
import { loadImage } from '#core/image/load.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { Volume } from '#core/image/volume.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { readDicom } from '#dicom/read.ts';
import { StructureReader } from '#dicom/structure.ts';
import { encodeDicom } from '#dicom/write.ts';
import {
  codeOf,
  EXPLICIT,
  encodeElements,
  identity,
  part10,
  picture,
  type RawElement,
  sorted,
  words,
} from '../fixtures/part10.ts';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

function file(...elements: readonly RawElement[]): Uint8Array {
  return part10(EXPLICIT_LITTLE_ENDIAN, encodeElements(sorted([...identity(), ...elements])));
}

describe('a hostile data set', () => {
  it('is refused where an attribute occurs twice with different values', () => {
    const twice = file({ tag: '00100020', vr: 'LO', value: 'ONE' }, { tag: '00100020', vr: 'LO', value: 'TWO' });
    const item = file({
      tag: '00081140',
      vr: 'SQ',
      value: [
        [
          { tag: '00081155', vr: 'UI', value: '1.2' },
          { tag: '00081155', vr: 'UI', value: '1.3' },
        ],
      ],
    });
    const meta = encodeElements([{ tag: '00020010', vr: 'UI', value: '1.2.840.10008.1.2' }]);
    const secondSyntax = part10(EXPLICIT_LITTLE_ENDIAN, Buffer.concat([meta, encodeElements(identity())]));

    expect([twice, item, secondSyntax].map((bytes) => codeOf(() => readDicom(bytes)))).toEqual([
      'malformed',
      'malformed',
      'malformed',
    ]);
  });

  it('may repeat an attribute with the same value', () => {
    const value: RawElement = { tag: '00100020', vr: 'LO', value: 'ONE' };

    const { dataset } = readDicom(file(value, value));

    expect(dataset.text('PatientID')).toBe('ONE');
  });

  it('keeps the first of two values of a private attribute', () => {
    const values = ['ONE', 'TWO'].map((value): RawElement => ({ tag: '00091001', vr: 'LO', value }));
    const bytes = encodeElements(values);

    const { elements } = new StructureReader(bytes, 0).file({ explicitVr: true, littleEndian: true }, {});

    expect(Buffer.from(elements.get(0x0009_1001)?.value ?? []).toString()).toBe('ONE ');
  });

  it('does no harm with names that every JavaScript object has', () => {
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];

    const charsets = names.map((name) =>
      readDicom(
        file({ tag: '00080005', vr: 'CS', value: name }, { tag: '00100010', vr: 'PN', value: 'A^B' }),
      ).dataset.text('PatientName'),
    );
    const syntaxes = names.map((name) => codeOf(() => readDicom(part10(name, encodeElements(identity())))));

    expect(new Set(charsets)).toEqual(new Set(['A^B']));
    expect(new Set(syntaxes)).toEqual(new Set(['unsupported-transfer-syntax']));
  });

  it('does not take quadratic time over padding', () => {
    const spaces = `${' '.repeat(60_000)}x`;
    const { dataset } = readDicom(
      file(
        { tag: '00081030', vr: 'LO', value: spaces },
        { tag: '00180050', vr: 'DS', value: `${'1'.repeat(60_000)}x` },
        { tag: '00204000', vr: 'UT', value: `a${' '.repeat(1_000_000)}b` },
      ),
    );
    const before = process.cpuUsage();

    const values = [dataset.text('StudyDescription'), dataset.number('SliceThickness'), dataset.text('ImageComments')];

    const { user, system } = process.cpuUsage(before);
    expect(values.map((value) => String(value).length)).toEqual([1, 9, 1_000_002]);
    expect(user + system).toBeLessThan(500_000);
  });

  it('is refused where a value is longer than any legitimate one', () => {
    const long = new Uint8Array(2 ** 20 + 2).fill(0x5c);
    const { dataset } = readDicom(
      file(
        { tag: '00080008', vr: 'UT', value: long },
        { tag: '00200032', vr: 'OW', value: long },
        { tag: '00283006', vr: 'OW', value: long },
      ),
    );

    expect(codeOf(() => dataset.texts('ImageType'))).toBe('limit-exceeded');
    expect(codeOf(() => dataset.text('ImagePositionPatient'))).toBe('limit-exceeded');
    expect(codeOf(() => dataset.numbers('LUTData'))).toBe('limit-exceeded');
    expect(dataset.bytes('LUTData')?.length).toBe(long.length);
  });

  it('is refused where a text changes its character set all the time', () => {
    const textOf = (changes: number): string | undefined =>
      readDicom(
        file(
          { tag: '00080005', vr: 'CS', value: '\\ISO 2022 IR 87' },
          { tag: '00204000', vr: 'UT', value: '\x1b$B;3\x1b(Bxx'.repeat(changes) },
        ),
      ).dataset.text('ImageComments');

    expect(textOf(5_000)?.length).toBe(15_000);
    expect(codeOf(() => textOf(50_000))).toBe('limit-exceeded');
  });

  it('decodes a long run of double-byte text', () => {
    const value = Buffer.concat([Buffer.from('\x1b$B'), Buffer.from(';3'.repeat(150_000)), Buffer.from('\x1b(B')]);
    const supplement = Buffer.concat([
      Buffer.from('\x1b$(D'),
      Buffer.from('0!'.repeat(150_000)),
      Buffer.from('\x1b(B'),
    ]);
    const text = (bytes: Uint8Array): string | undefined =>
      readDicom(
        file(
          { tag: '00080005', vr: 'CS', value: '\\ISO 2022 IR 87\\ISO 2022 IR 159' },
          { tag: '00204000', vr: 'UT', value: bytes },
        ),
      ).dataset.text('ImageComments');

    expect(text(value) === '山'.repeat(150_000)).toBe(true);
    expect(text(supplement) === '丂'.repeat(150_000)).toBe(true);
  });

  it('is refused beyond a number of items and fragments', () => {
    const tiny = Buffer.from('feff00e000000000', 'hex');
    const many = Buffer.alloc(tiny.length * 500_001, tiny);
    const items = file({ tag: '00081140', vr: 'SQ', value: many });
    const fragments = part10(
      '1.2.840.10008.1.2.5',
      encodeElements([...identity(), { tag: '7FE00010', vr: 'OB', value: many, declaredLength: 0xffff_ffff }]),
    );

    expect(codeOf(() => readDicom(items))).toBe('limit-exceeded');
    expect(codeOf(() => readDicom(fragments))).toBe('limit-exceeded');
  });

  it('gives only numbers that can be written in DICOM', () => {
    const texts = ['0x10', '1e', 'Infinity', '1_0', '0b11', '1,5', '--1', '1e999'];
    const good = ['1.50', '.5', '5.', '+5', '-1e-2', '12.34567890123456789'];
    const numberOf = (value: string): number | undefined =>
      readDicom(file({ tag: '00180050', vr: 'DS', value })).dataset.number('SliceThickness');

    expect(texts.map(numberOf)).toEqual(texts.map(() => undefined));
    expect(good.map(numberOf)).toEqual([1.5, 0.5, 5, 5, -0.01, 12.345678901234567]);
  });

  it('is indexed without implausible values', () => {
    const bytes = file(
      ...picture().filter(({ tag }) => tag !== '00280103'),
      { tag: '00280103', vr: 'DS', value: '0.5' },
      { tag: '00280008', vr: 'DS', value: '1e20' },
      { tag: '00080008', vr: 'CS', value: 'A\\'.repeat(1000) },
      { tag: '00200052', vr: 'UI', value: '../../etc/passwd' },
    );

    const index = indexInstance(bytes);

    expect(index.Rows).toBe(2);
    expect(index).not.toHaveProperty('PixelRepresentation');
    expect(index).not.toHaveProperty('NumberOfFrames');
    expect(index).not.toHaveProperty('ImageType');
    expect(index).not.toHaveProperty('FrameOfReferenceUID');
  });
});

describe('an attribute copied by a writer that did not know it', () => {
  it('is read with the VR of the dictionary (PS3.5 6.2.2)', () => {
    const unknown = (tag: string, value: Uint8Array | string): RawElement => ({ tag, vr: 'UN', value });
    const item = encodeElements([{ tag: '00081155', vr: 'UI', value: '1.2.9' }], { ...EXPLICIT, explicitVr: false });
    const sequence = Buffer.concat([Buffer.from('feff00e0', 'hex'), words([item.length, 0]), item]);

    const { dataset } = readDicom(
      file(
        unknown('00280010', words([7])),
        unknown('00080060', 'CT'),
        unknown('00081140', sequence),
        unknown('00091001', 'private'),
      ),
    );

    expect(dataset.number('Rows')).toBe(7);
    expect(dataset.text('Modality')).toBe('CT');
    expect(dataset.items('ReferencedImageSequence')[0]?.text('ReferencedSOPInstanceUID')).toBe('1.2.9');
  });
});

describe('what results copy from a hostile source', () => {
  const source = (...elements: readonly RawElement[]) => {
    const bytes = file(...elements);
    const read = readDicom(bytes);
    const { patientAndStudy } = sourceStudyOf([indexInstance(bytes)], read);
    const written = encodeDicom({
      ...patientAndStudy,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: '1.2.3.4',
      StudyInstanceUID: '1.2.3',
      SeriesInstanceUID: '1.2.3.1',
    });
    return { before: read.dataset, after: readDicom(written).dataset };
  };

  it('keeps bytes that are not valid in a code', () => {
    const { before, after } = source(
      { tag: '00080005', vr: 'CS', value: 'GB18030' },
      { tag: '00100040', vr: 'CS', value: Uint8Array.of(0xc4, 0xd0) },
      { tag: '00100030', vr: 'DA', value: Uint8Array.of(0xff, 0x80, 0x1b, 0x20) },
    );

    expect(after.bytes('PatientSex')).toEqual(before.bytes('PatientSex'));
    expect(after.text('PatientBirthDate')).toBe(before.text('PatientBirthDate'));
  });

  it('does not turn an escape character into a code extension', () => {
    const { before, after } = source(
      { tag: '00080005', vr: 'CS', value: 'ISO_IR 192' },
      { tag: '00100010', vr: 'PN', value: '\x1b$B;3ED\x1b(B' },
    );

    expect(after.text('PatientName')).toBe(before.text('PatientName'));
  });

  it('leaves out what cannot be written, and writes the rest', () => {
    const { after } = source(
      { tag: '00080020', vr: 'SQ', value: [[{ tag: '00081155', vr: 'UI', value: '1.2' }]] },
      { tag: '00081030', vr: 'UT', value: 'x'.repeat(70_000) },
      { tag: '00100020', vr: 'LO', value: 'KEPT' },
    );

    expect(after.texts('StudyDate')).toEqual([]);
    expect(after.texts('StudyDescription')).toEqual([]);
    expect(after.text('PatientID')).toBe('KEPT');
  });
});

describe('a radiograph with an extreme rescale', () => {
  const dx = async (slope: string, intercept: string): Promise<Radiograph | Volume> => {
    const bytes = part10(
      EXPLICIT_LITTLE_ENDIAN,
      encodeElements(
        sorted([
          ...identity('1.2.3.4', '1.2.840.10008.5.1.4.1.1.1.1'),
          ...picture(),
          { tag: '00281052', vr: 'DS', value: intercept },
          { tag: '00281053', vr: 'DS', value: slope },
          { tag: '7FE00010', vr: 'OW', value: words([1, 2, 3, 4, 5, 60_000]) },
        ]),
      ),
    );
    const [image] = groupImages({ StudyInstanceUID: '1.2.3', instances: [indexInstance(bytes)] });
    if (image === undefined) throw new Error('It is an image');
    return loadImage(image, async () => bytes, inProcessDecoder);
  };

  it('stays between 0 and 1 if values are rounded', async () => {
    const { pixels } = (await dx('0.123456789', '-1234.56789')) as Radiograph;

    expect(Math.min(...pixels)).toBe(0);
    expect(Math.max(...pixels)).toBe(1);
  });

  it('does not make a volume, either, where values overflow', async () => {
    const files = [0, 1].map((k) =>
      part10(
        EXPLICIT_LITTLE_ENDIAN,
        encodeElements(
          sorted([
            ...identity(`1.2.3.4.${k}`, '1.2.840.10008.5.1.4.1.1.4'),
            ...picture(),
            { tag: '00080060', vr: 'CS', value: 'MR' },
            { tag: '00200032', vr: 'DS', value: `0\\0\\${k}` },
            { tag: '00200037', vr: 'DS', value: '1\\0\\0\\0\\1\\0' },
            { tag: '00200052', vr: 'UI', value: '1.2.9' },
            { tag: '00280030', vr: 'DS', value: '1\\1' },
            { tag: '00281052', vr: 'DS', value: '0' },
            { tag: '00281053', vr: 'DS', value: '1e300' },
            { tag: '7FE00010', vr: 'OW', value: words([1, 2, 3, 4, 5, 6]) },
          ]),
        ),
      ),
    );
    const instances = files.map(indexInstance);
    const [image] = groupImages({ StudyInstanceUID: '1.2.3', instances });
    if (image === undefined) throw new Error('It is an image');
    const read = async ({ sha256 }: { readonly sha256: string }): Promise<Uint8Array> =>
      files[instances.findIndex((instance) => instance.sha256 === sha256)] ?? new Uint8Array(0);

    await expect(loadImage(image, read, inProcessDecoder)).rejects.toMatchObject({ code: 'malformed' });
  });

  it('is refused if values overflow', async () => {
    await expect(dx('1e300', '0')).rejects.toMatchObject({ code: 'malformed' });
  });
});
