/** Compressed frames that contradict their header, and colours that could be either of two. */
import { describe, expect, it } from 'vitest';
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { DEFLATED, decode, HTJ2K, JPEG, JPEG_2000, JPEG_LOSSLESS, largestDifference } from '../fixtures/decode.ts';
import { encodeDeflated, encodeHtj2k, encodeJpeg, encodeJpeg2000, makePicture } from '../fixtures/encoders.ts';
import { writeJpegLossless } from '../fixtures/jpeg-writer.ts';

describe('colours of JPEG baseline', () => {
  const picture = makePicture({ bits: 8, samplesPerPixel: 3, smooth: true });
  const isNear = (decoded: Uint8Array): boolean => largestDifference([...decoded], picture.values) <= 4;
  const labelled = (photometric: string): FrameLayout => ({ ...picture.layout, photometric });

  it('are luminance and chrominance if the header says so', async () => {
    const encoded = await encodeJpeg(picture);

    const decoded = await decode(JPEG, encoded, labelled('YBR_FULL_422'));

    expect(isNear(decoded)).toBe(true);
  });

  it('are taken from the stream where the header says RGB, whatever JFIF implies', async () => {
    const encoded = await encodeJpeg(picture);

    const decoded = await decode(JPEG, encoded, labelled('RGB'));

    expect(isNear(decoded)).toBe(false);
    expect(isNear(rgbOf(decoded))).toBe(true);
  });

  it.each([
    [1, 'RGB'],
    [1, 'YBR_FULL_422'],
  ])('follow an Adobe segment with transform %d, whatever the header says', async (transform, photometric) => {
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

describe('frames that contradict their header', () => {
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

  it('are refused if tiles of a codestream are missing', async () => {
    const picture = makePicture({ bits: 8 });
    const encoded = Uint8Array.from(await encodeHtj2k(picture));
    // XTsiz and YTsiz in SIZ: the picture would have several tiles, and only one is there.
    new DataView(encoded.buffer).setUint32(4 + 20, 16);

    await expect(decode(HTJ2K, encoded, picture.layout)).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });

  it('are refused if a codestream was shortened and closed again', async () => {
    const picture = makePicture({ bits: 12 });
    for (const [syntax, whole] of [
      [JPEG_2000, await encodeJpeg2000(picture)],
      [HTJ2K, await encodeHtj2k(picture)],
    ] as const) {
      const closed = Uint8Array.from([...whole.subarray(0, Math.floor(whole.length * 0.7)), 0xff, 0xd9]);

      await expect(decode(syntax, closed, picture.layout)).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
    }
  });

  it('are read component by component where HTJ2K stores them so', async () => {
    const picture = makePicture({ bits: 8, samplesPerPixel: 3 });
    const { rows, columns } = picture.layout;
    // OpenJPH's encoder passes its lines on as red, green, blue, red …, but the stream takes all lines of red first.
    const expected = picture.values.map((_, i) => {
      const [row, component] = [Math.floor(i / 3 / columns), i % 3];
      const line = component * rows + row;
      return picture.values[(Math.floor(line / 3) * columns + (Math.floor(i / 3) % columns)) * 3 + (line % 3)];
    });

    const decoded = await decode(HTJ2K, await encodeHtj2k(picture), picture.layout);

    expect([...decoded]).toEqual(expected);
  });

  it('are refused if the components of a codestream differ', async () => {
    const picture = makePicture({ bits: 8, samplesPerPixel: 3 });
    const encoded = Uint8Array.from(await encodeHtj2k(picture));
    // XRsiz of the second component.
    encoded[4 + 38 + 3 + 1] = 2;

    await expect(decode(HTJ2K, encoded, picture.layout)).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });

  it('are refused if a scan of lossless JPEG is repeated instead of the next component', async () => {
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

  it('are refused if a deflated frame holds more than its picture', async () => {
    const { layout } = makePicture({ bits: 8 });

    const bomb = decode(DEFLATED, encodeDeflated(new Uint8Array(2 ** 22)), layout);

    await expect(bomb).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });
});
