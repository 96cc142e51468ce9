/** Text of the source that cannot be decoded reaches the results byte for byte: a PACS files them under the same patient. */
import { describe, expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import { nonResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { describeTool } from '#core/tool-manifest.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeElements, part10, type RawElement, sorted } from '../fixtures/part10.ts';
import { entry } from '../fixtures/tiny-radiograph.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
/** Of even length. */
const NAME = latin1('M\xfcller^X');
const ID = latin1('\xc4-4711');

interface Source {
  readonly charset?: string;
  readonly name?: Uint8Array;
  readonly id?: Uint8Array;
  readonly more?: readonly RawElement[];
}

function sourceOf({ charset, name = latin1('Phantom^A '), id = latin1('P1'), more = [] }: Source): Uint8Array {
  const elements: readonly RawElement[] = [
    { tag: '00080016', vr: 'UI', value: '1.2.840.10008.5.1.4.1.1.1.1' },
    { tag: '00080018', vr: 'UI', value: '2.25.1003' },
    { tag: '0020000D', vr: 'UI', value: '2.25.1001' },
    { tag: '0020000E', vr: 'UI', value: '2.25.1002' },
    { tag: '00080060', vr: 'CS', value: 'DX' },
    { tag: '00100010', vr: 'PN', value: name },
    { tag: '00100020', vr: 'LO', value: id },
    ...(charset === undefined ? [] : [{ tag: '00080005', vr: 'CS', value: charset }]),
    ...more,
  ];
  return part10('1.2.840.10008.1.2.1', encodeElements(sorted(elements)));
}

async function resultOf(source: Source, message = 'The image is too small.') {
  const file = sourceOf(source);
  const result = nonResult({
    ...{ description: describeTool(entry), version: '1.0.0+r1', inputDigest: 'a'.repeat(64), inputs: ['2.25.1003'] },
    ...{ outcome: 'not-evaluable', reason: { code: 'too-small', message } },
  });
  const [object] = await convertResult({ result, instances: [indexInstance(file)], read: async () => file });
  return readDicom(object?.bytes ?? new Uint8Array()).dataset;
}

const bytesOf = (dataset: Awaited<ReturnType<typeof resultOf>>, keyword: string) =>
  Buffer.from(dataset.bytes(keyword) ?? []);

describe('a text that cannot be decoded', () => {
  it.each([
    ['UTF-8 that is Latin-1', 'ISO_IR 192', NAME, ID],
    ['Latin-1 with characters of Windows', 'ISO_IR 100', latin1('M\x93ller^X'), latin1('\x80-4711')],
    ['Greek with codes that are none', 'ISO_IR 126', latin1('M\xffller^X'), latin1('\xff-4711')],
    ['Korean that is cut', 'ISO 2022 IR 149', latin1('M\xc8'), latin1('A\xc8')],
    ['an unknown escape sequence', 'ISO_IR 100\\ISO 2022 IR 87', latin1('\x1b%Zabc'), latin1('\x1b%Z1')],
    ['a character set that is none', '<none of PS3.3, and too long>', latin1('M\x93ller^X'), latin1('\x93-4711')],
    ['letters beyond ASCII without a character set', undefined, NAME, ID],
  ])('is carried with its character set: %s', async (_, charset, name, id) => {
    const dataset = await resultOf({ ...(charset !== undefined && { charset }), name, id });

    expect(bytesOf(dataset, 'PatientName')).toEqual(Buffer.from(name));
    expect(bytesOf(dataset, 'PatientID')).toEqual(Buffer.from(id));
    expect(dataset.texts('SpecificCharacterSet').join('\\')).toBe(charset ?? '');
  });

  it('takes the other texts of the source with it, in sequences too', async () => {
    const issuer: RawElement = {
      tag: '00101002',
      vr: 'SQ',
      value: [
        [{ tag: '00100020', vr: 'LO', value: NAME }],
        [
          { tag: '00080005', vr: 'CS', value: 'ISO_IR 101' },
          { tag: '00100020', vr: 'LO', value: NAME },
        ],
      ],
    };
    const dataset = await resultOf({
      charset: 'ISO_IR 126',
      name: latin1('A\xff'),
      id: latin1('\xc1\xc2'),
      more: [issuer],
    });

    expect(dataset.text('PatientID')).toBe('ΑΒ');
    expect(bytesOf(dataset, 'PatientID')).toEqual(Buffer.from(latin1('\xc1\xc2')));
    const items = dataset.items('OtherPatientIDsSequence');
    expect(items.map((item) => Buffer.from(item.bytes('PatientID') ?? []))).toEqual([
      Buffer.from(NAME),
      Buffer.from(NAME),
    ]);
    expect(items.map((item) => item.text('PatientID'))).toEqual(['Mόller^X', 'Müller^X']);
  });

  it('leaves our own words readable', async () => {
    const words = 'Größe ≥ 4 – “klein”.';
    const own = (dataset: Awaited<ReturnType<typeof resultOf>>) => JSON.stringify(textsIn(dataset));

    expect(own(await resultOf({ charset: 'ISO_IR 126', id: latin1('\xff1') }, words))).toContain(
      'Gro?e ? 4 - \\"klein\\".',
    );
    expect(own(await resultOf({ charset: 'ISO_IR 192', id: latin1('\xff1') }, words))).toContain('Größe ≥ 4');
  });
});

/** All Text Values of a report. */
function textsIn(dataset: Awaited<ReturnType<typeof resultOf>>): readonly string[] {
  return [dataset.text('TextValue') ?? '', ...dataset.items('ContentSequence').flatMap(textsIn)];
}

describe('a text that can be decoded', () => {
  it.each([
    ['ISO_IR 100', NAME, 'Müller^X'],
    ['ISO_IR 192', Buffer.from('Müller^XY'), 'Müller^XY'],
    ['ISO_IR 192', Buffer.from('M\ufeff '), 'M\ufeff'],
    ['\\ISO 2022 IR 87', latin1('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B='), 'Yamada^Tarou=山田^太郎='],
  ])('of %s is written in UTF-8', async (charset, name, text) => {
    const dataset = await resultOf({ charset, name });

    expect(dataset.text('PatientName')).toBe(text);
    expect(dataset.text('SpecificCharacterSet')).toBe('ISO_IR 192');
  });

  it('needs no character set where it is ASCII', async () => {
    expect((await resultOf({ charset: 'ISO_IR 192' })).has('SpecificCharacterSet')).toBe(false);
  });
});
