import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundaryOf, readMultipart } from '#adapters/dicomweb/multipart.ts';
import { dispositionOf, GeometryError, isKnown, type KnownError } from '#core/errors.ts';
import { type VolumeGeometry, volumeGeometry } from '#core/image/volume-geometry.ts';
import { parseResult, serialiseResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { lookup } from '#dicom/dictionary.ts';
import { DicomReadError } from '#dicom/error.ts';
import { decodePixels } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { textProblem } from '#dicom/text-rules.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { encodeManifest, parseManifest } from '#pipeline/manifest.ts';
import { parseRunMessage, parseS3Event } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import { slice } from '../fixtures/instances.ts';
import { encodeElements, identity, part10, picture, sorted } from '../fixtures/part10.ts';
import { ctCase } from '../fixtures/results.ts';

const { HILUM_REQUIRE_ALL_LANES } = process.env;
const numRuns = HILUM_REQUIRE_ALL_LANES === '1' ? 2000 : 200;
const OWN = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
};
const SYNTAXES = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'].concat(
  ['.4.50', '.4.51', '.4.57', '.4.70', '.4.80', '.4.90', '.4.201', '.5', '.8.1'].map(
    (end) => `1.2.840.10008.1.2${end}`,
  ),
);

/** Runs code that may refuse its input. Any error other than Hilum's own makes the test fail. */
async function refusalOf(act: () => unknown): Promise<KnownError | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (isKnown(error)) return error;
    throw error;
  }
}

it('answers any bytes with a code', async () => {
  const file = fc.tuple(fc.constantFrom(...SYNTAXES), fc.uint8Array({ maxLength: 400 }));

  await fc.assert(
    fc.asyncProperty(file, async ([syntax, bytes]) => {
      const alone = await refusalOf(() => indexInstance(bytes));
      const behindMeta = await refusalOf(() => indexInstance(part10(syntax, bytes)));
      const behindIdentity = await refusalOf(async () => {
        const pixels = { tag: '7FE00010', vr: 'OB', value: bytes, declaredLength: 0xffff_ffff };
        const elements = encodeElements(sorted([...identity(), ...picture(), pixels]));
        await decodePixels(readDicom(part10(syntax, elements)), inProcessDecoder);
      });

      for (const refusal of [alone, behindMeta, behindIdentity])
        expect(refusal === undefined || refusal instanceof DicomReadError).toBe(true);
    }),
    { numRuns },
  );
});

it('reads back what it writes', async () => {
  const text = (keyword: string) =>
    fc
      .string({ unit: 'binary', maxLength: 64 })
      .map((value) => value.replaceAll('\\', '').trim())
      .filter((value) => value.isWellFormed() && textProblem(lookup(keyword)?.vr ?? '', value) === undefined);
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const attributes = fc.record({
    PatientName: text('PatientName'),
    PatientID: text('PatientID'),
    StudyDescription: text('StudyDescription'),
    ImageComments: text('ImageComments'),
    ImagePositionPatient: fc.tuple(number, number, number),
    Rows: fc.nat(65_535),
    SmallestImagePixelValue: fc.nat(65_535),
    RecommendedDisplayFrameRate: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    DiffusionBValue: number,
    ReferencedImageSequence: fc.array(fc.record({ ReferencedSOPInstanceUID: fc.constantFrom('1.2', '2.25.0') }), {
      maxLength: 3,
    }),
    EncapsulatedDocument: fc
      .uint8Array({ minLength: 2, maxLength: 64 })
      .map((bytes) => bytes.subarray(0, bytes.length & ~1)),
  });

  await fc.assert(
    fc.property(attributes, (written) => {
      const { dataset } = readDicom(encodeDicom({ ...OWN, ...written } as Attributes));

      for (const keyword of ['PatientName', 'PatientID', 'StudyDescription', 'ImageComments'] as const)
        expect(dataset.text(keyword) ?? '').toBe(written[keyword]);
      for (const keyword of [
        'Rows',
        'SmallestImagePixelValue',
        'RecommendedDisplayFrameRate',
        'DiffusionBValue',
      ] as const)
        expect(dataset.number(keyword) === written[keyword]).toBe(true);
      expect(dataset.numbers('ImagePositionPatient')).toHaveLength(3);
      dataset.numbers('ImagePositionPatient').forEach((value, i) => {
        const meant = written.ImagePositionPatient[i] ?? 0;
        expect(Math.abs(value - meant)).toBeLessThanOrEqual(Math.abs(meant) * 1e-8);
      });
      expect(dataset.items('ReferencedImageSequence').map((item) => item.text('ReferencedSOPInstanceUID'))).toEqual(
        written.ReferencedImageSequence.map((item) => item.ReferencedSOPInstanceUID),
      );
      expect(Buffer.from(dataset.bytes('EncapsulatedDocument') ?? [])).toEqual(
        Buffer.from(written.EncapsulatedDocument),
      );
    }),
    { numRuns },
  );
});

