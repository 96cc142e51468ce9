/** The structure of a data set, byte by byte: what is read, and at which byte a damaged one is refused. */
import { describe, expect, it } from 'vitest';
import type { ElementSet } from '#dicom/element.ts';
import { DicomReadError } from '#dicom/error.ts';
import {
  BYTES_PER_ENTRY,
  type Encoding,
  MAX_DEPTH,
  MAX_ENTRIES,
  MAX_ENTRIES_OF_LARGE,
  StructureReader,
} from '#dicom/structure.ts';

const EXPLICIT: Encoding = { explicitVr: true, littleEndian: true };
const IMPLICIT: Encoding = { explicitVr: false, littleEndian: true };
const BIG_ENDIAN: Encoding = { explicitVr: true, littleEndian: false };

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s|\|/g, ''), 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Tag, VR and value of each element, with items and fragments in their places. */
const told = ({ elements }: ElementSet): unknown =>
  [...elements].map(([tag, { vr, value, items, fragments }]) => [
    tag.toString(16).padStart(8, '0'),
    vr,
    items?.map(told) ?? fragments?.map(hexOf) ?? hexOf(value),
  ]);

const read = (hex: string, encoding = EXPLICIT, stopBeforePixels = false): unknown =>
  told(new StructureReader(bytesOf(hex), 0).file(encoding, { stopBeforePixels }));

function refusal(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof DicomReadError)) throw error;
    return { code: error.code, ...error.facts };
  }
}

const UNTIL_END = 'ffffffff';
const ITEM = 'feff00e0';
const ITEM_END = 'feff0de0 00000000';
const SEQUENCE_END = 'feffdde0 00000000';
/** Modality CT, in explicit and implicit encoding. */
const CT = '08006000 4353 0200 4354';
const CT_IMPLICIT = '08006000 02000000 4354';
const MODALITY = ['00080060', 'CS', '4354'];
const sequence = (length: string) => `08001011 5351 0000 ${length}`;

describe('an element', () => {
  it.each<[string, string, Encoding, readonly unknown[]]>([
    ['explicit', CT, EXPLICIT, [MODALITY]],
    ['implicit', CT_IMPLICIT, IMPLICIT, [MODALITY]],
    ['big endian', '00080060 4353 0002 4354', BIG_ENDIAN, [MODALITY]],
    ['without a value', '08006000 4353 0000', EXPLICIT, [['00080060', 'CS', '']]],
    ['of a long VR', '08000100 4f42 0000 04000000 01020304', EXPLICIT, [['00080001', 'OB', '01020304']]],
    ['of a long VR, big endian', '00080001 4f42 0000 00000002 0102', BIG_ENDIAN, [['00080001', 'OB', '0102']]],
    ['of a VR that nobody knows', '08000100 5a5a 0000 02000000 0102', EXPLICIT, [['00080001', 'ZZ', '0102']]],
    ['of the first and last letters', '08000100 4141 0000 00000000', EXPLICIT, [['00080001', 'AA', '']]],
    ['that nobody knows, implicit', '09000110 02000000 0102', IMPLICIT, [['00091001', 'UN', '0102']]],
    ['copied as UN that we know', '08006000 554e 0000 02000000 4354', EXPLICIT, [MODALITY]],
    ['copied as UN that nobody knows', '09000110 554e 0000 02000000 4354', EXPLICIT, [['00091001', 'UN', '4354']]],
    ['as UN, big endian', '00080060 554e 0000 00000002 4354', BIG_ENDIAN, [['00080060', 'UN', '4354']]],
    ['after another', `${CT} 08007000 4c4f 0200 4142`, EXPLICIT, [MODALITY, ['00080070', 'LO', '4142']]],
  ])('%s', (_, hex, encoding, elements) => {
    expect(read(hex, encoding)).toEqual(elements);
  });

  it.each('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '))(
    'of %s has a short length',
    (vr) => {
      expect(read(`08000100 ${Buffer.from(vr).toString('hex')} 0200 0102 ${CT}`)).toEqual([
        ['00080001', vr, '0102'],
        MODALITY,
      ]);
    },
  );

  it('is a view on the file, wherever the file is in memory', () => {
    const memory = bytesOf(`ffff ${CT} ffff`);
    const { elements } = new StructureReader(memory.subarray(2, 12), 0).file(EXPLICIT, {});

    const value = elements.get(0x0008_0060)?.value;
    expect(hexOf(value ?? new Uint8Array())).toBe('4354');
    expect(value?.buffer).toBe(memory.buffer);
  });

  it('may occur twice with the same value; of private ones the first counts', () => {
    expect(read(`${CT} ${CT}`)).toEqual([MODALITY]);
    expect(read('09000110 4c4f 0200 4142 09000110 4c4f 0200 4344')).toEqual([['00091001', 'LO', '4142']]);
    expect(refusal(() => read(`${CT} 08006000 4353 0200 4d52`))).toEqual({ code: 'malformed', offset: 20 });
  });
});

