/** Numbers and words of a header: said, unsaid, or there and unreadable. */
import { describe, expect, it } from 'vitest';
import { volumeGeometry } from '#core/image/volume-geometry.ts';
import { areApart, bodyPartIn } from '#core/study/body-parts.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { judgeImage, type Selection, SelectionSchema } from '#core/study/selection.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { readingNotes } from '#core/study/unreadable.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';
import { encodeElements, identity, part10, type RawElement, sorted } from '../fixtures/part10.ts';

const TAGS = {
  PixelSpacing: '00280030',
  SliceThickness: '00180050',
  ImagePositionPatient: '00200032',
  ImageOrientationPatient: '00200037',
  RescaleSlope: '00281053',
  RescaleIntercept: '00281052',
  FrameOfReferenceUID: '00200052',
  EffectiveEchoTime: '00180081',
  PatientOrientation: '00200020',
} as const;
type Name = keyof typeof TAGS;

function indexed(name: Name, vr: string, value: string): InstanceIndex {
  const elements: readonly RawElement[] = [...identity(), { tag: TAGS[name], vr, value }];
  return indexInstance(part10('1.2.840.10008.1.2.1', encodeElements(sorted(elements))));
}

describe('a number that is said', () => {
  it.each<[Name, string, string, unknown]>([
    ['PixelSpacing', 'DS', '0.7\\0.7', [0.7, 0.7]],
    ['PixelSpacing', 'DS', '+7.0e-01\\.7', [0.7, 0.7]],
    ['PixelSpacing', 'DS', '0,7\\0,7', [0.7, 0.7]],
    ['PixelSpacing', 'DS', '1,125\\1,125', [1.125, 1.125]],
    ['PixelSpacing', 'DS', '0.7\\0.7\\', [0.7, 0.7]],
    ['PixelSpacing', 'UT', '0.7\\0.7', [0.7, 0.7]],
    ['PixelSpacing', 'UN', '0.7\\0.7', [0.7, 0.7]],
    ['PixelSpacing', 'OB', '0,7\\0,7', [0.7, 0.7]],
    ['PixelSpacing', 'LO', '0.7\\0.7', [0.7, 0.7]],
    ['ImagePositionPatient', 'DS', '-171,699\\-180,5\\1,234', [-171.699, -180.5, 1.234]],
    ['ImageOrientationPatient', 'DS', '1,000\\0,000\\0,000\\0,000\\1,000\\0,000', [1, 0, 0, 0, 1, 0]],
    ['SliceThickness', 'DS', '3', 3],
    ['SliceThickness', 'DS', '3\\3', 3],
    ['SliceThickness', 'LO', '3', 3],
    ['RescaleIntercept', 'DS', '-1024,0', -1024],
    ['EffectiveEchoTime', 'DS', '2,98', 2.98],
  ])('%s as %s %s', (name, vr, value, expected) => {
    const index = indexed(name, vr, value);

    expect(index[name]).toEqual(expected);
    expect(index.unreadable).toBeUndefined();
  });

  it('is marked where it is read although it breaks PS3.5', () => {
    expect(indexed('PixelSpacing', 'DS', '0,7\\0,7').odd).toEqual({ PixelSpacing: 'decimal-comma' });
    expect(indexed('PixelSpacing', 'UT', '0.7\\0.7').odd).toEqual({ PixelSpacing: 'other-vr' });
    expect(indexed('PixelSpacing', 'DS', '0.7\\0.7').odd).toBeUndefined();
    expect(readingNotes({ instances: [indexed('PixelSpacing', 'DS', '0,7\\0,7')] })).toEqual([
      { code: 'odd-header', message: 'Pixel Spacing (0028,0030) is written with a decimal comma, and was read so' },
    ]);
  });
});

it.each<[Name, string]>([
  ['PixelSpacing', ''],
  ['PixelSpacing', '\\'],
  ['SliceThickness', '0'],
  ['RescaleSlope', ' '],
  ['FrameOfReferenceUID', ''],
])('%s is unsaid as "%s"', (name, value) => {
  const index = indexed(name, name === 'FrameOfReferenceUID' ? 'UI' : 'DS', value);

  expect(index[name]).toBeUndefined();
  expect(index.unreadable).toBeUndefined();
});

it.each([
  ['L\\F', ['L', 'F']],
  ['L/F ', ['L', 'F']],
  ['left, foot', ['L', 'F']],
  ['L F', ['L', 'F']],
  ['L ', ['L']],
])('Patient Orientation %s has the directions %j', (text, expected) => {
  expect(indexed('PatientOrientation', 'CS', text).PatientOrientation).toEqual(expected);
});

