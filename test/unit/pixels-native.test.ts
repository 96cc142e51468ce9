/** Native pixel data of every kind in DICOM. */
import { describe, expect, it } from 'vitest';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { type DecodedPixels, type DecodeOptions, decodePixels } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { makePicture } from '../fixtures/encoders.ts';
import { writeJpegLossless } from '../fixtures/jpeg-writer.ts';
import {
  BIG_ENDIAN,
  EXPLICIT,
  encapsulated,
  encodeElements,
  identity,
  type PictureOptions,
  part10,
  picture,
  type RawElement,
  type RawEncoding,
  sorted,
} from '../fixtures/part10.ts';

const SYNTAX = new Map([
  [EXPLICIT, '1.2.840.10008.1.2.1'],
  [BIG_ENDIAN, '1.2.840.10008.1.2.2'],
]);

interface Native extends PictureOptions {
  readonly pixels: ArrayLike<number> & ArrayBufferView;
  readonly vr?: string;
  readonly encoding?: RawEncoding;
  readonly more?: readonly RawElement[];
}

function decode({ pixels, vr = 'OW', encoding = EXPLICIT, more = [], ...options }: Native, which?: DecodeOptions) {
  const value = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const elements = [...identity(), ...picture(options, encoding), ...more, { tag: '7FE00010', vr, value }];
  const file = part10(SYNTAX.get(encoding) ?? '', encodeElements(sorted(elements), encoding));
  return decodePixels(readDicom(file), inProcessDecoder, which);
}

const samples = ({ data }: DecodedPixels): readonly number[] => [...data];

describe('native samples', () => {
  it.each([
    ['8 bits', { bitsAllocated: 8, pixels: Uint8Array.of(0, 1, 127, 128, 254, 255) }],
    ['8 bits, signed', { bitsAllocated: 8, signed: true, pixels: Int8Array.of(0, 1, 127, -128, -2, -1) }],
    ['16 bits', { pixels: Uint16Array.of(0, 1, 32767, 32768, 65534, 65535) }],
    ['16 bits, signed', { signed: true, pixels: Int16Array.of(0, 1, 32767, -32768, -2, -1) }],
    ['32 bits', { bitsAllocated: 32, pixels: Uint32Array.of(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1) }],
    [
      '32 bits, signed',
      { bitsAllocated: 32, signed: true, pixels: Int32Array.of(0, 1, 2 ** 31 - 1, -(2 ** 31), -2, -1) },
    ],
    ['palette entries', { bitsAllocated: 8, photometric: 'PALETTE COLOR', pixels: Uint8Array.of(3, 0, 9, 1, 255, 7) }],
  ] satisfies readonly (readonly [string, Native])[])('of %s come as they are', async (_, native: Native) => {
    const decoded = await decode(native);

    expect(samples(decoded)).toEqual(Array.from(native.pixels));
    expect(decoded.data.BYTES_PER_ELEMENT).toBe((native.bitsAllocated ?? 16) / 8);
  });

  it('lose the bits above them, where old overlays are', async () => {
    const pixels = Uint16Array.of(0xf000, 0x1fff, 0x8001, 0x0abc, 0x7000, 0xffff);

    expect(samples(await decode({ bitsStored: 12, pixels }))).toEqual([0, 0xfff, 1, 0xabc, 0, 0xfff]);
  });

  it('may be followed by a byte that makes their length even', async () => {
    const decoded = await decode({ bitsAllocated: 8, rows: 1, pixels: Uint8Array.of(7, 8, 9, 0) });

    expect(samples(decoded)).toEqual([7, 8, 9]);
  });

  it.each([
    ['OW of 16 bits', { pixels: Uint8Array.of(0x12, 0x34, 0, 1, 0xff, 0xfe) }, [0x1234, 1, 0xfffe]],
    ['OB of 8 bits', { bitsAllocated: 8, vr: 'OB', pixels: Uint8Array.of(1, 2, 3, 0) }, [1, 2, 3]],
    ['OW of 8 bits', { bitsAllocated: 8, pixels: Uint8Array.of(2, 1, 0, 3) }, [1, 2, 3]],
    [
      'OW of 32 bits',
      { bitsAllocated: 32, pixels: Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 7, 1, 2, 3, 4) },
      [256, 7, 0x1020304],
    ],
  ] satisfies readonly (readonly [string, Native, readonly number[]])[])(
    'turn round in big endian: %s',
    async (_, native, expected) => {
      const decoded = await decode({ ...native, rows: 1, encoding: BIG_ENDIAN });

      expect(samples(decoded)).toEqual(expected);
    },
  );
});

