import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readDicom } from '#dicom/read.ts';
import { paddingFor } from '#viewer/padded-answer.ts';
import {
  EXPLICIT,
  encapsulated,
  encodeElements,
  IMPLICIT,
  identity,
  type PictureOptions,
  part10,
  picture,
  type RawElement,
  type RawEncoding,
  sorted,
} from '../fixtures/part10.ts';

const SEG = '1.2.840.10008.5.1.4.1.1.66.4';
const SYNTAX = new Map([
  [EXPLICIT, '1.2.840.10008.1.2.1'],
  [IMPLICIT, '1.2.840.10008.1.2'],
]);
const UNDEFINED_LENGTH = 0xffff_ffff;
const ENDS = { item: [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0], sequence: [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0] };

interface MaskOptions extends PictureOptions {
  readonly encoding?: RawEncoding;
  readonly SOPClassUID?: string;
  readonly pixels?: RawElement;
  readonly more?: readonly RawElement[];
  /** The tag of an element to leave out. */
  readonly without?: string;
}

/** By default 3 frames of 5 × 5 pixels: 75 bits in 10 bytes, an even number, so that there is no padding byte. */
function mask({ encoding = EXPLICIT, SOPClassUID = SEG, more = [], ...image }: MaskOptions = {}): Buffer {
  const { rows = 5, columns = 5, frames = 3 } = image;
  const whole = Math.ceil((rows * columns * frames) / 8);
  const value = Buffer.alloc(whole + (whole % 2), 0xa5);
  const description = picture({ rows, columns, frames, bitsAllocated: 1, ...image }, encoding);
  const { pixels = { tag: '7FE00010', vr: 'OB', value } } = image;
  const all = sorted([...identity('1.2.3.4', SOPClassUID), ...description, ...more, pixels]);
  const elements = all.filter(({ tag }) => tag !== image.without);
  return Buffer.from(part10(SYNTAX.get(encoding) ?? '', encodeElements(elements, encoding)));
}

/** A sequence of one item, both of undefined length. */
function openSequence(tag: string, vr: string, elements: readonly RawElement[], encoding: RawEncoding): RawElement {
  const start = encodeElements([{ tag: 'FFFEE000', vr: '', value: '', declaredLength: UNDEFINED_LENGTH }], IMPLICIT);
  const inner = encodeElements(elements, vr === 'UN' ? IMPLICIT : encoding);
  const value = Buffer.concat([start, inner, Buffer.from(ENDS.item), Buffer.from(ENDS.sequence)]);
  return { tag, vr, value, declaredLength: UNDEFINED_LENGTH };
}

/** The result for an answer that arrives in pieces of these sizes, in turn. */
async function through(type: string, body: Uint8Array, sizes: readonly number[] = [1 << 16]): Promise<Buffer> {
  const change = paddingFor({ 'content-type': type });
  if (change === undefined) return Buffer.from(body);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0, turn = 0; at < body.length; turn++) {
      const end = at + (sizes[turn % sizes.length] ?? 1);
      yield Buffer.from(body.subarray(at, end));
      at = end;
    }
  }
  return Buffer.concat(await Array.fromAsync(change(pieces())));
}

const alone = (file: Uint8Array, sizes?: readonly number[]) => through('application/dicom', file, sizes);
const pixelsOf = (file: Uint8Array) => Buffer.from(readDicom(file).dataset.bytes('PixelData') ?? []);
const parts = (files: readonly Buffer[]) =>
  Buffer.concat([
    ...files.flatMap((file, index) => [
      Buffer.from(`${index === 0 ? '' : '\r\n'}--b-1\r\nContent-Type: application/dicom\r\n`),
      Buffer.from(`Content-Length: ${file.length}\r\nMIME-Version: 1.0\r\n\r\n`),
      file,
    ]),
    Buffer.from('\r\n--b-1--\r\n'),
  ]);
const withoutLengths = (body: Buffer) => body.toString('latin1').replaceAll(/Content-Length: \d+\r\n/g, '');
const MULTIPART = 'multipart/related; type="application/dicom"; boundary=b-1';
const SIZES = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

