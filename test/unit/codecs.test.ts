/** Every codec on streams of each kind that it reads: whole, cut off, damaged, and lying about their size. */
import { describe, expect, it } from 'vitest';
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import {
  encodeDeflated,
  encodeHtj2k,
  encodeJpeg,
  encodeJpeg2000,
  encodeJpegLs,
  encodeRle,
  makePicture,
  type Picture,
  type PictureShape,
} from '../fixtures/encoders.ts';
import { writeJpegExtended, writeJpegLossless } from '../fixtures/jpeg-writer.ts';

const JPEG = '1.2.840.10008.1.2.4.50';
const JPEG_EXTENDED = '1.2.840.10008.1.2.4.51';
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.57';
const JPEG_LS = '1.2.840.10008.1.2.4.80';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const HTJ2K = '1.2.840.10008.1.2.4.201';
const RLE = '1.2.840.10008.1.2.5';
const DEFLATED = '1.2.840.10008.1.2.8.1';

async function decode(syntax: string, encoded: Uint8Array, layout: FrameLayout): Promise<Uint8Array> {
  const [frame] = await inProcessDecoder.decode(syntax, [encoded], layout);
  if (frame === undefined) throw new Error('The decoder gave no frame');
  return frame;
}

/** Samples of any width as numbers, without what lies above the stored bits. */
function valuesOf(bytes: Uint8Array, { bitsAllocated, bitsStored, signed }: FrameLayout): readonly number[] {
  const words = bitsAllocated === 16 ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : bytes;
  const shift = 32 - bitsStored;
  return Array.from(words, (word) => (signed ? (word << shift) >> shift : (word << shift) >>> shift));
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.POSITIVE_INFINITY))), 0);

interface LosslessCase {
  readonly name: string;
  readonly syntax: string;
  readonly encode: (picture: Picture) => Promise<Uint8Array> | Uint8Array;
  readonly shapes: readonly PictureShape[];
}

const GREY: readonly PictureShape[] = [
  { bits: 8 },
  { bits: 8, signed: true },
  { bits: 12 },
  { bits: 12, signed: true },
  { bits: 16 },
  { bits: 16, signed: true },
];
const COLOUR: PictureShape = { bits: 8, samplesPerPixel: 3 };

const LOSSLESS: readonly LosslessCase[] = [
  { name: 'RLE', syntax: RLE, encode: encodeRle, shapes: [...GREY, COLOUR, { bits: 16, samplesPerPixel: 3 }] },
  {
    name: 'Deflated Image Frame',
    syntax: DEFLATED,
    encode: ({ samples }) => encodeDeflated(samples),
    shapes: [...GREY, COLOUR],
  },
  ...[1, 2, 3, 4, 5, 6, 7].map((predictor) => ({
    name: `JPEG lossless, predictor ${predictor}`,
    syntax: JPEG_LOSSLESS,
    encode: (picture: Picture) => writeJpegLossless(picture, predictor),
    shapes: [{ bits: 8 }, { bits: 12 }, { bits: 16 }, COLOUR],
  })),
  {
    name: 'JPEG lossless with restart markers',
    syntax: JPEG_LOSSLESS,
    encode: (picture) => writeJpegLossless(picture, 4, 2),
    shapes: [{ bits: 12 }, COLOUR],
  },
  { name: 'JPEG-LS', syntax: JPEG_LS, encode: encodeJpegLs, shapes: [{ bits: 2 }, ...GREY] },
  {
    name: 'JPEG-LS by lines',
    syntax: JPEG_LS,
    encode: (picture) => encodeJpegLs(picture, { interleave: 1 }),
    shapes: [COLOUR],
  },
  {
    name: 'JPEG-LS by samples',
    syntax: JPEG_LS,
    encode: (picture) => encodeJpegLs(picture, { interleave: 2 }),
    shapes: [COLOUR, { bits: 16, samplesPerPixel: 3 }],
  },
  {
    name: 'JPEG-LS, a scan for each component',
    syntax: JPEG_LS,
    encode: (picture) => encodeJpegLs(planar(picture)),
    shapes: [COLOUR, { bits: 12, samplesPerPixel: 3 }],
  },
  {
    name: 'JPEG 2000',
    syntax: JPEG_2000,
    encode: encodeJpeg2000,
    shapes: [{ bits: 8 }, { bits: 12 }, { bits: 16 }, { bits: 16, signed: true }, COLOUR],
  },
  {
    name: 'HTJ2K',
    syntax: HTJ2K,
    encode: (picture) => encodeHtj2k(picture),
    shapes: [
      { bits: 8 },
      { bits: 4 },
      { bits: 12 },
      { bits: 12, signed: true },
      { bits: 16 },
      { bits: 16, signed: true },
    ],
  },
  {
    name: 'HTJ2K of small signed samples',
    syntax: HTJ2K,
    encode: async (picture) => signedStream(await encodeHtj2k(unsigned(picture))),
    shapes: [{ bits: 8, signed: true }],
  },
  {
    name: 'JPEG 2000 of small signed samples',
    syntax: JPEG_2000,
    encode: async (picture) => signedStream(await encodeJpeg2000(unsigned(picture))),
    shapes: [{ bits: 8, signed: true }],
  },
  {
    name: 'HTJ2K with a colour transform',
    syntax: HTJ2K,
    encode: (picture) => encodeHtj2k(picture),
    shapes: [{ ...COLOUR, photometric: 'YBR_RCT' }],
  },
];

