/** One picture that is there twice, compressed in two ways: its decoded pixels tell. */
import { describe, expect, it } from 'vitest';
import { withDecodedDigests } from '#core/image/decoded-twins.ts';
import { runTool } from '#core/run-tool.ts';
import { groupImages } from '#core/study/images.ts';
import { selectImages } from '#core/study/selection.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { readDicom } from '#dicom/read.ts';
import { type Series, seen, seriesFiles, volumeEntry, volumeTool } from '../fixtures/candidates.ts';
import { withFrames } from '../fixtures/compressed.ts';
import { COLUMNS, ROWS, section } from '../fixtures/cross-sections.ts';
import { encodeRle } from '../fixtures/encoders.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';

const RLE = '1.2.840.10008.1.2.5';
const LAYOUT = { rows: ROWS, columns: COLUMNS, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 16 } as const;
const layout = { ...LAYOUT, signed: false, photometric: 'MONOCHROME2', planar: false };

function compressed(file: Uint8Array): Uint8Array {
  const samples = readDicom(file).dataset.bytes('PixelData') ?? new Uint8Array();
  return withFrames(file, RLE, [encodeRle({ layout, samples, values: [] })]);
}

const scan = seriesFiles({ number: 1, slices: 12 });
/** The slice at the place of the fourth, as another file. */
const fourth = (attributes: Series['attributes'] = {}, change: Series['change'] = () => ({})): readonly Uint8Array[] =>
  seriesFiles({ number: 1, from: 3, slices: 1, attributes, change });
const AGAIN = { SOPInstanceUID: '2.25.99' };
const other = () => ({ stored: section(77).stored });

async function answerTo(files: readonly Uint8Array[]) {
  const { images, read } = phantomStudy('twins', files);
  const { metadata } = await runTool({
    ...{ entry: volumeEntry, tool: volumeTool(seen), read, decoder: inProcessDecoder, clock: Date },
    images: selectImages(volumeEntry.manifest.selection, images).selected,
    engine: { run: () => Promise.reject(new Error('no model is asked')) },
    deadlineMs: Date.now() + 60_000,
  });
  return metadata;
}

describe('a slice under two SOP Instance UIDs', () => {
  it.each<[string, readonly Uint8Array[], number]>([
    ['is left out where one is compressed', [...scan, ...fourth(AGAIN).map(compressed)], 1],
    ['is left out where all others are compressed', [...scan.map(compressed), ...fourth(AGAIN)], 1],
    [
      'is left out with all other slices',
      [
        ...scan,
        ...seriesFiles({ number: 2, slices: 12, attributes: { SeriesInstanceUID: '2.25.21' } }).map(compressed),
      ],
      12,
    ],
  ])('%s', async (_, files, copies) => {
    const metadata = await answerTo(files);

    expect(metadata).toMatchObject({
      outcome: 'result',
      summary: expect.stringMatching(/^12 slices\b/),
      leftOut: [{ reason: { code: 'pixel-twin' } }],
    });
    expect(metadata.leftOut?.[0]?.SOPInstanceUIDs).toHaveLength(copies);
    expect(metadata.passedOver).toBeUndefined();
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['with other pixels', fourth(AGAIN, other).map(compressed)],
    ['in other units', fourth({ ...AGAIN, RescaleSlope: 2 }).map(compressed)],
    ['that cannot be decoded', fourth(AGAIN).map((file) => withFrames(file, RLE, [new Uint8Array(64)]))],
  ])('%s is refused', async (_, twin) => {
    expect(await answerTo([...scan, ...twin])).toMatchObject({
      outcome: 'not-evaluable',
      reason: { code: 'duplicate-slices' },
    });
  });

  it('gives way where it was compressed with loss', async () => {
    const lossy = fourth({ ...AGAIN, LossyImageCompression: '01' }, other);

    expect(await answerTo([...scan, ...lossy])).toMatchObject({
      ...{ outcome: 'result', summary: expect.stringMatching(/^12 slices\b/) },
      leftOut: [{ SOPInstanceUIDs: ['2.25.99'], reason: { code: 'lossy-copy' } }],
    });
    const late = fourth({ ...AGAIN, LossyImageCompression: '01', AcquisitionNumber: 2 }, other);
    expect(phantomStudy('late', [...scan, ...late]).images.map(({ aside }) => aside)).toEqual([undefined, undefined]);
  });
});

describe('the slice that two pieces of a scan share', () => {
  const [lower, upper] = [
    { number: 1, slices: 8 },
    { number: 2, from: 7, slices: 8 },
  ] as const;
  const change = (k: number) => (k === 7 ? other() : {});

  it('may be compressed in one of them', async () => {
    const metadata = await answerTo([...seriesFiles(lower), ...seriesFiles(upper).map(compressed)]);

    expect(metadata).toMatchObject({
      summary: expect.stringMatching(/^15 slices\b/),
      joined: [['2.25.21', '2.25.22']],
    });
    expect(metadata.leftOut).toMatchObject([{ reason: { code: 'pixel-twin' } }]);
  });

  it('keeps them apart where its pixels differ', async () => {
    const metadata = await answerTo([...seriesFiles(lower), ...seriesFiles({ ...upper, change }).map(compressed)]);

    expect(metadata).toMatchObject({ summary: expect.stringMatching(/^8 slices\b/), passedOver: [{ images: 8 }] });
    expect(metadata.joined).toBeUndefined();
  });
});

describe('one SOP Instance UID', () => {
  const imagesOf = async (files: readonly Uint8Array[]) => {
    const { instances, read } = phantomStudy('namesakes', files);
    const known = await withDecodedDigests(instances, (one) => one.SOPInstanceUID, read, inProcessDecoder);
    return groupImages({ StudyInstanceUID: '2.25.1', instances: known });
  };

  it('of a compressed and an uncompressed slice counts once', async () => {
    const [image, ...others] = await imagesOf([...scan, ...fourth().map(compressed)]);

    expect(others).toEqual([]);
    expect(image?.instances).toHaveLength(12);
    expect(image).not.toHaveProperty('fault');
  });

  it('of different pictures is a fault', async () => {
    const images = await imagesOf([...scan, ...fourth({}, other).map(compressed)]);

    expect(images).toMatchObject([{ fault: { code: 'duplicate-uid' } }]);
  });

  it('of a slice with and without loss is the one without, and that is said', async () => {
    const [image] = await imagesOf([...fourth({ LossyImageCompression: '01' }, other), ...scan]);

    expect(image?.instances).toHaveLength(12);
    expect(image?.instances.some(({ LossyImageCompression }) => LossyImageCompression === '01')).toBe(false);
    expect(image).toMatchObject({ notes: [{ code: 'lossy-copy' }] });
  });

  it('costs no decoding where files are alike, or have no namesake', async () => {
    const { instances } = phantomStudy('alike', [...scan, ...seriesFiles({ number: 1, slices: 1 })]);
    const read = () => Promise.reject(new Error('nothing is read'));

    expect(await withDecodedDigests(instances, (one) => one.SOPInstanceUID, read, inProcessDecoder)).toBe(instances);
    expect(await withDecodedDigests(instances, () => '', read, inProcessDecoder)).toBe(instances);
  });
});
