/** What the slices of a series make, and which of the volumes a tool is asked about first. */
import { describe, expect, it } from 'vitest';
import { geometryOf } from '#core/image/image-geometry.ts';
import { groupImages } from '#core/study/images.ts';
import { selectImages } from '#core/study/selection.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { volumeEntry } from '../fixtures/candidates.ts';
import { slice } from '../fixtures/instances.ts';

const digest = (n: number): string => n.toString(16).padStart(64, '0');
const imagesOf = (instances: readonly InstanceIndex[]) => groupImages({ StudyInstanceUID: '1.2.3', instances });
const stack = (series: number, change: (k: number) => Partial<InstanceIndex>): readonly InstanceIndex[] =>
  Array.from({ length: 10 }, (_, k) =>
    slice(k, {
      ...{ SOPInstanceUID: `1.2.${series}.${k + 1}`, SeriesInstanceUID: '1.2.3.1', SliceThickness: 2 },
      ...{ sha256: digest(1000 * series + k), pixelDataSha256: digest(1000 * series + k), ...change(k) },
    }),
  );
const SAGITTAL = [0, 1, 0, 0, 0, -1] as [number, number, number, number, number, number];
const sagittal = (k: number): Partial<InstanceIndex> => ({
  ImageOrientationPatient: SAGITTAL,
  ImagePositionPatient: [-10 + 2 * k, 0, 100],
});

describe('a series of several stacks', () => {
  it('is apart by plane, where every stack is regular', () => {
    const two = imagesOf([...stack(1, () => ({})), ...stack(2, sagittal)]);
    const lacking = imagesOf([...stack(1, () => ({})), ...stack(2, sagittal).toSpliced(4, 1)]);
    const short = imagesOf([...stack(1, () => ({})), ...stack(2, sagittal).slice(0, 7)]);

    expect(two.map(({ instances }) => instances.length)).toEqual([10, 10]);
    expect(lacking.map(({ instances }) => instances.length)).toEqual([19]);
    expect(short.map(({ instances }) => instances.length)).toEqual([17]);
  });

  it('is apart by time, although the scans share pictures of air', () => {
    const air = (k: number) => (k > 6 ? { pixelDataSha256: digest(k) } : {});
    const scans = [0, 60].flatMap((acquisitionOffsetS, n) => stack(n + 1, (k) => ({ acquisitionOffsetS, ...air(k) })));

    const images = imagesOf(scans);

    expect(images.map(({ instances, aside }) => [instances.length, aside])).toEqual([
      [10, undefined],
      [10, undefined],
    ]);
  });

  it('is one stack, where all pictures of the second one are those of the first', () => {
    const same = (k: number) => ({ pixelDataSha256: digest(k) });
    const copies = [0, 60].flatMap((contentOffsetS, n) => stack(n + 1, (k) => ({ contentOffsetS, ...same(k) })));

    expect(imagesOf(copies)).toMatchObject([
      { instances: Array(10).fill({}), aside: [{ reason: { code: 'pixel-twin' }, instances: Array(10).fill({}) }] },
    ]);
  });
});

describe('the first of two equal volumes', () => {
  it('is the one without loss', () => {
    const series = (n: number, change: Partial<InstanceIndex>) =>
      stack(n, () => ({ SeriesInstanceUID: `1.2.3.${n}`, ...change }));
    const firstOf = (instances: readonly InstanceIndex[]) =>
      selectImages(volumeEntry.manifest.selection, imagesOf(instances)).selected[0]?.SeriesInstanceUID;

    expect(firstOf([...series(1, {}), ...series(2, {})])).toBe('1.2.3.1');
    expect(firstOf([...series(1, { LossyImageCompression: '01' }), ...series(2, {})])).toBe('1.2.3.2');
    expect(firstOf([...series(1, { TransferSyntaxUID: '1.2.840.10008.1.2.4.51' }), ...series(2, {})])).toBe('1.2.3.2');
    expect(firstOf([...series(1, { LossyImageCompression: '01' }), ...series(2, { SliceThickness: 3 })])).toBe(
      '1.2.3.1',
    );
  });
});

it('computes the geometry of an image once, and its fault', () => {
  const [image, broken] = [stack(1, () => ({})), stack(1, () => ({})).toSpliced(4, 1)].map((each) => imagesOf(each)[0]);
  if (image === undefined || broken === undefined) throw new Error('There are two images');

  expect(geometryOf(image)).toMatchObject({ spacingMm: [0.5, 0.8, 2] });
  expect(geometryOf(image)).toBe(geometryOf(image));
  expect(geometryOf(broken)).toMatchObject({ code: 'missing-slices' });
  expect(geometryOf(broken)).toBe(geometryOf(broken));
});
