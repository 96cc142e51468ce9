/** Every codec on streams of each kind that it reads: complete, truncated, damaged, and with a wrong size. */
import { describe, expect, it } from 'vitest';
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { DEFLATED, decode, HTJ2K, JPEG, JPEG_2000, JPEG_LOSSLESS, largestDifference } from '../fixtures/decode.ts';
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

const JPEG_EXTENDED = '1.2.840.10008.1.2.4.51';

const JPEG_LS = '1.2.840.10008.1.2.4.80';

const RLE = '1.2.840.10008.1.2.5';

/** Samples of any width as numbers, without the bits above the stored ones. */
function valuesOf(bytes: Uint8Array, { bitsAllocated, bitsStored, signed }: FrameLayout): readonly number[] {
  const words = bitsAllocated === 16 ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : bytes;
  const shift = 32 - bitsStored;
  return Array.from(words, (word) => (signed ? (word << shift) >> shift : (word << shift) >>> shift));
}

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

/** The same picture by colour plane, as some encoders need it. */
function planar(picture: Picture): Picture {
  const { samplesPerPixel, bitsAllocated } = picture.layout;
  const pixels = picture.values.length / samplesPerPixel;
  const words = picture.values.map(
    (_, i) => picture.values[(i % pixels) * samplesPerPixel + Math.floor(i / pixels)] ?? 0,
  );
  const array = bitsAllocated === 16 ? Uint16Array.from(words) : Uint8Array.from(words);
  return { ...picture, samples: new Uint8Array(array.buffer) };
}

/** The same picture with its lowest value at 0: the encoders here do not accept signed bytes. */
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

  it.each([0, 0.02, 0.3, 0.6, 0.9])('refuses a frame truncated to %d of its length', async (part) => {
    const whole = await encode(picture);

    const decoding = decode(syntax, whole.subarray(0, Math.floor(whole.length * part)), picture.layout);

    await expect(decoding).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });

  it('refuses a frame whose size differs from the header, and decodes the next one', async () => {
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
  ] as const)('%s is within its error limit', async (_, syntax, picture, encode, most) => {
    const decoded = await decode(syntax, await encode(picture), picture.layout);

    expect(largestDifference(valuesOf(decoded, picture.layout), picture.values)).toBeLessThanOrEqual(most);
  });

  it('JPEG extended of 12 bits reads colours, one scan each', async () => {
    const picture = makePicture({ bits: 12, samplesPerPixel: 3, smooth: true });

    const decoded = await decode(JPEG_EXTENDED, writeJpegExtended(picture), picture.layout);

    expect(largestDifference(valuesOf(decoded, picture.layout), picture.values)).toBeLessThanOrEqual(2);
  });

  it.each([0.1, 0.5, 0.9])('JPEG truncated to %d of its length is refused', async (part) => {
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
