/** The images of a study, and the slices of an image. */
import { describe, expect, it } from 'vitest';
import { GeometryError } from '#core/errors.ts';
import { slicesOf } from '#core/image/slices.ts';
import { groupImages, instanceUidsOf } from '#core/study/images.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';

describe('the images of a study', () => {
  const imagesOf = (instances: readonly InstanceIndex[]) => groupImages({ StudyInstanceUID: '1.2.3', instances });
  const of = (SOPClassUID: string, change: Partial<InstanceIndex> = {}) => slice(0, { SOPClassUID, ...change });

  it.each([
    ...['2', '4', '128'].map((last) => [last, 'volume'] as const),
    ...['1', '1.1', '1.1.1', '1.2', '1.2.1', '1.3', '1.3.1'].map((last) => [last, 'radiograph'] as const),
    ...[['20', 'volume'] as const, ['7', undefined] as const, ['1.4', undefined] as const],
  ])('of SOP Class …5.1.4.1.1.%s: %s', (last, kind) => {
    const images = imagesOf([of(`1.2.840.10008.5.1.4.1.1.${last}`)]);

    expect(images.map((image) => image.kind)).toEqual(kind === undefined ? [] : [kind]);
  });

  it('are sorted by series, then by instance, and leave out localizers and what Hilum wrote', () => {
    const DX = '1.2.840.10008.5.1.4.1.1.1.1';
    const images = imagesOf([
      of(DX, { SOPInstanceUID: '1.9', SeriesInstanceUID: '1.2.3.7' }),
      of(DX, { SOPInstanceUID: '1.8', SeriesInstanceUID: '1.2.3.7' }),
      of(DX, { SOPInstanceUID: '1.7', SeriesInstanceUID: '1.2.3.7', writtenByHilum: true }),
      slice(1),
      slice(0),
      slice(2, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }),
      slice(3, { ImageType: undefined, Modality: undefined }),
    ]);

    expect(
      images.map(({ SeriesInstanceUID, instances }) => [
        SeriesInstanceUID,
        instanceUidsOf([{ ...volumeOf(instances) }]),
      ]),
    ).toEqual([
      ['1.2.3.1', ['1.2.3.1.1', '1.2.3.1.2', '1.2.3.1.4']],
      ['1.2.3.7', ['1.8']],
      ['1.2.3.7', ['1.9']],
    ]);
    expect(images[0]).toMatchObject({ kind: 'volume', Modality: 'CT', StudyInstanceUID: '1.2.3' });
    expect(imagesOf([slice(0, { Modality: undefined })])[0]?.Modality).toBe('OT');
  });

  it('keep a concatenation whole where a part has no index of its frames', () => {
    const of = (number: number, change: Partial<InstanceIndex>) =>
      slice(number, {
        ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1', ConcatenationUID: '1.5', InConcatenationNumber: number },
        ...{ NumberOfFrames: 2, ...change },
      });
    const frames = [{ ImagePositionPatient: [0, 0, 0] as [number, number, number] }, {}];

    const images = [
      [of(2, { frames }), of(1, {})],
      [of(2, { frames }), of(1, { frames })],
    ].map(imagesOf);

    expect(images.map((each) => each.map(({ frames: named }) => named?.length))).toEqual([[undefined], [4]]);
    for (const [image] of images)
      expect(instanceUidsOf(image === undefined ? [] : [image])).toEqual(['1.2.3.1.2', '1.2.3.1.3']);
  });

  it('names an instance once, even if several volumes are frames of it', () => {
    const image = volumeOf([slice(0), slice(1)]);

    expect(instanceUidsOf([image, image])).toEqual(['1.2.3.1.1', '1.2.3.1.2']);
  });
});

describe('the slices of an image', () => {
  const part = (number: number, change: Partial<InstanceIndex> = {}) =>
    slice(number, {
      ...{ ConcatenationUID: '1.5', InConcatenationNumber: number, InConcatenationTotalNumber: 2 },
      ...{ ConcatenationFrameOffsetNumber: number === 1 ? 0 : 3, NumberOfFrames: 3, frames: [{}, {}, {}], ...change },
    });
  const codeOf = (instances: readonly InstanceIndex[]): string => {
    try {
      return slicesOf(volumeOf(instances)).length === instances.length ? 'all there' : 'some left out';
    } catch (error) {
      if (error instanceof GeometryError) return error.code;
      throw error;
    }
  };

  it.each<[string, readonly InstanceIndex[], string]>([
    ['of single frames', [slice(0), slice(1, { NumberOfFrames: 1 })], 'all there'],
    ['of frames that nothing places', [slice(0, { NumberOfFrames: 2 })], 'functional-groups'],
    ['of a concatenation', [part(1), part(2)], 'all there'],
    ['of its parts in another order', [part(2), part(1)], 'all there'],
    ['without its last part', [part(1)], 'incomplete-concatenation'],
    ['without its first part', [part(2)], 'incomplete-concatenation'],
    ['with a part twice', [part(1), part(1), part(2)], 'incomplete-concatenation'],
    [
      'with frames missing between its parts',
      [part(1), part(2, { ConcatenationFrameOffsetNumber: 4 })],
      'incomplete-concatenation',
    ],
    [
      'that says of no part how many there are',
      [part(1, { InConcatenationTotalNumber: undefined }), part(2, { InConcatenationTotalNumber: undefined })],
      'all there',
    ],
    [
      'that says of no part what comes before',
      [part(1, { ConcatenationFrameOffsetNumber: undefined }), part(2, { ConcatenationFrameOffsetNumber: undefined })],
      'all there',
    ],
    [
      'of a part without a number',
      [part(1, { InConcatenationNumber: undefined, InConcatenationTotalNumber: 1 })],
      'incomplete-concatenation',
    ],
  ])('%s', (_, instances, expected) => {
    expect(codeOf(instances)).toBe(expected);
  });

  it('of a concatenation are refused because of the part without a number, wherever it comes', () => {
    const nameless = part(3, { InConcatenationNumber: undefined });

    for (const instances of [
      [part(2), nameless],
      [nameless, part(2)],
    ]) {
      const refused = expect.objectContaining({ facts: { SOPInstanceUID: nameless.SOPInstanceUID, parts: 2 } });
      expect(() => slicesOf(volumeOf(instances))).toThrow(refused);
    }
  });
});
