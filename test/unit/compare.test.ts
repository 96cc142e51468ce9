/** Data sets are compared by what they say, not by how a file encodes it. */
import { expect, it } from 'vitest';
import { differencesOf } from '#dicom/compare.ts';
import { readElements } from '#dicom/read.ts';
import { transferSyntax } from '#dicom/transfer-syntax.ts';
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

const NAME = '00100010';
const PIXELS = '7FE00010';

function elementsOf(elements: readonly RawElement[], encoding: RawEncoding = EXPLICIT) {
  const syntax = SYNTAXES.get(encoding) ?? '';
  expect(transferSyntax(syntax).littleEndian).toBe(encoding.littleEndian);
  return readElements(part10(syntax, encodeElements(sorted([...identity(), ...elements]), encoding))).elements;
}

/** What differs, as `tag kind`. */
const differing = (expected: ReturnType<typeof elementsOf>, found: ReturnType<typeof elementsOf>) =>
  differencesOf(expected, found).map(({ tag, kind }) => `${tag.toString(16).padStart(8, '0').toUpperCase()} ${kind}`);

/** One of everything that encodings treat in their own way. */
const content = (encoding: RawEncoding): readonly RawElement[] => [
  { tag: NAME, vr: 'PN', value: 'Phantom^One' },
  { tag: '00100020', vr: 'LO', value: 'A-1' },
  { tag: '00080050', vr: 'SH', value: '' },
  ...picture({ signed: true }, encoding),
  { tag: '00280106', vr: 'SS', value: words([-1024], encoding) },
  { tag: '00081140', vr: 'SQ', value: [[{ tag: '00081155', vr: 'UI', value: '1.2.3.9' }], []] },
  { tag: '00081199', vr: 'SQ', value: [] },
  { tag: PIXELS, vr: 'OW', value: words([1, 2, 3, 4, 5, 65_535], encoding) },
];

it.each([
  ['Implicit VR', IMPLICIT],
  ['Big Endian', BIG_ENDIAN],
])('finds no difference after a re-encoding to %s', (_, encoding) => {
  const sent = elementsOf(content(EXPLICIT));
  const found = elementsOf(content(encoding), encoding);

  expect(differing(sent, found)).toEqual([]);
  expect(differing(found, sent)).toEqual([]);
  expect(differing(found, elementsOf(content(encoding), encoding))).toEqual([]);
});

it('leaves aside group lengths, padding and the character set as such', () => {
  const sent = elementsOf([{ tag: '00081030', vr: 'LO', value: 'Kopf\\Hals' }]);
  const found = elementsOf([
    { tag: '00080000', vr: 'UL', value: Uint8Array.of(1, 0, 0, 0) },
    { tag: '00080005', vr: 'CS', value: 'ISO_IR 192' },
    { tag: '00081030', vr: 'LO', value: 'Kopf \\Hals  \0' },
    { tag: PIXELS.replace('10', '00'), vr: 'UL', value: Uint8Array.of(1, 0, 0, 0) },
  ]);

  expect(differing(sent, found)).toEqual([]);
});

const inCharset = (charset: string, name: Uint8Array) =>
  elementsOf([
    { tag: '00080005', vr: 'CS', value: charset },
    { tag: NAME, vr: 'PN', value: name },
    { tag: '00081111', vr: 'SQ', value: [[{ tag: '00081030', vr: 'LO', value: name }]] },
  ]);
const LATIN = Buffer.from('Müller', 'latin1');
const UTF8 = Buffer.from('Müller ', 'utf8');

it('compares texts after decoding, in sequences too', () => {
  expect(differing(inCharset('ISO_IR 100', LATIN), inCharset('ISO_IR 192', UTF8))).toEqual([]);
  expect(
    differing(inCharset('ISO_IR 100', LATIN), inCharset('ISO_IR 101', Buffer.from('M\xf1ller', 'latin1'))),
  ).toEqual([`00081111 changed`, `${NAME} changed`]);
});