/** The same picture by colour, as some encoders want it. */
function planar(picture: Picture): Picture {
  const { samplesPerPixel, bitsAllocated } = picture.layout;
  const pixels = picture.values.length / samplesPerPixel;
  const words = picture.values.map(
    (_, i) => picture.values[(i % pixels) * samplesPerPixel + Math.floor(i / pixels)] ?? 0,
  );
  const array = bitsAllocated === 16 ? Uint16Array.from(words) : Uint8Array.from(words);
  return { ...picture, samples: new Uint8Array(array.buffer) };
}

/** The same picture, its lowest value at 0: encoders here do not take signed bytes as such. */
function unsigned(picture: Picture): Picture {
  const values = picture.values.map((value) => value + 128);
  return { values, samples: Uint8Array.from(values), layout: { ...picture.layout, signed: false } };
}

/** Says in Ssiz that the samples are signed, which moves them all down by half their range (T.800 G.1.2). */
function signedStream(encoded: Uint8Array): Uint8Array {
  const stream = Uint8Array.from(encoded);
  stream[4 + 38] = (stream[4 + 38] ?? 0) | 0x80;
  return stream;
}

const describeShape = ({ bits, signed, samplesPerPixel = 1 }: PictureShape): string =>
  `${samplesPerPixel} × ${bits} bits${signed === true ? ', signed' : ''}`;

describe.each(LOSSLESS)('$name', ({ syntax, encode, shapes }) => {
  it.each(shapes.map((shape) => [describeShape(shape), shape] as const))('gives back %s', async (_, shape) => {
    const picture = makePicture(shape);

    const decoded = await decode(syntax, await encode(picture), picture.layout);

    expect(valuesOf(decoded, picture.layout)).toEqual(picture.values);
  });

  const [shape = { bits: 8 }] = shapes;
  const picture = makePicture(shape);

  it.each([0, 0.02, 0.3, 0.6, 0.9])('refuses a frame of which %d is there', async (part) => {
    const whole = await encode(picture);

    const decoding = decode(syntax, whole.subarray(0, Math.floor(whole.length * part)), picture.layout);

    await expect(decoding).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });

  it('refuses a frame of another size than the header’s, and decodes the next one', async () => {
    const encoded = await encode(picture);
    const larger = { ...picture.layout, rows: picture.layout.rows * 4000, columns: picture.layout.columns * 40 };

    const lying = decode(syntax, encoded, larger);

    await expect(lying).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
    expect(valuesOf(await decode(syntax, encoded, picture.layout), picture.layout)).toEqual(picture.values);
  });

  it('decodes or refuses a frame with damaged bytes, and nothing else', async () => {
    const whole = await encode(picture);
    const expected = picture.samples.length;

    for (let i = 0; i < 40; i += 1) {
      const damaged = Uint8Array.from(whole);
      damaged[(i * 7919) % whole.length] = (i * 37) % 256;
      const outcome = await decode(syntax, damaged, picture.layout).catch((error: { code?: string }) => error);
      if (outcome instanceof Uint8Array) expect(outcome).toHaveLength(expected);
      else
        expect(outcome).toMatchObject({
          code: expect.stringMatching(/^(corrupt-pixel-data|unsupported-pixel-format)$/),
        });
    }
  });
});