describe('a number that cannot be read', () => {
  it.each<[Name, string, string, string]>([
    ['PixelSpacing', 'DS', '0.7', 'Pixel Spacing (0028,0030) cannot be read: it has 1 value instead of 2.'],
    ['PixelSpacing', 'DS', '0.7\\', 'Pixel Spacing (0028,0030) cannot be read: it has 1 value instead of 2.'],
    ['PixelSpacing', 'DS', '0.7\\0.7\\0.7', 'Pixel Spacing (0028,0030) cannot be read: it has 3 values instead of 2.'],
    ['PixelSpacing', 'DS', '3,00,3,00', 'Pixel Spacing (0028,0030) cannot be read: it is not a number.'],
    ['PixelSpacing', 'DS', 'about 0.7\\0.7', 'Pixel Spacing (0028,0030) cannot be read: it is not a number.'],
    [
      'ImagePositionPatient',
      'DS',
      '1\\2\\x',
      'Image Position (Patient) (0020,0032) cannot be read: it is not a number.',
    ],
    [
      'ImageOrientationPatient',
      'DS',
      '1\\0\\0',
      'Image Orientation (Patient) (0020,0037) cannot be read: it has 3 values instead of 6.',
    ],
    ['RescaleSlope', 'DS', 'NaN', 'Rescale Slope (0028,1053) cannot be read: it is not a number.'],
    [
      'RescaleIntercept',
      'DS',
      '-1,024',
      'Rescale Intercept (0028,1052) cannot be read: its comma may be a decimal comma or separate thousands.',
    ],
    ['FrameOfReferenceUID', 'UI', 'none', 'Frame of Reference UID (0020,0052) cannot be read: it is not a UID.'],
    ['SliceThickness', 'DS', 'thin', 'Slice Thickness (0018,0050) cannot be read: it is not a number.'],
    ['SliceThickness', 'DS', '-3', 'Slice Thickness (0018,0050) cannot be read: it is below zero.'],
    ['EffectiveEchoTime', 'DS', 'short', 'Echo Time (0018,0081) cannot be read: it is not a number.'],
  ])('is refused by name: %s as %s %s', (name, vr, value, message) => {
    const index = indexed(name, vr, value);
    const selection: Selection = SelectionSchema.parse({
      image: 'volume',
      alternatives: [[{ attribute: name, whenAbsent: 'accept', reason: 'It is wrong.' }]],
      take: 'best',
    });

    expect(index[name]).toBeUndefined();
    expect(judgeImage(selection, volumeOf([index]))).toMatchObject({ suitable: false, reason: { message } });
  });

  it('is named on loading, too, and not called absent', () => {
    const { PixelSpacing: _, ...unsaid } = slice(0);
    const broken: InstanceIndex = { ...unsaid, unreadable: { PixelSpacing: 'not-a-number' } };

    expect(() => volumeGeometry([broken, broken])).toThrow(
      'Pixel Spacing (0028,0030) cannot be read: it is not a number',
    );
    expect(() => volumeGeometry([unsaid, unsaid])).toThrow('A slice gives no Pixel Spacing (0028,0030)');
    expect(() => volumeGeometry([slice(0, { PixelSpacing: [-1, 1] }), slice(1)])).toThrow('is not above zero');
  });
});

describe('body parts', () => {
  it.each([
    ['Jaw', 'JAW'],
    ['Head', 'HEAD'],
    ['C_SPINE', 'CSPINE'],
    ['C-SPINE', 'CSPINE'],
    ['L SPINE', 'LSPINE'],
    ['LWS', 'LSPINE'],
    ['TSP', 'TSPINE'],
    ['THORAX', 'CHEST'],
    ['Thorax nativ', 'CHEST'],
    ['ABD', 'ABDOMEN'],
    ['ABD/PELVIS', 'ABDOMENPELVIS'],
    ['CHEST_ABDOMEN', 'CHESTABDOMEN'],
    ['Thorax Abdomen Becken', 'CHESTABDPELVIS'],
    ['HEAD^NECK', 'HEADNECK'],
    ['Schädel', 'HEAD'],
    ['Fuß', 'FOOT'],
    ['Knee Left', 'KNEE'],
    ['BITEWING', 'TEETH'],
    ['Zahnstatus', 'TEETH'],
    ['MOLAR', 'TOOTH'],
    ['Ortopantomografia', 'JAW'],
    ['HEAD PELVIS', undefined],
    ['Doe John', undefined],
  ])('%s is %s', (text, part) => {
    expect(bodyPartIn(text)).toBe(part);
  });

  it('of unknown words are no part, and pass where silence passes', () => {
    const part = (value: string): InstanceIndex =>
      indexInstance(
        part10('1.2.840.10008.1.2.1', encodeElements(sorted([...identity(), { tag: '00180015', vr: 'CS', value }]))),
      );
    const rule = { attribute: 'BodyPartExamined', reason: 'It is the head.' };
    const asks = (more: object): Selection =>
      SelectionSchema.parse({ image: 'volume', alternatives: [[{ ...rule, ...more }]], take: 'best' });
    const image = volumeOf([part('Lost words')]);

    expect(judgeImage(asks({ notIn: ['HEAD'], whenAbsent: 'accept' }), image)).toEqual({ suitable: true });
    expect(judgeImage(asks({ in: ['HEAD'] }), image)).toMatchObject({
      reason: { message: 'Body Part Examined (0018,0015) cannot be read: it has none of the terms in use for it.' },
    });
    expect(judgeImage(asks({ notIn: ['HEAD'], whenAbsent: 'accept' }), volumeOf([part('Kopf')]))).toMatchObject({
      reason: { message: 'It is the head.' },
    });
  });

  it.each([
    ['HEAD', 'ABDOMEN', true],
    ['KNEE', 'BRAIN', true],
    ['NECK', 'CHEST', false],
    ['HEAD', 'CSPINE', false],
    ['PELVIS', 'FEMUR', false],
    ['PANCREAS', 'HEAD', false],
  ])('%s and %s contradict each other: %s', (part, other, apart) => {
    expect(areApart(part, other)).toBe(apart);
  });
});

it.each(['ct', ' CT', 'Ct'])('Modality "%s" is CT', (value) => {
  const elements = [...identity(), { tag: '00080060', vr: 'CS', value }];

  expect(indexInstance(part10('1.2.840.10008.1.2.1', encodeElements(sorted(elements)))).Modality).toBe('CT');
});