it('does not take two texts that cannot be decoded for the same', () => {
  const broken = (byte: number) => inCharset('ISO_IR 192', Buffer.from([0x41, byte, 0x42, 0x20]));

  expect(differing(broken(0xfc), broken(0xfc))).toEqual([]);
  expect(differing(broken(0xfc), broken(0xfd))).toEqual(['00081111 changed', `${NAME} changed`]);
});

it('compares the same bytes in two character sets as different texts', () => {
  const bytes = Buffer.from('M\xc4ller', 'latin1');

  expect(differing(inCharset('ISO_IR 100', bytes), inCharset('ISO_IR 144', bytes))).toContain(`${NAME} changed`);
});

it.each<[string, RawElement]>([
  ['a text', { tag: NAME, vr: 'PN', value: 'Phantom^Two' }],
  ['case', { tag: NAME, vr: 'PN', value: 'PHANTOM^ONE' }],
  ['a number', { tag: '00280106', vr: 'SS', value: words([-1023]) }],
  ['the VR', { tag: '00100020', vr: 'SH', value: 'A-1' }],
  ['an empty value', { tag: '00080050', vr: 'SH', value: 'X' }],
  ['a value in an item', { tag: '00081140', vr: 'SQ', value: [[{ tag: '00081155', vr: 'UI', value: '1.2.3.8' }], []] }],
  ['the number of items', { tag: '00081140', vr: 'SQ', value: [[{ tag: '00081155', vr: 'UI', value: '1.2.3.9' }]] }],
  ['an item in an empty sequence', { tag: '00081199', vr: 'SQ', value: [[]] }],
  ['one bit of the pixels', { tag: PIXELS, vr: 'OW', value: words([1, 2, 3, 4, 5, 65_534]) }],
])('finds %s that differs', (_, changed) => {
  const found = elementsOf([...content(EXPLICIT).filter(({ tag }) => tag !== changed.tag), changed]);

  expect(differing(elementsOf(content(EXPLICIT)), found)).toEqual([`${changed.tag} changed`]);
});

it('names what is missing and what is added', () => {
  const sent = elementsOf(content(EXPLICIT));
  const less = elementsOf(content(EXPLICIT).filter(({ tag }) => tag !== NAME));

  expect(differing(sent, less)).toEqual([`${NAME} missing`]);
  expect(differing(less, sent)).toEqual([`${NAME} added`]);
});

it('knows an attribute that a writer did not know', () => {
  const unknown = { tag: '00091001', vr: 'UN', value: words([7, 8]) };

  expect(differing(elementsOf([{ ...unknown, vr: 'US' }]), elementsOf([unknown]))).toEqual([]);
  expect(differing(elementsOf([{ ...unknown, vr: 'US' }]), elementsOf([{ ...unknown, value: words([7, 9]) }]))).toEqual(
    ['00091001 changed'],
  );
});

it('finds the items of a private sequence that Implicit VR does not tell of', () => {
  const of = (encoding: RawEncoding, code: string) =>
    elementsOf([{ tag: '00091003', vr: 'SQ', value: [[{ tag: '00080100', vr: 'SH', value: code }]] }], encoding);

  expect(differing(of(EXPLICIT, 'T-1'), of(IMPLICIT, 'T-1'))).toEqual([]);
  expect(differing(of(EXPLICIT, 'T-1'), of(IMPLICIT, 'T-2'))).toEqual(['00091003 changed']);
});

it('compares fragments, with any Basic Offset Table', () => {
  const [first, second] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)];
  const of = (...pixels: Parameters<typeof encapsulated>) => elementsOf([encapsulated(...pixels)]);

  expect(differing(of([first, second]), of([first, second], [0, 10]))).toEqual([]);
  expect(differing(of([first, second]), of([first, first]))).toEqual([`${PIXELS} changed`]);
  expect(differing(of([first, second]), of([first]))).toEqual([`${PIXELS} changed`]);
  expect(differing(of([first]), elementsOf([{ tag: PIXELS, vr: 'OB', value: first }]))).toEqual([`${PIXELS} changed`]);
});