describe('lossy codecs', () => {
  const smooth8 = makePicture({ bits: 8, smooth: true });
  const smooth12 = makePicture({ bits: 12, smooth: true });
  const smooth16 = makePicture({ bits: 16, signed: true, smooth: true });

  it.each([
    ['JPEG baseline', JPEG, smooth8, encodeJpeg, 2],
    ['JPEG extended of 8 bits', JPEG_EXTENDED, smooth8, encodeJpeg, 2],
    ['JPEG extended of 12 bits', JPEG_EXTENDED, smooth12, async (picture: Picture) => writeJpegExtended(picture), 2],
    ['JPEG extended with restart markers', JPEG_EXTENDED, smooth12, async (it: Picture) => writeJpegExtended(it, 4), 2],
    ['JPEG-LS near-lossless', JPEG_LS, smooth12, (picture: Picture) => encodeJpegLs(picture, { near: 3 }), 3],
    ['HTJ2K lossy', HTJ2K, smooth16, (picture: Picture) => encodeHtj2k(picture, 0.0001), 32],
  ] as const)('%s is as near as it promises', async (_, syntax, picture, encode, most) => {
    const decoded = await decode(syntax, await encode(picture), picture.layout);

    expect(largestDifference(valuesOf(decoded, picture.layout), picture.values)).toBeLessThanOrEqual(most);
  });

  it('JPEG extended of 12 bits reads colours, a scan each', async () => {
    const picture = makePicture({ bits: 12, samplesPerPixel: 3, smooth: true });

    const decoded = await decode(JPEG_EXTENDED, writeJpegExtended(picture), picture.layout);

    expect(largestDifference(valuesOf(decoded, picture.layout), picture.values)).toBeLessThanOrEqual(2);
  });

  it.each([0.1, 0.5, 0.9])('JPEG of which %d is there is refused', async (part) => {
    const streams = [
      [JPEG, await encodeJpeg(smooth8), smooth8],
      [JPEG_EXTENDED, writeJpegExtended(smooth12), smooth12],
    ] as const;

    for (const [syntax, whole, { layout }] of streams) {
      const decoding = decode(syntax, whole.subarray(0, Math.floor(whole.length * part)), layout);
      await expect(decoding).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
    }
  });
});

describe('colours of JPEG baseline', () => {
  const picture = makePicture({ bits: 8, samplesPerPixel: 3, smooth: true });
  const isNear = (decoded: Uint8Array): boolean => largestDifference([...decoded], picture.values) <= 4;
  const labelled = (photometric: string): FrameLayout => ({ ...picture.layout, photometric });

  it('are luminance and chrominance where the header says so', async () => {
    const encoded = await encodeJpeg(picture);

    const decoded = await decode(JPEG, encoded, labelled('YBR_FULL_422'));

    expect(isNear(decoded)).toBe(true);
  });

  it('are as they are in the stream where the header says RGB, whatever JFIF would make of it', async () => {
    const encoded = await encodeJpeg(picture);

    const decoded = await decode(JPEG, encoded, labelled('RGB'));

    expect(isNear(decoded)).toBe(false);
    expect(isNear(rgbOf(decoded))).toBe(true);
  });

  it.each([
    [1, 'RGB'],
    [1, 'YBR_FULL_422'],
  ])('are what an Adobe segment with transform %d says, whatever the header says', async (transform, photometric) => {
    const encoded = await encodeJpeg(picture);
    const adobe = [0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform];
    const withAdobe = Uint8Array.from([0xff, 0xd8, ...adobe, ...encoded.subarray(20)]);

    const decoded = await decode(JPEG, withAdobe, labelled(photometric));

    expect(isNear(decoded)).toBe(true);
  });

  /** YBR_FULL to RGB by the formulas of PS3.3 C.7.6.3.1.2. */
  function rgbOf(ybr: Uint8Array): Uint8Array {
    const rgb = new Uint8ClampedArray(ybr.length);
    for (let i = 0; i < ybr.length; i += 3) {
      const [y = 0, cb = 0, cr = 0] = ybr.subarray(i, i + 3);
      rgb[i] = y + 1.402 * (cr - 128);
      rgb[i + 1] = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128);
      rgb[i + 2] = y + 1.772 * (cb - 128);
    }
    return new Uint8Array(rgb.buffer);
  }
});