describe('native samples of one bit', () => {
  const frames = [
    [1, 0, 1, 1, 0, 0, 1, 1, 1],
    [0, 0, 0, 1, 1, 1, 0, 1, 0],
    [1, 1, 1, 1, 1, 1, 1, 1, 0],
  ];
  const packed = new Uint8Array(4);
  frames.flat().forEach((bit, i) => {
    packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (i & 7));
  });
  const native: Native = { bitsAllocated: 1, rows: 3, columns: 3, frames: 3, vr: 'OB', pixels: packed };

  it('follow each other over the frames without a gap', async () => {
    expect(samples(await decode(native))).toEqual(frames.flat());
  });

  it('are found where a frame begins in the middle of a byte', async () => {
    expect(samples(await decode(native, { frames: [3, 2] }))).toEqual([...(frames[2] ?? []), ...(frames[1] ?? [])]);
  });
});

describe('native colours', () => {
  const rgb = Array.from({ length: 2 * 6 * 3 }, (_, i) => (i * 11) % 256);
  const byColour = [0, 1].flatMap((frame) =>
    [0, 1, 2].flatMap((sample) => Array.from({ length: 6 }, (_, pixel) => rgb[frame * 18 + pixel * 3 + sample] ?? 0)),
  );
  const colour = { samplesPerPixel: 3, photometric: 'RGB', bitsAllocated: 8, frames: 2, vr: 'OB' } as const;

  it('are stored by pixel or by colour, and returned by pixel', async () => {
    const byPixel = await decode({ ...colour, planar: false, pixels: Uint8Array.from(rgb) });
    const planes = await decode({ ...colour, planar: true, pixels: Uint8Array.from(byColour) });
    const wide = await decode({
      ...colour,
      bitsAllocated: 16,
      planar: true,
      vr: 'OW',
      pixels: Uint16Array.from(byColour),
    });

    expect(samples(byPixel)).toEqual(rgb);
    expect(samples(planes)).toEqual(rgb);
    expect(samples(wide)).toEqual(rgb);
    expect(planes).toMatchObject({ photometric: 'RGB', planar: false });
  });

  /** Grey, the red and the blue of PS3.3 C.7.6.3.1.2, rounded. */
  const YBR = [100, 128, 128, 76, 85, 255, 29, 255, 107];
  const RGB = [100, 100, 100, 254, 0, 0, 0, 0, 254];

  it('of luminance and chrominance become RGB', async () => {
    const decoded = await decode({
      ...colour,
      frames: 1,
      rows: 1,
      photometric: 'YBR_FULL',
      pixels: Uint8Array.of(...YBR, 0),
    });

    expect(decoded.photometric).toBe('RGB');
    samples(decoded).forEach((value, i) => {
      expect(Math.abs(value - (RGB[i] ?? 0))).toBeLessThanOrEqual(1);
    });
  });

  it('with chrominance for two pixels at a time become RGB, in every frame', async () => {
    const pixels = Uint8Array.of(10, 20, 128, 128, 30, 40, 128, 128);
    const native = { ...colour, rows: 1, columns: 2, photometric: 'YBR_FULL_422', pixels };

    const both = await decode(native);
    const second = await decode(native, { frames: [2] });

    expect(samples(both)).toEqual([10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40]);
    expect(samples(second)).toEqual([30, 30, 30, 40, 40, 40]);
  });

  it.each([
    ['of a kind that is retired', { photometric: 'YBR_PARTIAL_422' }],
    ['of luminance and chrominance of 16 bits', { photometric: 'YBR_FULL', bitsAllocated: 16 }],
    ['that share chrominance beyond the frame', { photometric: 'YBR_FULL_422', rows: 1, columns: 3 }],
  ])('are refused: %s', async (_, options) => {
    const decoding = decode({ ...colour, ...options, pixels: new Uint8Array(200) });

    await expect(decoding).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });
});

