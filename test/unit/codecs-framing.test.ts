/** Compressed frames with odd framing around complete data: decoded. The same framing around incomplete data: refused. */
import { describe, expect, it } from 'vitest';
import { DicomReadError } from '#dicom/error.ts';
import { decode, HTJ2K, JPEG, JPEG_2000, JPEG_LOSSLESS } from '../fixtures/decode.ts';
import { encodeHtj2k, encodeJpeg, encodeJpeg2000, encodeJpegLs, makePicture } from '../fixtures/encoders.ts';
import { writeJpegExtended, writeJpegLossless } from '../fixtures/jpeg-writer.ts';

const JPEG_LS = '1.2.840.10008.1.2.4.80';
const JPEG_EXTENDED = '1.2.840.10008.1.2.4.51';
/** Bytes of each encoder's streams that hold the last tile-part's lengths and counts. */
const SOT = Uint8Array.of(0xff, 0x90);
const COD = Uint8Array.of(0xff, 0x52);

type Change = (stream: Buffer) => Buffer;
const inserted =
  (marker: Uint8Array, bytes: readonly number[]): Change =>
  (stream) => {
    const at = stream.indexOf(marker);
    return Buffer.concat([stream.subarray(0, at), Uint8Array.from(bytes), stream.subarray(at)]);
  };
const followed =
  (...bytes: number[]): Change =>
  (stream) =>
    Buffer.concat([stream, Uint8Array.from(bytes)]);
const cut =
  (bytes: number): Change =>
  (stream) =>
    stream.subarray(0, -bytes);
const both =
  (first: Change, second: Change): Change =>
  (stream) =>
    second(first(stream));
/** Sets a byte at an offset from a marker. */
const withByte =
  (marker: Uint8Array, offset: number, change: (byte: number) => number): Change =>
  (stream) => {
    const changed = Buffer.from(stream);
    const at = stream.indexOf(marker) + offset;
    changed[at] = change(stream[at] ?? 0);
    return changed;
  };
const withoutLength: Change = (stream) => {
  const changed = Buffer.from(stream);
  changed.writeUInt32BE(0, stream.indexOf(SOT) + 6);
  return changed;
};

/** A box of a JP2 file (T.800 I.4). */
function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}
/** A JP2 file whose own header gives another size and precision than the codestream. */
const inJp2: Change = (stream) =>
  Buffer.concat([
    box('jP  ', Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)),
    box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ')),
    box('jp2h', box('ihdr', Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 9, 0, 3, 6, 7, 0, 0))),
    box('jp2c', stream),
    box('uuid', Buffer.alloc(16)),
  ]);

describe.each([
  ['JPEG 2000', JPEG_2000, encodeJpeg2000],
  ['HTJ2K', HTJ2K, (picture: ReturnType<typeof makePicture>) => encodeHtj2k(picture)],
] as const)('%s', (_, syntax, encode) => {
  const picture = makePicture({ bits: 12 });
  const changed = async (change: Change): Promise<Uint8Array> => change(Buffer.from(await encode(picture)));

  it.each<[string, Change]>([
    ['lacks EOC', cut(2)],
    ['has half of EOC', cut(1)],
    ['has padding instead of EOC', both(cut(2), followed(0))],
    ['has bytes after EOC', followed(...Buffer.from('of another writer'))],
    ['is followed by a second stream', (stream) => Buffer.concat([stream, stream])],
    ['leaves its tile-part open', withoutLength],
    ['does not count its tile-parts', withByte(SOT, 11, () => 0)],
    ['has an unknown segment', inserted(SOT, [0xff, 0x70, 0, 4, 1, 2])],
    ['has a marker without segment', inserted(SOT, [0xff, 0x30])],
    ['has a comment of unknown registration', inserted(SOT, [0xff, 0x64, 0, 8, 0, 7, 65, 66, 67, 68])],
    ['has wrong lengths of tile-parts in its index', inserted(SOT, [0xff, 0x55, 0, 8, 0, 0x40, 0, 0, 0, 9])],
    ['allows packet markers and has none', withByte(COD, 4, (style) => style | 2)],
    ['is in a JP2 file that lies about it', inJp2],
  ])('is decoded where the stream %s', async (_name, change) => {
    const decoded = await decode(syntax, await changed(change), picture.layout);

    expect(Buffer.from(decoded).equals(picture.samples)).toBe(true);
  });

  it.each<[string, Change, RegExp]>([
    ['lacks a byte of its tile', cut(3), /ends inside a tile-part/],
    ['is open and lacks EOC', both(withoutLength, cut(2)), /lacks its end/],
    [
      'lacks EOC and does not count its tile-parts',
      both(
        withByte(SOT, 11, () => 0),
        cut(2),
      ),
      /does not say how many tile-parts/,
    ],
    ['counts more tile-parts than it has', withByte(SOT, 11, () => 2), /0 of 1 tiles complete/],
    ['has an empty tile-part only', (stream) => emptied(stream), /0 of 1 tiles complete/],
    ['is cut and in a JP2 file', both(cut(9), inJp2), /Neither a tile-part nor the end follows/],
    [
      'is cut and filled up with zeros',
      both(cut(9), followed(...Array(64).fill(0))),
      /Neither a tile-part nor the end/,
    ],
  ])('is refused where the stream %s', async (_name, change, message) => {
    const decoding = decode(syntax, await changed(change), picture.layout);

    const error: unknown = await decoding.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DicomReadError);
    expect(error).toMatchObject({ code: 'corrupt-pixel-data', message: expect.stringMatching(message) });
  });

  function emptied(stream: Buffer): Buffer {
    const at = stream.indexOf(SOT);
    const head = Buffer.from(stream.subarray(0, at + 12));
    head.writeUInt32BE(12, at + 6);
    return Buffer.concat([head, Uint8Array.of(0xff, 0xd9)]);
  }
});