describe('frames that are not what they seem', () => {
  it.each([
    '1.2.840.10008.1.2.4.52',
    '1.2.840.10008.1.2.4.53',
    '1.2.840.10008.1.2.4.92',
    '1.2.840.10008.1.2.4.93',
    '1.2.840.10008.1.2.4.100',
    '1.2.840.10008.1.2.4.110',
  ])('have no decoder in %s', async (syntax) => {
    const { layout, samples } = makePicture({ bits: 8 });

    await expect(decode(syntax, samples, layout)).rejects.toMatchObject({ code: 'unsupported-transfer-syntax' });
  });

  it('are refused where tiles of a codestream are missing', async () => {
    const picture = makePicture({ bits: 8 });
    const encoded = Uint8Array.from(await encodeHtj2k(picture));
    // XTsiz and YTsiz in SIZ: the picture would be several tiles, of which one is there.
    new DataView(encoded.buffer).setUint32(4 + 20, 16);

    await expect(decode(HTJ2K, encoded, picture.layout)).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });

  it('are refused where a codestream was shortened and closed again', async () => {
    const picture = makePicture({ bits: 12 });
    for (const [syntax, whole] of [
      [JPEG_2000, await encodeJpeg2000(picture)],
      [HTJ2K, await encodeHtj2k(picture)],
    ] as const) {
      const closed = Uint8Array.from([...whole.subarray(0, Math.floor(whole.length * 0.7)), 0xff, 0xd9]);

      await expect(decode(syntax, closed, picture.layout)).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
    }
  });

  it('are read by their components where HTJ2K has them one after the other', async () => {
    const picture = makePicture({ bits: 8, samplesPerPixel: 3 });
    const { rows, columns } = picture.layout;
    // OpenJPH's encoder hands its lines over as red, green, blue, red …, where the stream takes all lines of red first.
    const expected = picture.values.map((_, i) => {
      const [row, component] = [Math.floor(i / 3 / columns), i % 3];
      const line = component * rows + row;
      return picture.values[(Math.floor(line / 3) * columns + (Math.floor(i / 3) % columns)) * 3 + (line % 3)];
    });

    const decoded = await decode(HTJ2K, await encodeHtj2k(picture), picture.layout);

    expect([...decoded]).toEqual(expected);
  });

  it('are refused where the components of a codestream differ', async () => {
    const picture = makePicture({ bits: 8, samplesPerPixel: 3 });
    const encoded = Uint8Array.from(await encodeHtj2k(picture));
    // XRsiz of the second component.
    encoded[4 + 38 + 3 + 1] = 2;

    await expect(decode(HTJ2K, encoded, picture.layout)).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });

  it('are refused where a scan of lossless JPEG comes again instead of the next component', async () => {
    const picture = makePicture({ bits: 8 });
    const grey = Buffer.from(writeJpegLossless(picture, 1));
    const frame = grey.indexOf(Buffer.from([0xff, 0xc3]));
    const scan = grey.indexOf(Buffer.from([0xff, 0xda]));
    const components = [1, 2, 3].flatMap((id) => [id, 0x11, 0]);
    const colourFrame = Buffer.from([0xff, 0xc3, 0, 17, ...grey.subarray(frame + 4, frame + 9), 3, ...components]);
    const firstComponent = grey.subarray(scan, -2);
    const encoded = Buffer.concat([
      grey.subarray(0, frame),
      colourFrame,
      grey.subarray(frame + 13, scan),
      firstComponent,
      firstComponent,
      grey.subarray(-2),
    ]);

    const decoded = decode(JPEG_LOSSLESS, encoded, { ...picture.layout, samplesPerPixel: 3 });

    await expect(decoded).rejects.toThrow('A JPEG scan repeats a component');
  });

  it('are refused where a deflated frame holds more than its picture', async () => {
    const { layout } = makePicture({ bits: 8 });

    const bomb = decode(DEFLATED, encodeDeflated(new Uint8Array(2 ** 22)), layout);

    await expect(bomb).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });
});
