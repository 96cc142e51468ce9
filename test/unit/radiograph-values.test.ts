/** Which way round the grey values of a radiograph are, the shape of its pixels, and outliers. */
import { describe, expect, it } from 'vitest';
import type { Radiograph } from '#core/image/radiograph.ts';
import { type PictureOptions, picture, type RawElement, words } from '../fixtures/part10.ts';
import { fileOf, load, modalityTable } from '../fixtures/slice-files.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';

async function radiograph(
  values: readonly number[],
  more: readonly RawElement[] = [],
  options: PictureOptions = {},
): Promise<Radiograph> {
  const elements = [
    ...picture({ bitsStored: 12, ...options }),
    ...more,
    { tag: '7FE00010', vr: 'OW', value: words(values) },
  ].toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
  const image = await load([fileOf(elements, '1.2.3.5', CR)]);
  if (image.kind !== 'radiograph') throw new TypeError('The image is not a radiograph');
  return image;
}

const VALUES = [0, 100, 200, 300, 400, 400];
const RISING = [0, 0.25, 0.5, 0.75, 1, 1];
const FALLING = [1, 0.75, 0.5, 0.25, 0, 0];

const shape = (value: string): RawElement => ({ tag: '20500020', vr: 'CS', value });
const intent = (value: string): RawElement => ({ tag: '00080068', vr: 'CS', value });
const sign = (value: number): RawElement => ({ tag: '00281041', vr: 'SS', value: words([value & 0xffff]) });
const fallingVoi: RawElement = { ...modalityTable([400, 200, 0]), tag: '00283010' };

describe('the polarity of a radiograph', () => {
  it.each([
    ['IDENTITY on MONOCHROME2', 'MONOCHROME2', [shape('IDENTITY')], RISING, undefined],
    ['INVERSE on MONOCHROME1', 'MONOCHROME1', [shape('INVERSE')], FALLING, undefined],
    ['INVERSE on MONOCHROME2', 'MONOCHROME2', [shape('INVERSE')], FALLING, true],
    ['IDENTITY on MONOCHROME1', 'MONOCHROME1', [shape('IDENTITY')], FALLING, true],
    ['a VOI LUT that falls', 'MONOCHROME2', [fallingVoi], FALLING, undefined],
    ['sign 1 for processing', 'MONOCHROME2', [intent('FOR PROCESSING'), sign(1)], FALLING, true],
    ['sign −1 for processing', 'MONOCHROME2', [intent('FOR PROCESSING'), sign(-1)], RISING, undefined],
    ['sign 1 for processing, MONOCHROME1', 'MONOCHROME1', [intent('FOR PROCESSING'), sign(1)], FALLING, undefined],
    ['sign 1 for presentation', 'MONOCHROME2', [intent('FOR PRESENTATION'), sign(1)], RISING, undefined],
  ] as const)('follows %s', async (_name, photometric, more, expected, doubt) => {
    const { pixels, polarityInDoubt } = await radiograph(VALUES, more, { photometric });

    expect([...pixels]).toEqual(expected);
    expect(polarityInDoubt).toBe(doubt);
  });
});

describe('the shape of a radiograph’s pixels', () => {
  const aspect = (value: string): RawElement => ({ tag: '00280034', vr: 'IS', value });
  const spacing = (value: string): RawElement => ({ tag: '00280030', vr: 'DS', value });
  const imager = (value: string): RawElement => ({ tag: '00181164', vr: 'DS', value });

  it('is that of Pixel Aspect Ratio if nothing gives their size', async () => {
    const { pixelAspect, spacingMm } = await radiograph(VALUES, [aspect('2\\1')]);

    expect([pixelAspect, spacingMm]).toEqual([[2, 1], undefined]);
    expect((await radiograph(VALUES, [aspect('1\\1')])).pixelAspect).toBeUndefined();
    expect((await radiograph(VALUES, [aspect('2\\1'), imager('0.08\\0.04')])).pixelAspect).toBeUndefined();
  });

  it.each([
    [
      'Pixel Spacing (0028,0030) 0.04\\0.04 and Pixel Aspect Ratio (0028,0034) 2\\1',
      [spacing('0.04\\0.04'), aspect('2\\1')],
    ],
    [
      'Pixel Spacing (0028,0030) 0.1\\0.1 and Imager Pixel Spacing (0018,1164) 0.2\\0.1',
      [spacing('0.1\\0.1'), imager('0.2\\0.1')],
    ],
    ['Pixel Aspect Ratio (0028,0034) cannot be read', [aspect('2')]],
  ])('is refused where it is contradictory or unreadable: %s', async (message, more) => {
    await expect(radiograph(VALUES, more)).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining(message),
    });
  });

  it('keeps the size on the detector beside a calibrated one', async () => {
    const { spacingMm, detectorMm } = await radiograph(VALUES, [spacing('0.1\\0.1'), imager('0.125\\0.125')]);

    expect([spacingMm, detectorMm]).toEqual([
      [0.1, 0.1],
      [0.125, 0.125],
    ]);
  });
});

describe('outliers in a radiograph', () => {
  it('do not take the grey levels of all other pixels', async () => {
    const grey = Array.from({ length: 1000 }, (_, index) => 100 + (index % 300));
    const values = [...grey.slice(0, 998), 60_000, 60_000];

    const { pixels } = await radiograph(values, [], { bitsStored: 16, rows: 20, columns: 50 });

    expect(pixels[299]).toBeGreaterThan(0.2);
    expect(pixels.at(-1)).toBe(1);
  });

  it('are no outliers where they are many', async () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index % 10 === 0 ? 60_000 : 100 + (index % 300)));

    const { pixels } = await radiograph(values, [], { bitsStored: 16, rows: 20, columns: 50 });

    expect(pixels[299]).toBeLessThan(0.01);
  });
});