it('JPEG 2000 is decoded where the number of tile-parts is one too small, about which OpenJPEG warns', async () => {
  const picture = makePicture({ bits: 12 });
  const whole = Buffer.from(await encodeJpeg2000(picture));
  // A second tile-part without packets: TPsot 1, TNsot 1.
  const second = Uint8Array.of(0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 14, 1, 1, 0xff, 0x93);

  const decoded = await decode(
    JPEG_2000,
    Buffer.concat([whole.subarray(0, -2), second, whole.subarray(-2)]),
    picture.layout,
  );

  expect(Buffer.from(decoded).equals(picture.samples)).toBe(true);
});

const smooth8 = makePicture({ bits: 8, smooth: true });
const smooth12 = makePicture({ bits: 12, smooth: true });

describe.each([
  ['JPEG baseline', JPEG, smooth8, encodeJpeg],
  ['JPEG extended', JPEG_EXTENDED, smooth12, async () => writeJpegExtended(smooth12)],
  ['JPEG lossless', JPEG_LOSSLESS, smooth12, async () => writeJpegLossless(smooth12, 1)],
  ['JPEG-LS', JPEG_LS, smooth12, (picture: typeof smooth12) => encodeJpegLs(picture)],
] as const)('%s', (_, syntax, picture, encode) => {
  const afterStart =
    (...bytes: number[]): Change =>
    (stream) =>
      Buffer.concat([stream.subarray(0, 2), Uint8Array.from(bytes), stream.subarray(2)]);

  // The data of JPEG-LS does not show whether it is complete.
  const withoutEnd: readonly [string, Change][] = [
    ['lacks EOI', cut(2)],
    ['has half of EOI', cut(1)],
  ];

  it.each<[string, Change]>([
    ...(syntax === JPEG_LS ? [] : withoutEnd),
    ['has bytes after EOI', followed(...Buffer.from('of another writer'))],
    ['has fill bytes before EOI', both(cut(2), followed(0xff, 0xff, 0xff, 0xd9))],
    ['has a comment', afterStart(0xff, 0xfe, 0, 5, 1, 2, 3)],
    ['has application data', afterStart(0xff, 0xe9, 0, 5, 1, 2, 3)],
    [
      'has an unknown version of JFIF',
      afterStart(0xff, 0xe0, 0, 16, ...Buffer.from('JFIF'), 0, 9, 9, 0, 0, 1, 0, 1, 0, 0),
    ],
  ])('is decoded where the stream %s', async (_name, change) => {
    const whole = Buffer.from(await encode(picture));
    const expected = await decode(syntax, whole, picture.layout);

    const decoded = await decode(syntax, change(whole), picture.layout);

    expect(Buffer.from(decoded).equals(expected)).toBe(true);
  });

  it.runIf(syntax === JPEG_LS).each(withoutEnd)('is refused where the stream %s', async (_name, change) => {
    const decoding = decode(syntax, change(Buffer.from(await encode(picture))), picture.layout);

    await expect(decoding).rejects.toThrow('The compressed frame lacks its end');
  });

  it('is refused, or the same, where bytes before EOI are missing', async () => {
    const whole = Buffer.from(await encode(picture));
    const expected = await decode(syntax, whole, picture.layout);

    const refused: number[] = [];
    for (let bytes = 3; bytes < 60; bytes += 3) {
      const outcome: unknown = await decode(syntax, whole.subarray(0, -bytes), picture.layout).catch((error) => error);
      if (outcome instanceof Uint8Array) expect(Buffer.from(outcome).equals(expected)).toBe(true);
      else {
        expect(outcome).toMatchObject({ code: 'corrupt-pixel-data' });
        refused.push(bytes);
      }
    }
    expect(refused.length).toBeGreaterThan(10);
  });
});
