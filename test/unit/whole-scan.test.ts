/** A part of a scan is not the scan: which slices of a study make one volume, and which are left out. */
import { describe, expect, it } from 'vitest';
import { loadImage } from '#core/image/load.ts';
import { groupImages } from '#core/study/images.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { type Series, seriesFiles } from '../fixtures/candidates.ts';
import { enhanced, section } from '../fixtures/cross-sections.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';

const studyOf = (...series: readonly Series[]) => phantomStudy('scan', series.flatMap(seriesFiles));
const sizes = (images: readonly ImageIndex[]): readonly number[] => images.map(({ instances }) => instances.length);
const thick = (SliceThickness: number) => ({ attributes: { SliceThickness } });
const SAGITTAL = [0, 1, 0, 0, 0, -1] as const;
const otherPixels = { stored: section(77).stored };

describe('the pieces of a scan', () => {
  it.each<[string, readonly Series[], readonly number[]]>([
    [
      'in two series',
      [
        { number: 1, slices: 6 },
        { number: 2, from: 6, slices: 6 },
      ],
      [12],
    ],
    ['in three series', [1, 2, 3].map((number) => ({ number, from: 5 * number, slices: 5 })), [15]],
    [
      'of which one is a single slice',
      [
        { number: 1, slices: 9 },
        { number: 2, from: 9, slices: 1 },
      ],
      [10],
    ],
    [
      'that share identical slices',
      [
        { number: 1, slices: 8 },
        { number: 2, from: 6, slices: 8 },
      ],
      [14],
    ],
    [
      'that name two parts of the body',
      [
        { number: 1, slices: 6 },
        { number: 2, from: 6, slices: 6, attributes: { BodyPartExamined: 'CHEST' } },
      ],
      [12],
    ],
    [
      'that are its odd and its even slices',
      [
        { number: 1, slices: 6, change: (k) => ({ position: [-10, -20, 4 * k] }) },
        { number: 2, slices: 6, change: (k) => ({ position: [-10, -20, 4 * k + 2] }) },
      ],
      [12],
    ],
  ])('%s are one volume', async (_, series, expected) => {
    const { images, read } = studyOf(...series);

    expect(sizes(images)).toEqual(expected);
    const volume = images[0] && (await loadImage(images[0], read, inProcessDecoder));
    expect(volume).toMatchObject({ slices: expected[0], spacingMm: [0.5, 0.8, 2] });
  });

  it.each<[string, readonly Series[], readonly number[]]>([
    [
      'with a gap between',
      [
        { number: 1, slices: 6 },
        { number: 2, from: 7, slices: 6 },
      ],
      [6, 6],
    ],
    [
      'that share a place but not its pixels',
      [
        { number: 1, slices: 7 },
        { number: 2, from: 6, slices: 6, change: (k) => (k === 6 ? otherPixels : {}) },
      ],
      [7, 6],
    ],
    [
      'of two thicknesses',
      [
        { number: 1, slices: 6 },
        { number: 2, from: 6, slices: 6, ...thick(3) },
      ],
      [6, 6],
    ],
    [
      'of two kernels',
      [
        { number: 1, slices: 6, attributes: { ConvolutionKernel: 'B30f' } },
        { number: 2, from: 6, slices: 6, attributes: { ConvolutionKernel: 'B70f' } },
      ],
      [6, 6],
    ],
    [
      'in two frames of reference',
      [
        { number: 1, slices: 6 },
        { number: 2, from: 6, slices: 6, attributes: { FrameOfReferenceUID: '2.25.4' } },
      ],
      [6, 6],
    ],
    [
      'side by side',
      [
        { number: 1, slices: 6 },
        { number: 2, slices: 6, change: (k) => ({ position: [40, -20, 100 + 2 * k] }) },
      ],
      [6, 6],
    ],
    [
      'of which one could continue either of two phases',
      [
        { number: 1, slices: 6 },
        { number: 2, slices: 6, change: (k) => ({ stored: section(k + 30).stored }) },
        { number: 3, from: 6, slices: 6 },
      ],
      [6, 6, 6],
    ],
    [
      'half a slice apart, which are two scans',
      [
        { number: 1, slices: 6 },
        { number: 2, slices: 6, change: (k) => ({ position: [-10, -20, 101 + 2 * k] }) },
      ],
      [6, 6],
    ],
    [
      'far apart, that still leave tissue out together',
      [
        { number: 1, slices: 6, ...thick(1), change: (k) => ({ position: [-10, -20, 20 * k] }) },
        { number: 2, slices: 6, ...thick(1), change: (k) => ({ position: [-10, -20, 20 * k + 10] }) },
      ],
      [6, 6],
    ],
  ])('%s stay apart', (_, series, expected) => {
    expect(sizes(studyOf(...series).images)).toEqual(expected);
  });

  it('in two enhanced objects are one volume, and the stacks of one object are not', async () => {
    const object = (number: number, from: number, stack?: string) =>
      enhanced(
        [0, 1, 2, 3, 4].map((k) => section(from + k, stack === undefined ? {} : { stack: k < 3 ? '1' : '2' })),
        { SOPInstanceUID: `2.25.6${number}`, SeriesInstanceUID: `2.25.2${number}` },
      );

    const { images, read } = phantomStudy('objects', [object(1, 0), object(2, 5)]);
    const stacks = phantomStudy('stacks', [object(1, 0, 'two')]);

    expect(images.map(({ frames }) => frames?.length)).toEqual([10]);
    expect(images[0] && (await loadImage(images[0], read, inProcessDecoder))).toMatchObject({ slices: 10 });
    expect(stacks.images.map(({ frames }) => frames?.length)).toEqual([3, 2]);
  });

  it('in two acquisitions of one series that share a slice are one volume', () => {
    const first = seriesFiles({ number: 1, slices: 7, attributes: { AcquisitionNumber: 1 } });
    const second = seriesFiles({ number: 1, from: 6, slices: 6, attributes: { AcquisitionNumber: 2 } });
    const again = seriesFiles({
      ...{ number: 1, from: 6, slices: 1 },
      attributes: { AcquisitionNumber: 2, SOPInstanceUID: '2.25.99' },
    });

    const { images } = phantomStudy('acquisitions', [...first, ...again, ...second.slice(1)]);

    expect(sizes(images)).toEqual([12]);
    expect(images[0]?.aside).toMatchObject([{ reason: { code: 'pixel-twin' } }]);
  });
});