describe('a sequence', () => {
  const inner = [['00081110', 'SQ', [[MODALITY]]]];
  const empty = [['00081110', 'SQ', [[]]]];

  it.each<[string, string, Encoding, readonly unknown[]]>([
    ['without items', sequence('00000000'), EXPLICIT, [['00081110', 'SQ', []]]],
    ['of known length', `${sequence('12000000')} ${ITEM} 0a000000 ${CT}`, EXPLICIT, inner],
    ['of an item of unknown length', `${sequence('1a000000')} ${ITEM} ${UNTIL_END} ${CT} ${ITEM_END}`, EXPLICIT, inner],
    ['of unknown length', `${sequence(UNTIL_END)} ${ITEM} 0a000000 ${CT} ${SEQUENCE_END}`, EXPLICIT, inner],
    ['of an empty item', `${sequence('08000000')} ${ITEM} 00000000`, EXPLICIT, empty],
    ['of an empty item without a length', `${sequence('10000000')} ${ITEM} ${UNTIL_END} ${ITEM_END}`, EXPLICIT, empty],
    [
      'of two items',
      `${sequence('1a000000')} ${ITEM} 00000000 ${ITEM} 0a000000 ${CT}`,
      EXPLICIT,
      [['00081110', 'SQ', [[], [MODALITY]]]],
    ],
    ['in implicit encoding', `08001011 12000000 ${ITEM} 0a000000 ${CT_IMPLICIT}`, IMPLICIT, inner],
    ['in big endian', `00081110 5351 0000 00000012 fffee000 0000000a 00080060 4353 0002 4354`, BIG_ENDIAN, inner],
    [
      'as UN without a length, which is implicit',
      `08001011 554e 0000 ${UNTIL_END} ${ITEM} 0a000000 ${CT_IMPLICIT} ${SEQUENCE_END}`,
      EXPLICIT,
      inner,
    ],
    [
      'as UN of known length, which is implicit',
      `08001011 554e 0000 12000000 ${ITEM} 0a000000 ${CT_IMPLICIT}`,
      EXPLICIT,
      inner,
    ],
    [
      'that nobody knows, without a length',
      `09000110 ${UNTIL_END} ${ITEM} 0a000000 ${CT_IMPLICIT} ${SEQUENCE_END}`,
      IMPLICIT,
      [['00091001', 'SQ', [[MODALITY]]]],
    ],
    [
      'before another element',
      `${sequence('08000000')} ${ITEM} 00000000 08007000 4c4f 0200 4142`,
      EXPLICIT,
      [...empty, ['00080070', 'LO', '4142']],
    ],
  ])('%s', (_, hex, encoding, elements) => {
    expect(read(hex, encoding)).toEqual(elements);
  });

  it('keeps the byte order of its file in an item without elements', () => {
    const hex = '00081110 5351 0000 00000008 fffee000 00000000';
    const { elements } = new StructureReader(bytesOf(hex), 0).file(BIG_ENDIAN, {});

    expect(elements.get(0x0008_1110)?.items?.map(({ littleEndian }) => littleEndian)).toEqual([false]);
  });

  it('nests up to the limit, and no deeper', () => {
    const nested = (depth: number) =>
      `${`${sequence(UNTIL_END)} ${ITEM} ${UNTIL_END}`.repeat(depth)} ${`${ITEM_END} ${SEQUENCE_END}`.repeat(depth)}`;

    expect(refusal(() => read(nested(MAX_DEPTH)))).not.toHaveProperty('code');
    expect(refusal(() => read(nested(MAX_DEPTH + 1)))).toEqual({ code: 'limit-exceeded', limit: MAX_DEPTH });
  });

  /** A sequence of empty items, with unused bytes behind it in the file. */
  const items = (count: number, behind = 0) => {
    const bytes = new Uint8Array(12 + 8 * count);
    bytes.set(bytesOf(sequence(UNTIL_END)));
    for (let at = 12; at < bytes.length; at += 8) bytes.set([0xfe, 0xff, 0x00, 0xe0], at);
    const padding = Buffer.concat([bytesOf('e07f1000 4f42 0000'), Buffer.from(Uint32Array.of(behind).buffer)]);
    const closed = Buffer.concat([bytes, bytesOf(SEQUENCE_END), padding, new Uint8Array(behind)]);
    return new StructureReader(closed, 0).file(EXPLICIT, {}).elements.get(0x0008_1110)?.items?.length;
  };

  it('has as many items as the limit allows, and not one more', () => {
    expect(items(MAX_ENTRIES - 2)).toBe(MAX_ENTRIES - 2);
    expect(refusal(() => items(MAX_ENTRIES - 1))).toEqual({ code: 'limit-exceeded', limit: MAX_ENTRIES });
  });

  it('may have twice as many in a file that has ten bytes for each', () => {
    const behind = MAX_ENTRIES_OF_LARGE * (BYTES_PER_ENTRY - 8);

    expect(items(MAX_ENTRIES_OF_LARGE - 2, behind)).toBe(MAX_ENTRIES_OF_LARGE - 2);
    expect(refusal(() => items(MAX_ENTRIES_OF_LARGE, 9 * MAX_ENTRIES_OF_LARGE))).toEqual({
      code: 'limit-exceeded',
      limit: MAX_ENTRIES_OF_LARGE,
    });
    expect(refusal(() => items(600_000, 100_000))).toEqual({ code: 'limit-exceeded', limit: MAX_ENTRIES });
  });
});

