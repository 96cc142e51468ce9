/** Files that are too large for memory: their header index, and their way through the edge. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { DicomReadError } from '#dicom/error.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { indexLarge } from '#edge/large-file.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { withFrames } from '../fixtures/compressed.ts';
import { enhanced, singleFrames } from '../fixtures/cross-sections.ts';
import { ctSeries, edgeOf } from '../fixtures/edge.ts';
import { encodeDeflated } from '../fixtures/encoders.ts';
import { sections } from '../fixtures/enhanced-images.ts';
import { part10 } from '../fixtures/part10.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-large-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
function stored(bytes: Uint8Array) {
  const path = join(folder, digestOf(bytes));
  writeFileSync(path, bytes);
  return { path, sizeBytes: bytes.length, sha256: digestOf(bytes) };
}

const native = enhanced(sections(5));
/** The file's bytes behind its File Meta Information, whose group length is its first element's value (PS3.10 7.1). */
const datasetBytes = (file: Uint8Array): number => file.length - 144 - Buffer.from(file).readUInt32LE(140);
const RLE = '1.2.840.10008.1.2.5';
const compressed = withFrames(native, RLE, [new Uint8Array(64), new Uint8Array(80), new Uint8Array(100)]);
const deflated = part10(
  '1.2.840.10008.1.2.1.99',
  encodeDeflated(native.subarray(native.length - datasetBytes(native))),
);
/** Longer than the first two beginnings that are read. */
const longHeader = enhanced(sections(5), {
  ImageComments: 'x'.repeat(9_000),
  IconImageSequence: [{ PixelData: new Uint8Array(9_000_000) }],
});

describe('the index of a large file', () => {
  it.each([
    { what: 'native frames', file: native },
    { what: 'compressed frames', file: compressed },
    { what: 'a long header', file: longHeader },
    { what: 'a single frame', file: singleFrames(sections(1))[0] ?? native },
    { what: 'a deflated data set', file: deflated },
  ])('is the same as that of a small one, for $what', async ({ file }) => {
    expect(await indexLarge(stored(file))).toEqual(indexInstance(file));
  });

  const refusalOf = async (act: () => unknown): Promise<unknown> => {
    try {
      return await act();
    } catch (error) {
      return error instanceof DicomReadError ? [error.code, error.message] : error;
    }
  };
  const broken = Uint8Array.from(compressed);
  broken.set([1, 2, 3, 4], broken.length - 8);
  it.each([
    { what: 'lacks pixels', file: native.subarray(0, native.length - 2) },
    { what: 'lacks the end of its fragments', file: compressed.subarray(0, compressed.length - 8) },
    { what: 'lacks a part of a fragment', file: compressed.subarray(0, compressed.length - 50) },
    { what: 'holds something else than fragments', file: broken },
    { what: 'ends in its header', file: native.subarray(0, 400) },
    { what: 'is no DICOM', file: new Uint8Array(1_000) },
    { what: 'has no UID', file: encodeDicom({ SOPClassUID: '1.2', SOPInstanceUID: '1.3', NumberOfFrames: 2 }) },
  ])('refuses a file that $what, as that of a small one does', async ({ file }) => {
    const refusal = await refusalOf(() => indexInstance(file));

    expect(refusal).toEqual([expect.any(String), expect.any(String)]);
    expect(await refusalOf(() => indexLarge(stored(file)))).toEqual(refusal);
  });
});

describe('a series with a file that is larger than a chunk', () => {
  const [late = new Uint8Array(), ...files] = ctSeries({ slices: 5 });
  const { StudyInstanceUID, SeriesInstanceUID } = indexInstance(files[0] ?? new Uint8Array());
  const PatientID = readDicom(files[0] ?? new Uint8Array()).dataset.text('PatientID') ?? '';
  const large = encodeDicom({
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1', SOPInstanceUID: '2.25.99', StudyInstanceUID, SeriesInstanceUID },
    ...{ PatientID, Modality: 'CT', BodyPartExamined: 'SPINE', NumberOfFrames: 9_000, Rows: 32, Columns: 32 },
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', BitsAllocated: 16, BitsStored: 16 },
    ...{ HighBit: 15, PixelRepresentation: 0, PixelData: new Uint8Array(9_000 * 32 * 32 * 2) },
  });
  const sha256 = digestOf(large);

  it('goes up with it, which is a chunk of its own and never in memory', async () => {
    const edge = await edgeOf();
    await edge.arrive([...files.slice(0, 2), large, ...files.slice(2)]);
    const written: string[] = [];
    const store: ObjectStore & ObjectListing = {
      ...edge.bucket,
      async putFile(key, file, options) {
        written.push(key);
        return await edge.bucket.put(key, readFileSync(file.path), options);
      },
    };

    const [outcome] = await edge.restarted({ store }).runOnce();

    expect(outcome).toMatchObject({ state: 'uploaded', instances: 5 });
    expect(written).toEqual([`chunks/${sha256}`]);
    const placed = edge.journal.instances(StudyInstanceUID, SeriesInstanceUID).get(sha256);
    expect(placed).toMatchObject({ chunk: sha256, offset: 0, length: large.length, SOPInstanceUID: '2.25.99' });
    expect(edge.bucket.contents.get(`chunks/${sha256}`)?.length).toBe(large.length);

    await edge.arrive([late]);
    expect(await edge.restarted({ store }).runOnce()).toMatchObject([{ instances: 6, storedBytes: late.length }]);
    expect(written).toHaveLength(1);
  });

  it('goes up also to a bucket that takes no files', async () => {
    const edge = await edgeOf();
    await edge.arrive([...files, large]);

    expect(await edge.forwarder.runOnce()).toMatchObject([{ state: 'uploaded', instances: 5 }]);

    expect(digestOf(edge.bucket.contents.get(`chunks/${sha256}`) ?? new Uint8Array())).toBe(sha256);
  });

  it('goes up without it if it is damaged', async () => {
    const edge = await edgeOf();
    const cut = large.subarray(0, large.length - 2);
    await edge.arrive(files);
    const retrieveSeries: typeof edge.archive.retrieveSeries = async function* (series, options) {
      yield* edge.archive.retrieveSeries(series, options);
      await options?.large?.keep(
        (async function* () {
          yield cut;
        })(),
      );
    };

    await edge.restarted({ archive: { ...edge.archive, retrieveSeries } }).runOnce();

    expect(edge.journal.study(StudyInstanceUID)).toMatchObject({
      state: 'uploaded',
      refused: [{ sha256: digestOf(cut), sizeBytes: cut.length, reason: { code: 'truncated' } }],
    });
  });
});