describe('what is left out of a series', () => {
  const series = (slices: number, odd: readonly Uint8Array[], change: Series['change'] = () => ({})) =>
    phantomStudy('odd', [...seriesFiles({ number: 1, slices, change }), ...odd]).images;
  const odd = (change: Series['change'], attributes = {}) =>
    seriesFiles({ number: 1, from: 200, slices: 1, attributes, ...(change && { change }) });

  it.each<[string, readonly Uint8Array[], RegExp]>([
    ['a reformat', odd(() => ({ orientation: SAGITTAL, position: [0, 0, 110] })), /another orientation/],
    ['a picture of another size', odd(() => ({ spacing: [3, 3], position: [-10, -20, 90] })), /pixel spacing/],
    ['a slice far away', odd(() => ({})), /at least 342 mm away/],
    ['another frame of reference', odd(() => ({}), { FrameOfReferenceUID: '2.25.9' }), /frame of reference/],
    ['a slice without a place', odd(() => ({ position: undefined }) as never), /without position/],
  ])('is %s', (_, files, message) => {
    const [image, ...others] = series(30, files);

    expect(others).toEqual([]);
    expect(image?.instances).toHaveLength(30);
    expect(image?.aside).toMatchObject([{ reason: { code: 'odd-image', message: expect.stringMatching(message) } }]);
  });

  it('is at most one slice in fifty, and never the part of a scan beyond a gap', () => {
    const two = [0, 1].flatMap((i) =>
      odd(() => ({ orientation: SAGITTAL, position: [i, 0, 110] }), { SOPInstanceUID: `2.25.8${i}` }),
    );

    expect(series(30, two)[0]?.aside).toBeUndefined();
    expect(series(120, two)[0]?.aside).toMatchObject([{ instances: [{}, {}] }]);
    const missing = (k: number) => ({ position: [-10, -20, 100 + 2 * (k < 27 ? k : k + 1)] as const });
    expect(series(30, [], missing)[0]?.aside).toBeUndefined();
    const gap = (k: number) => ({ position: [-10, -20, 100 + 2 * (k < 20 ? k : k + 50)] as const });
    expect(series(30, [], gap)[0]?.aside).toBeUndefined();
    expect(
      series(
        30,
        odd(() => ({ orientation: SAGITTAL })),
        missing,
      )[0]?.aside,
    ).toBeUndefined();
  });

  it('is a slice that was sent twice, and none whose pixels differ', async () => {
    const again = (change: Series['change']) =>
      seriesFiles({
        number: 1,
        from: 3,
        slices: 1,
        attributes: { SOPInstanceUID: '2.25.99' },
        ...(change && { change }),
      });

    const [twin] = series(
      12,
      again(() => ({})),
    );
    const other = phantomStudy('other', [...seriesFiles({ number: 1, slices: 12 }), ...again(() => otherPixels)]);

    expect(twin?.instances).toHaveLength(12);
    expect(twin?.aside).toMatchObject([{ reason: { code: 'pixel-twin' }, instances: [{}] }]);
    const [image] = other.images;
    expect(image?.aside).toBeUndefined();
    await expect(image && loadImage(image, other.read, inProcessDecoder)).rejects.toMatchObject({
      code: 'duplicate-slices',
    });
  });
});

