import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { DicomReadError } from '#dicom/error.ts';
import { decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { describeWith } from '../fixtures/lanes.ts';
import {
  encapsulated,
  encodeElements,
  identity,
  type PictureOptions,
  part10,
  picture,
  type RawElement,
  sorted,
  words,
} from '../fixtures/part10.ts';
import { type RealFile, realFile, realFiles } from '../fixtures/real-data.ts';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const RLE = '1.2.840.10008.1.2.5';
const JPEG_XL = '1.2.840.10008.1.2.4.110';

function file(pixels: RawElement, options: PictureOptions = {}, syntax = EXPLICIT_LITTLE_ENDIAN): Uint8Array {
  return part10(syntax, encodeElements(sorted([...identity(), ...picture(options), pixels])));
}

function native(values: readonly number[]): RawElement {
  return { tag: '7FE00010', vr: 'OW', value: words(values) };
}

async function codeOf(bytes: Uint8Array): Promise<string | undefined> {
  try {
    await decodePixels(readDicom(bytes), inProcessDecoder);
    return undefined;
  } catch (error) {
    if (error instanceof DicomReadError) return error.code;
    throw error;
  }
}

/** An RLE frame of 16-bit samples, each byte plane as literal runs (PS3.5 G). */
function rleFrame(values: readonly number[]): Uint8Array {
  const planes = [8, 0].map((shift) =>
    Uint8Array.of(values.length - 1, ...values.map((value) => (value >> shift) & 0xff)),
  );
  const header = new Uint32Array(16);
  header.set([2, 64, 64 + (planes[0]?.length ?? 0)]);
  const frame = Buffer.concat([new Uint8Array(header.buffer), ...planes]);
  return frame.length % 2 === 0 ? frame : Buffer.concat([frame, Uint8Array.of(0)]);
}

describe('decodePixels', () => {
  it('gives signed samples without foreign bits', async () => {
    const bytes = file(native([0x0fff, 0xf001, 0x0800, 0x07ff, 0, 1]), { bitsStored: 12, signed: true });

    const { data, rows, columns } = await decodePixels(readDicom(bytes), inProcessDecoder);

    expect([rows, columns]).toEqual([2, 3]);
    expect(data).toEqual(Int16Array.of(-1, 1, -2048, 2047, 0, 1));
  });

  it('hashes the samples little endian', async () => {
    const decoded = await decodePixels(readDicom(file(native([1, 2, 3, 4, 5, 0x1234]))), inProcessDecoder);

    const expected = createHash('sha256')
      .update(Uint8Array.of(1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0x34, 0x12))
      .digest('hex');
    expect(pixelSha256(decoded)).toBe(expected);
  });

  it('decodes RLE, one frame per fragment', async () => {
    const frames = [
      [1, 2, 3, 400, 500, 600],
      [7, 8, 9, 10, 11, 65535],
    ];

    const { data } = await decodePixels(
      readDicom(file(encapsulated(frames.map(rleFrame)), { frames: 2 }, RLE)),
      inProcessDecoder,
    );

    expect([...data]).toEqual(frames.flat());
  });

  it('joins the fragments of a frame', async () => {
    const frame = rleFrame([1, 2, 3, 400, 500, 600]);
    const parts = [frame.subarray(0, 30), frame.subarray(30, 70), frame.subarray(70)];

    const { data } = await decodePixels(readDicom(file(encapsulated(parts), {}, RLE)), inProcessDecoder);

    expect([...data]).toEqual([1, 2, 3, 400, 500, 600]);
  });

  it('refuses with a code what it cannot decode', async () => {
    const frame = rleFrame([1, 2, 3, 4, 5, 6]);

    expect(await codeOf(part10(EXPLICIT_LITTLE_ENDIAN, encodeElements(identity())))).toBe('no-pixel-data');
    expect(await codeOf(file(native([1, 2])))).toBe('corrupt-pixel-data');
    expect(await codeOf(file(encapsulated([frame.subarray(0, 68)]), {}, RLE))).toBe('corrupt-pixel-data');
    expect(await codeOf(file(encapsulated([frame]), { frames: 2 }, RLE))).toBe('corrupt-pixel-data');
    expect(await codeOf(file(native([]), { rows: 65535, columns: 65535 }))).toBe('no-pixel-data');
    expect(await codeOf(file(native([1, 2]), { rows: 65535, columns: 65535 }))).toBe('limit-exceeded');
    expect(await codeOf(file(native([1, 2]), { rows: 0 }))).toBe('unsupported-pixel-format');
    expect(await codeOf(file(encapsulated([frame]), {}, JPEG_XL))).toBe('unsupported-transfer-syntax');
  });
});

describe('the description of pixels', () => {
  /** The same picture with one element in another form. */
  const described = (element: RawElement): Uint8Array => {
    const rest = picture().filter(({ tag }) => tag !== element.tag);
    return part10(
      EXPLICIT_LITTLE_ENDIAN,
      encodeElements(sorted([...identity(), ...rest, element, native([1, 2, 3, 4, 5, 6])])),
    );
  };

  it.each([
    ['Pixel Representation', '00280103'],
    ['Bits Stored', '00280101'],
    ['Samples per Pixel', '00280002'],
  ])('is not completed where %s is there and cannot be read', async (_, tag) => {
    expect(await codeOf(described({ tag, vr: 'LO', value: 'words' }))).toBe('unsupported-pixel-format');
  });

  it('knows a photometric interpretation in small letters', async () => {
    const { photometric } = await decodePixels(
      readDicom(described({ tag: '00280004', vr: 'CS', value: 'monochrome1' })),
      inProcessDecoder,
    );

    expect(photometric).toBe('MONOCHROME1');
  });
});

describeWith(['data'], 'decodePixels on real files', () => {
  const all = realFiles().filter(({ pixelSha256: hash }) => hash !== '');
  /** Every 16th slice of the two long series; all of everything else. */
  const sampled = all.filter(({ path }, i) => !/^(mr-t1-head|ct-spine-ref-dicom)\//.test(path) || i % 16 === 0);

  it.each(['ct-abdomen-20', 'ct-head-28', 'ct-spine-ref-dicom', 'mr-t1-head', 'dental', 'xray', 'enhanced', 'seg'])(
    'gives the samples that pydicom gives: %s',
    async (folder) => {
      const files = sampled.filter(({ path }) => path.startsWith(`${folder}/`));
      const different: string[] = [];
      for (const { path, pixelSha256: expected } of files) {
        const decoded = await decodePixels(readDicom(realFile(path)), inProcessDecoder);
        if (pixelSha256(decoded) !== expected) different.push(path);
      }

      expect(files.length).toBeGreaterThan(0);
      expect(different).toEqual([]);
    },
  );

  it('gives pydicom’s samples in every other syntax, or a code', async () => {
    const files = sampled.filter(
      ({ path, lossy }) => /^(transfer-syntaxes|broken|charset|deident)\//.test(path) && !lossy,
    );
    const outcomes = await Promise.all(files.map(outcomeOf));

    const counts = Object.groupBy(outcomes, (outcome) => outcome.replace(/ .*/, ''));
    expect(counts['different'] ?? []).toEqual([]);
    expect(counts['unsupported-pixel-format'] ?? []).toEqual([]);
    expect(counts['corrupt-pixel-data'] ?? []).toEqual([]);
    expect(counts['equal']?.length ?? 0).toBeGreaterThan(100);
  });

  async function outcomeOf({ path, pixelSha256: expected }: RealFile): Promise<string> {
    try {
      return pixelSha256(await decodePixels(readDicom(realFile(path)), inProcessDecoder)) === expected
        ? `equal ${path}`
        : `different ${path}`;
    } catch (error) {
      if (!(error instanceof DicomReadError)) throw error;
      return `${error.code} ${path}`;
    }
  }

  it('has a decoder for every syntax', async () => {
    const refused: string[] = [];
    for (const { path, lossy } of sampled) {
      if (lossy && (await codeOf(realFile(path))) === 'unsupported-transfer-syntax') refused.push(path);
    }

    expect(refused).toEqual([]);
  });

  it.each([
    ['seg/pydicom-data__liver.dcm', 'transfer-syntaxes/pydicom-data__liver_rle.dcm'],
    [
      'seg/pydicom-data__liver_nonbyte_aligned.dcm',
      'transfer-syntaxes/pydicom-data__liver_nonbyte_aligned_rle.dcm',
      'seg/pydicom-data__liver_nonbyte_aligned_deflate.dcm',
    ],
  ])('gives the same bits for %s, which pydicom does not decode, compressed or not', async (...paths) => {
    const digests = await Promise.all(
      paths.map(async (path) => pixelSha256(await decodePixels(readDicom(realFile(path)), inProcessDecoder))),
    );

    expect(new Set(digests).size).toBe(1);
  });

  it.each([
    ['JPEG lossless', 'dental/panoramic.dcm'],
    ['JPEG 2000', 'ct-abdomen-20/267.dcm'],
    ['JPEG-LS', 'transfer-syntaxes/dicomParser__CT1_UNC.not_fragmented_bot_jpeg_ls.80.dcm'],
    ['RLE', 'transfer-syntaxes/pydicom__MR_small_RLE.dcm'],
    ['JPEG', 'transfer-syntaxes/pydicom__SC_rgb_jpeg_dcmtk.dcm'],
  ])('refuses a truncated %s frame, and decodes the next one', async (_, path) => {
    const whole = readDicom(realFile(path));
    const { dataset } = whole;
    const fragments = dataset.fragments('PixelData') ?? [];
    const cut = fragments.map((fragment, i) => (i === 0 ? fragment : fragment.subarray(0, fragment.length >> 1)));
    const withCut = new Proxy(dataset, {
      get: (target, name) => (name === 'fragments' ? () => cut : Reflect.get(target, name).bind(target)),
    });
    const broken = { ...whole, dataset: withCut };

    await expect(decodePixels(broken, inProcessDecoder)).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
    await expect(decodePixels(whole, inProcessDecoder)).resolves.toMatchObject({ rows: dataset.number('Rows') });
  });
});