describe('some frames of an instance', () => {
  const native: Native = { frames: 4, rows: 1, columns: 2, pixels: Uint16Array.of(10, 11, 20, 21, 30, 31, 40, 41) };

  it('come in the requested order', async () => {
    const decoded = await decode(native, { frames: [4, 1, 2] });

    expect(decoded.frames).toBe(3);
    expect(samples(decoded)).toEqual([40, 41, 10, 11, 20, 21]);
  });

  it('come without a copy where they are consecutive', async () => {
    const decoded = await decode(native, { frames: [2, 3] });

    expect(samples(decoded)).toEqual([20, 21, 30, 31]);
    expect(decoded.data.buffer.byteLength).toBeGreaterThan(decoded.data.byteLength);
  });

  it.each([0, 5, 1.5])('are refused if there is no frame %d', async (frame) => {
    await expect(decode(native, { frames: [frame] })).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('samples above the low bits', () => {
  const unsigned = { bitsStored: 12, highBit: 15, pixels: Uint16Array.of(0, 0x10, 0xfff0, 0x8000, 0x0120, 0x7ff0) };
  const signed = { bitsStored: 12, highBit: 15, signed: true, pixels: Int16Array.of(0, 0x10, -16, -32_768, 0x120, 0) };

  it('are shifted down on request', async () => {
    expect(samples(await decode(unsigned, { shiftDown: true }))).toEqual([0, 1, 0xfff, 0x800, 0x12, 0x7ff]);
    expect(samples(await decode(signed, { shiftDown: true }))).toEqual([0, 1, -1, -2048, 0x12, 0]);
  });

  it('come without the bits above them', async () => {
    const pixels = Uint16Array.of(0x8002, 0x9ffe, 0x4000, 0, 0, 0);

    const decoded = await decode({ bitsStored: 12, highBit: 12, pixels }, { shiftDown: true });

    expect(samples(decoded)).toEqual([1, 0xfff, 0, 0, 0, 0]);
  });

  it('come as stored by default', async () => {
    expect(samples(await decode(unsigned))).toEqual([...unsigned.pixels]);
  });

  it.each([0, 10, 12, 15, 16])(
    'do not exist where all samples are in the low bits, although High Bit is %d',
    async (highBit) => {
      const pixels = Uint16Array.of(0, 1, 0xfff, 0x800, 0x12, 0x7ff);
      const values = Int16Array.of(0, 1, -1, -2048, 0x12, 2047);

      const [low, extended] = await Promise.all([
        decode({ bitsStored: 12, highBit, pixels }, { shiftDown: true }),
        decode({ bitsStored: 12, highBit, signed: true, pixels: values }, { shiftDown: true }),
      ]);

      expect(samples(low)).toEqual([...pixels]);
      expect(samples(extended)).toEqual([...values]);
    },
  );
});

describe('samples of JPEG Lossless', () => {
  it.each([0, 11, 12, 15])('are in the low bits, whatever High Bit says: %d', async (highBit) => {
    const { layout, samples: encodable, values } = makePicture({ bits: 12 });
    const { rows, columns } = layout;
    const frame = writeJpegLossless({ layout, samples: encodable, values }, 1);
    const even = Buffer.concat([frame, new Uint8Array(frame.length % 2)]);
    const elements = [...identity(), ...picture({ rows, columns, bitsStored: 12, highBit }), encapsulated([even])];
    const file = part10('1.2.840.10008.1.2.4.70', encodeElements(sorted(elements)));

    const decoded = await decodePixels(readDicom(file), inProcessDecoder, { shiftDown: true });

    expect(samples(decoded)).toEqual(values);
  });
});

describe('native pixel data that cannot be read correctly here', () => {
  const pixels = new Uint16Array(6);

  it.each([
    ['12 bits a sample, packed', { bitsAllocated: 12 }],
    ['64 bits', { bitsAllocated: 64 }],
    ['2 samples a pixel', { samplesPerPixel: 2 }],
    ['more bits stored than allocated', { bitsStored: 17 }],
  ])('are refused: %s', async (_, options) => {
    await expect(decode({ ...options, pixels })).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });

  it('are refused where they are neither in the low bits nor under High Bit', async () => {
    const unclear = Uint16Array.of(0x1001, 0xfff0, 0, 0, 0, 0);

    await expect(decode({ bitsStored: 12, highBit: 15, pixels: unclear })).rejects.toMatchObject({
      code: 'unsupported-pixel-format',
    });
  });

  it('are refused where the bits above Bits Stored are their upper part', async () => {
    const pixels = Uint16Array.of(1000, 1010, 1020, 1030, 1040, 1050);

    await expect(decode({ bitsStored: 10, highBit: 9, pixels })).rejects.toMatchObject({
      code: 'unsupported-pixel-format',
      message: 'Samples have more than the 10 bits of Bits Stored',
    });
  });

  it('are refused if they are shorter than the header says', async () => {
    await expect(decode({ frames: 2, pixels })).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });
});