describe('one SOP Instance UID', () => {
  const group = (files: readonly Uint8Array[]) => {
    const { instances } = phantomStudy('uids', files);
    return [instances, instances.toReversed()].map((order) =>
      groupImages({ StudyInstanceUID: '2.25.1', instances: order }).map(
        ({ SeriesInstanceUID, instances: of, fault }) => [...[SeriesInstanceUID, of.length, fault?.code]],
      ),
    );
  };
  const scan = seriesFiles({ number: 1, slices: 8 });
  const inAnother = (change: Series['change'] = () => ({})) =>
    Array.from({ length: 8 }, (_, k) =>
      seriesFiles({
        ...{ number: 2, from: k, slices: 1, change },
        attributes: { SOPInstanceUID: `2.25.51${String(k).padStart(3, '0')}` },
      }),
    ).flat();

  /** Three images of series 3 in series 2, with their UIDs. */
  const fewOf = (number: number) =>
    [4, 5, 6].flatMap((k) =>
      seriesFiles({ number: 2, from: k, slices: 1, attributes: { SOPInstanceUID: `2.25.5${number}00${k}` } }),
    );

  it.each<[string, readonly Uint8Array[], readonly (readonly unknown[])[]]>([
    [
      'in two series with one picture is evaluated once',
      [...scan, ...inAnother()],
      [
        ['2.25.21', 8, undefined],
        ['2.25.22', 8, 'copied-series'],
      ],
    ],
    [
      'in two series with two pictures is a fault of both',
      [...scan, ...inAnother((k) => (k === 3 ? otherPixels : {}))],
      [
        ['2.25.21', 8, 'duplicate-uid'],
        ['2.25.22', 8, 'duplicate-uid'],
      ],
    ],
    [
      'in a series of few of the pictures leaves the scan whole',
      [...seriesFiles({ number: 3, slices: 12 }), ...fewOf(3)],
      [
        ['2.25.23', 12, undefined],
        ['2.25.22', 3, 'copied-series'],
      ],
    ],
    [
      'in one series with one picture counts once',
      [...scan, ...seriesFiles({ number: 1, slices: 1, attributes: { SeriesNumber: 5 } })],
      [['2.25.21', 8, undefined]],
    ],
    ['twice in one file counts once', [...scan, ...scan], [['2.25.21', 8, undefined]]],
  ])('%s', (_, files, expected) => {
    expect(group(files)).toEqual([expected, expected]);
  });
});