it('pads every mask that OHIF would misread by two bytes, and no other', async () => {
  const sides = fc.integer({ min: 1, max: 40 });
  const masks = fc.record({ rows: sides, columns: sides, frames: fc.integer({ min: 1, max: 9 }) });

  await fc.assert(
    fc.asyncProperty(masks, SIZES, fc.constantFrom(EXPLICIT, IMPLICIT), async (image, sizes, encoding) => {
      const file = mask({ ...image, encoding });
      const bits = image.rows * image.columns;
      const isMisread = image.frames > 1 && bits % 8 !== 0 && Math.ceil((bits * image.frames) / 8) % 2 === 0;

      const sent = await alone(file, sizes);

      if (!isMisread) expect(sent).toEqual(file);
      else {
        expect(sent.length).toBe(file.length + 2);
        expect(pixelsOf(sent)).toEqual(Buffer.concat([pixelsOf(file), Buffer.alloc(2)]));
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

it.each([
  ['explicit', EXPLICIT],
  ['implicit', IMPLICIT],
])('finds Pixel Data after sequences of any length, which may contain the same attributes: %s', async (_, encoding) => {
  const icon = [...picture({ bitsAllocated: 8 }, encoding), { tag: '7FE00010', vr: 'OB', value: Buffer.alloc(6) }];
  const deep = [openSequence('00081140', 'SQ', [{ tag: '00080016', vr: 'UI', value: '1.2' }], encoding)];
  const more = [
    openSequence('00081115', 'SQ', deep, encoding),
    openSequence('00091010', encoding.explicitVr ? 'UN' : 'SQ', picture({ rows: 8 }, IMPLICIT), encoding),
    openSequence('00880200', 'SQ', icon, encoding),
    { tag: '52009230', vr: 'SQ', value: [[], icon] },
  ];
  const file = mask({ encoding, more });

  const sent = await alone(file, [7]);

  expect(pixelsOf(sent)).toEqual(Buffer.concat([pixelsOf(file), Buffer.alloc(2)]));
});

it('pads frames of whole bytes if Samples per Pixel is missing, since OHIF then misreads them', async () => {
  const options = { rows: 4, columns: 4, frames: 2 };

  const lengths = [alone(mask({ ...options, without: '00280002' })), alone(mask(options))];

  const [without = 0, usual = 0] = (await Promise.all(lengths)).map((file) => pixelsOf(file).length);
  expect([without, usual]).toEqual([6, 4]);
});

it('keeps what follows the pixel data', async () => {
  const file = mask({ more: [{ tag: 'FFFCFFFC', vr: 'OB', value: Buffer.alloc(4, 7) }] });

  const sent = await alone(file);

  expect(sent.subarray(-16)).toEqual(file.subarray(-16));
  expect(sent.length).toBe(file.length + 2);
});

it.each([
  ['another SOP Class', mask({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.1' })],
  ['samples of 8 bits', mask({ bitsAllocated: 8 })],
  ['compressed pixel data', mask({ pixels: encapsulated([Buffer.alloc(10)]) })],
  ['no pixel data', mask().subarray(0, -22)],
  ['pixel data shorter than its frames', mask({ pixels: { tag: '7FE00010', vr: 'OB', value: Buffer.alloc(8) } })],
  ['a file that was cut off', mask().subarray(0, 200)],
  ['a Transfer Syntax of big endian', Buffer.from(mask().toString('latin1').replace('1.2.1\0', '1.2.2\0'), 'latin1')],
  ['no preamble', mask().subarray(100)],
  ['a VR that is none', Buffer.from(mask().toString('latin1').replace('US\x02\0', '??\x02\0'), 'latin1')],
  [
    'sequences without end',
    mask({
      more: Array.from({ length: 99 }, () => ({ tag: '00081115', vr: 'SQ', value: '', declaredLength: 2 ** 32 - 1 })),
    }),
  ],
  ['nothing', Buffer.alloc(0)],
])('lets pass as it is: %s', async (_, file) => {
  expect(await alone(file, [13])).toEqual(file);
  expect(withoutLengths(await through(MULTIPART, parts([file]), [13]))).toEqual(withoutLengths(parts([file])));
});

it('pads each mask among the parts of an answer, and removes its length', async () => {
  const other = mask({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', bitsAllocated: 16 });
  const files = [other, mask(), mask({ frames: 1 }), mask({ rows: 7, columns: 3, frames: 5, encoding: IMPLICIT })];

  await fc.assert(
    fc.asyncProperty(SIZES, async (sizes) => {
      const sent = (await through(MULTIPART, parts(files), sizes)).toString('latin1');

      const [, ...seen] = sent.split('--b-1');
      const bodies = seen.slice(0, -1).map((part) => part.slice(part.indexOf('\r\n\r\n') + 4, -2));
      const lengths = seen.map((part) => /Content-Length: (\d+)/.exec(part)?.[1]);
      expect(bodies.map(({ length }, index) => length - (files[index]?.length ?? 0))).toEqual([0, 2, 0, 2]);
      expect(Buffer.from(bodies[1] ?? '', 'latin1').subarray(0, -2).length).toBe(files[1]?.length);
      expect(lengths).toEqual([String(other.length), undefined, undefined, undefined, undefined]);
      expect(sent.endsWith('\r\n--b-1--\r\n')).toBe(true);
    }),
    { numRuns: 100, seed: 1 },
  );
});

it('holds no more of an answer than necessary', async () => {
  const change = paddingFor({ 'content-type': MULTIPART });
  const chunk = Buffer.alloc(1 << 20, '\r\n');
  let asked = 0;
  async function* endless(start: Buffer): AsyncGenerator<Buffer> {
    yield start;
    for (;;) {
      asked += 1;
      yield chunk;
    }
  }
  const head = parts([mask()]).subarray(0, 60);
  const endlessMeta = Buffer.concat([
    parts([Buffer.from(part10('1.2', Buffer.alloc(0)))]).subarray(0, -11),
    encodeElements([{ tag: '00020102', vr: 'OB', value: '', declaredLength: UNDEFINED_LENGTH - 1 }]),
  ]);

  for (const start of [head, endlessMeta, parts([mask()]).subarray(0, -20)]) {
    let sent = 0;
    asked = 0;
    for await (const { length } of change?.(endless(start)) ?? []) {
      sent += length;
      if (asked === 8) break;
    }
    expect(sent).toBeGreaterThan(6 * chunk.length);
  }
});

it('changes only answers with DICOM objects', () => {
  const types = [
    'application/dicom',
    'application/dicom; transfer-syntax=*',
    MULTIPART,
    'multipart/related;boundary="b 1";type=application/dicom',
    'application/dicom+json',
    'multipart/related; type="application/octet-stream"; boundary=b',
    'multipart/related; type="application/dicom+xml"; boundary=b',
    'multipart/related; type="application/dicom"',
    undefined,
  ];

  const changed = types.map((type) => paddingFor(type === undefined ? {} : { 'content-type': type }) !== undefined);

  expect(changed).toEqual([true, true, true, true, false, false, false, false, false]);
  expect(paddingFor({ 'content-type': 'application/dicom', 'content-encoding': 'gzip' })).toBeUndefined();
});