describe('pixel data', () => {
  const fragments = `e07f1000 4f42 0000 ${UNTIL_END} ${ITEM} 00000000 ${ITEM} 02000000 0102 ${SEQUENCE_END}`;

  it.each([
    ['in fragments', fragments, [['7fe00010', 'OB', ['', '0102']]]],
    ['as they are', 'e07f1000 4f57 0000 02000000 0102', [['7fe00010', 'OW', '0102']]],
    ['as floats', 'e07f0800 4f46 0000 04000000 01020304', [['7fe00008', 'OF', '01020304']]],
    ['as doubles', 'e07f0900 4f44 0000 00000000', [['7fe00009', 'OD', '']]],
  ])('%s end what is read', (_, hex, elements) => {
    expect(read(`${hex} ffff ffff`)).toEqual(elements);
    expect(read(`${CT} ${hex} ffff ffff`, EXPLICIT, true)).toEqual([MODALITY]);
  });
});

describe('truncated files and wrong lengths', () => {
  it.each<[string, string, object, Encoding?]>([
    ['a tag', '0800', { code: 'truncated', needed: 4, remaining: 2 }],
    ['a VR', '08006000 43', { code: 'truncated', needed: 4, remaining: 1 }],
    ['a length', '08000100 4f42 0000 0400', { code: 'truncated', needed: 4, remaining: 2 }],
    ['a value', '08006000 4353 0400 4354', { code: 'truncated', needed: 4, remaining: 2 }],
    ['a value, implicit', '08006000 04000000 4354', { code: 'truncated', needed: 4, remaining: 2 }, IMPLICIT],
    ['a sequence', `${sequence('0a000000')} ${ITEM} 00000000`, { code: 'truncated', needed: 10, remaining: 8 }],
    ['an item', `${sequence('08000000')} ${ITEM} 02000000`, { code: 'truncated', needed: 2, remaining: 0 }],
    [
      'a fragment',
      `e07f1000 4f42 0000 ${UNTIL_END} ${ITEM} 04000000 0102`,
      { code: 'truncated', needed: 4, remaining: 2 },
    ],
    ['a VR of no letters', `${CT} 08007000 3030 0000`, { code: 'malformed', offset: 10 }],
    ['a VR of a letter and none', '08007000 4130 0000', { code: 'malformed', offset: 0 }],
    ['a VR behind Z', '08007000 5b41 0000', { code: 'malformed', offset: 0 }],
    ['a VR of small letters', '08007000 415b 0000', { code: 'malformed', offset: 0 }],
    ['a VR before A', '08007000 4041 0000', { code: 'malformed', offset: 0 }],
    ['a delimiter among elements', `${CT} ${ITEM_END}`, { code: 'malformed', offset: 10 }],
    ['the last tag of the delimiters’ group', `${CT} feffffff 4f42 0000 00000000`, { code: 'malformed', offset: 10 }],
    ['an item among elements', `${ITEM} 00000000`, { code: 'malformed', offset: 0 }],
    ['a text without a length', `08000100 5554 0000 ${UNTIL_END}`, { code: 'malformed', offset: 0 }],
    ['an element in a sequence', `${sequence('0a000000')} ${CT}`, { code: 'malformed', offset: 12 }],
    [
      'an end in a sequence of known length',
      `${sequence('08000000')} ${SEQUENCE_END}`,
      { code: 'malformed', offset: 12 },
    ],
    [
      'an item that outgrows its sequence',
      `${sequence('08000000')} ${ITEM} 0a000000 ${CT}`,
      { code: 'malformed', offset: 20 },
    ],
    [
      'an element that outgrows its item',
      `${sequence('10000000')} ${ITEM} 08000000 ${CT}`,
      { code: 'malformed', offset: 28 },
    ],
    ['an element among fragments', `e07f1000 4f42 0000 ${UNTIL_END} ${CT}`, { code: 'malformed', offset: 12 }],
  ])('%s', (_, hex, expected, encoding) => {
    expect(refusal(() => read(hex, encoding))).toEqual(expected);
  });
});

describe('the File Meta Information', () => {
  it('ends with its group, whatever its length says', () => {
    const hex = `02000000 554c 0400 ffffffff 02001000 5549 0400 312e3200 ${CT}`;
    const reader = new StructureReader(bytesOf(`0000 ${hex}`), 2);

    expect(told(reader.meta())).toEqual([
      ['00020000', 'UL', 'ffffffff'],
      ['00020010', 'UI', '312e3200'],
    ]);
    expect(reader.offset).toBe(2 + 12 + 12);
    expect(told(reader.file(EXPLICIT, {}))).toEqual([MODALITY]);
  });

  it('may be the whole file', () => {
    const reader = new StructureReader(bytesOf('02001000 5549 0200 3132'), 0);

    expect(told(reader.meta())).toEqual([['00020010', 'UI', '3132']]);
    expect(told(reader.file(EXPLICIT, {}))).toEqual([]);
  });
});