it('makes a finite grid of slices with any numbers, or gives a reason', async () => {
  const any = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, 1, -1, 1e308, -1e308, 5e-324, 1e160),
  );
  const cosine = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, -1) }, any);
  const triple = fc.tuple(any, any, any);
  const headers = fc.record({
    ImageOrientationPatient: fc.oneof(
      fc.constantFrom<[number, number, number, number, number, number]>(
        [1, 0, 0, 0, 1, 0],
        [1e308, 1e308, 0, 1e308, -1e308, 0],
      ),
      fc.tuple(cosine, cosine, cosine, cosine, cosine, cosine),
    ),
    PixelSpacing: fc.tuple(any, any),
    GantryDetectorTilt: any,
  });
  const positions = fc.oneof(
    fc.array(triple, { minLength: 2, maxLength: 5 }),
    fc
      .tuple(triple, any)
      .map(([[x, y, z], step]) => [0, 1, 2].map((k): [number, number, number] => [x, y, z + k * step])),
  );

  await fc.assert(
    fc.asyncProperty(headers, positions, async (header, places) => {
      const slices = places.map((ImagePositionPatient, k) => slice(k, { ...header, ImagePositionPatient }));
      let geometry: VolumeGeometry | undefined;
      const refusal = await refusalOf(() => {
        geometry = volumeGeometry(slices);
      });

      expect(geometry === undefined).toBe(refusal instanceof GeometryError);
      if (geometry === undefined) return;
      const { origin, columnDirection, rowDirection, sliceDirection, spacingMm } = geometry;
      expect([...origin, ...spacingMm].every(Number.isFinite)).toBe(true);
      expect(Math.min(...spacingMm)).toBeGreaterThan(0);
      for (const axis of [columnDirection, rowDirection, sliceDirection]) expect(Math.hypot(...axis)).toBeCloseTo(1, 6);
    }),
    { numRuns: numRuns * 5 },
  );
});

/** JSON that is valid except in one place, which holds anything. */
function almost(json: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(json);
  return fc
    .tuple(
      fc.constantFrom(...paths),
      fc.oneof(fc.jsonValue(), fc.constantFrom('../../etc/passwd', '__proto__', -1, 2 ** 53, 0.5)),
    )
    .map(([path, value]) => replaced(json, path, value));
}

function pathsOf(json: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [path];
  return [path, ...Object.entries(json).flatMap(([key, value]) => pathsOf(value, [...path, key]))];
}

function replaced(json: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined || typeof json !== 'object' || json === null) return value;
  const entries = Object.entries(json).map(
    ([name, inner]) => [name, name === key ? replaced(inner, rest, value) : inner] as const,
  );
  return Array.isArray(json) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

const RUN = {
  format: 'hilum.run/1',
  runId: 'a'.repeat(32),
  StudyInstanceUID: '1.2',
  revision: 'b'.repeat(64),
  inputDigest: 'c'.repeat(64),
  tool: 'caries',
  version: '1.0.0',
  lane: 'live',
  manifestKey: 'live/studies/1.2/x/manifest.json',
  answer: 'result',
};

it('accepts valid messages, manifests and object lists, and refuses others with a MessageError', async () => {
  const { files } = ctCase();
  const [first = new Uint8Array(0)] = files;
  const { sha256, sizeBytes, StudyInstanceUID, ...index } = indexInstance(first);
  const instance = { ...index, StudyInstanceUID, sha256, sizeBytes, chunk: sha256, offset: 0, length: sizeBytes };
  const manifest = {
    format: 'hilum.manifest/1',
    StudyInstanceUID,
    revision: sha256,
    lane: 'live',
    instances: [instance],
  };
  const event = { Records: [{ s3: { object: { key: 'live%2Fstudies' } } }] };
  const bytes = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json) ?? 'undefined');

  await fc.assert(
    fc.asyncProperty(almost(manifest), almost(RUN), almost(event), fc.jsonValue(), async (m, run, s3, any) => {
      const refusals = [
        await refusalOf(() => encodeManifest(parseManifest(bytes(m)))),
        await refusalOf(() => parseRunMessage(`${JSON.stringify(run)}`)),
        await refusalOf(() => parseS3Event(`${JSON.stringify(s3)}`)),
        await refusalOf(() => parseObjectList(bytes(any))),
      ];

      expect(refusals.every((refusal) => refusal === undefined || dispositionOf(refusal) === 'reject')).toBe(true);
    }),
    { numRuns },
  );
});

it('accepts valid stored results, and refuses others with a MessageError', async () => {
  const { result } = ctCase();
  const whole: unknown = JSON.parse(Buffer.from(serialiseResult(result)).toString());

  await fc.assert(
    fc.asyncProperty(almost(whole), async (json) => {
      const refusal = await refusalOf(() => parseResult(Buffer.from(JSON.stringify(json) ?? 'undefined')));

      expect(refusal === undefined || dispositionOf(refusal) === 'reject').toBe(true);
    }),
    { numRuns: numRuns / 2 },
  );
});

it('reads the parts of any multipart stream, or gives a reason', async () => {
  const piece = fc.constantFrom('\r\n', '--b', '--', 'b', 'Content-Type: a/b', ':', '\r\n\r\n', 'x'.repeat(50), '\0');
  const chunks = fc.array(
    fc.array(piece, { maxLength: 6 }).map((parts) => Buffer.from(parts.join(''))),
    { maxLength: 12 },
  );
  const header = fc.oneof(
    fc.string(),
    fc.string().map((value) => `multipart/related; boundary=${value}`),
  );

  await fc.assert(
    fc.asyncProperty(chunks, header, async (stream, contentType) => {
      async function* body(): AsyncGenerator<Uint8Array> {
        yield* stream;
      }
      const limits = { maxHeaderBytes: 100, maxPartBytes: 100 };
      const parts: number[] = [];
      await refusalOf(async () => {
        for await (const { bytes } of readMultipart(body(), 'b', limits)) parts.push(bytes.length);
      });
      await refusalOf(() => boundaryOf(contentType));

      expect(parts.every((length) => length <= limits.maxPartBytes)).toBe(true);
    }),
    { numRuns },
  );
});
