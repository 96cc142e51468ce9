/** Loading radiographs, and real files of both kinds. */
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { type PictureOptions, picture, type RawElement, words } from '../fixtures/part10.ts';
import { realFile, realFiles } from '../fixtures/real-data.ts';
import { fileOf, load, modalityTable, rescale } from '../fixtures/slice-files.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';

describe('loadImage of a radiograph', () => {
  const radiograph = (values: readonly number[], options: PictureOptions = {}, more: readonly RawElement[] = []) =>
    load([
      fileOf(
        [
          ...picture({ bitsStored: 12, ...options }),
          { tag: '00080060', vr: 'CS', value: 'PX' },
          { tag: '00181164', vr: 'DS', value: '0.1\\0.2' },
          ...more,
          { tag: '7FE00010', vr: 'OW', value: words(values) },
        ],
        '1.2.3.5',
        CR,
      ),
    ]);
  const pixelsOf = (image: Awaited<ReturnType<typeof radiograph>>): readonly number[] =>
    image.kind === 'radiograph' ? [...image.pixels] : [];

  it('is white where X-rays were absorbed, from 0 to 1', async () => {
    const values = [100, 200, 300, 400, 500, 300];

    const [positive, negative] = [await radiograph(values), await radiograph(values, { photometric: 'MONOCHROME1' })];

    expect(pixelsOf(positive)).toEqual([0, 0.25, 0.5, 0.75, 1, 0.5]);
    expect(pixelsOf(negative)).toEqual([1, 0.75, 0.5, 0.25, 0, 0.5]);
    expect(positive).toMatchObject({ kind: 'radiograph', rows: 2, columns: 3, spacingMm: [0.1, 0.2] });
  });

  it('goes through the Modality LUT, whose ends extend beyond it', async () => {
    const table = modalityTable([0, 100, 400]);

    expect(pixelsOf(await radiograph([0, 10, 11, 12, 13, 4000], {}, [table]))).toEqual([0, 0, 0.25, 1, 1, 1]);
  });

  it('goes through a rescale, even a negative one, before MONOCHROME1 is inverted', async () => {
    const values = [0, 100, 200, 300, 400, 400];

    const falling = await radiograph(values, {}, rescale('-2', '1000'));
    const turned = await radiograph(values, { photometric: 'MONOCHROME1' }, rescale('-2', '1000'));

    expect(pixelsOf(falling)).toEqual([1, 0.75, 0.5, 0.25, 0, 0]);
    expect(pixelsOf(turned)).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  });

  it('is the same with a window or a VOI LUT, which are for the eye', async () => {
    const window: readonly RawElement[] = [
      { tag: '00281050', vr: 'DS', value: '200' },
      { tag: '00281051', vr: 'DS', value: '10' },
    ];
    const table: RawElement = { ...modalityTable([7, 7, 7]), tag: '00283010' };
    const values = [0, 100, 200, 300, 400, 400];

    const [plain, windowed, tabled] = [
      await radiograph(values),
      await radiograph(values, {}, window),
      await radiograph(values, {}, [table]),
    ];

    expect(pixelsOf(windowed)).toEqual(pixelsOf(plain));
    expect(pixelsOf(tabled)).toEqual(pixelsOf(plain));
  });

  it('has no overlay, neither from bits above the sample nor from a group of its own', async () => {
    const overlay: readonly RawElement[] = [
      { tag: '60000010', vr: 'US', value: words([2]) },
      { tag: '60000011', vr: 'US', value: words([3]) },
      { tag: '60000040', vr: 'CS', value: 'G' },
      { tag: '60000100', vr: 'US', value: words([1]) },
      { tag: '60003000', vr: 'OW', value: words([0x3f]) },
    ];

    const marked = await radiograph([0x8000, 0x1000 + 100, 200, 0xf000 + 300, 400, 400], {}, overlay);

    expect(pixelsOf(marked)).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  });

  it('is refused in colour, with a palette, and with several frames', async () => {
    const values = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5];

    for (const options of [{ photometric: 'PALETTE COLOR' }, { frames: 2 }]) {
      await expect(radiograph(values, options)).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
    }
  });

  it('does not let padding stretch the picture', async () => {
    const padding: RawElement = { tag: '00280120', vr: 'US', value: words([4095]) };

    expect(pixelsOf(await radiograph([4095, 100, 200, 150, 100, 4095], {}, [padding]))).toEqual([0, 0, 1, 0.5, 0, 0]);
  });

  it('keeps its brightest pixels where the padding is a value that no sample can have', async () => {
    const padding: RawElement = { tag: '00280120', vr: 'US', value: words([65_535]) };

    const picture = await radiograph([4095, 0, 819, 1638, 2457, 3276], {}, [padding]);

    expect(pixelsOf(picture).map((pixel) => Math.round(pixel * 5))).toEqual([5, 0, 1, 2, 3, 4]);
  });

  it('refuses a picture of one grey level', async () => {
    await expect(radiograph([7, 7, 7, 7, 7, 7])).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });
});

describeWith(['data'], 'loadImage on real files', () => {
  const loadFolder = (folder: string) =>
    load(
      realFiles()
        .filter(({ path }) => path.startsWith(`${folder}/`))
        .map(({ path }) => {
          const bytes = realFile(path);
          return { index: indexInstance(bytes), bytes };
        })
        .map((file) => ({ ...file, index: { ...file.index, StudyInstanceUID: '1.2.3' } })),
    );

  it('makes a volume of a real CT', async () => {
    const volume = await loadFolder('ct-spine-ref-dicom');

    expect(volume).toMatchObject({ kind: 'volume', columns: 122, rows: 101, slices: 112 });
    const hounsfield = volume.kind === 'volume' ? Int16Array.from(volume.voxels).sort() : new Int16Array(0);
    expect([hounsfield[0], hounsfield.at(-1)]).toEqual([-1024, 3382]);
  });

  it('refuses heads whose slice spacing changes', async () => {
    await expect(async () => loadFolder('ct-head-28')).rejects.toMatchObject({ code: 'variable-spacing' });
  });

  it('shows fillings white, bone grey and air black on a panoramic X-ray in MONOCHROME1 with a Modality LUT', async () => {
    const image = await loadFolder('dental');

    expect(image).toMatchObject({ kind: 'radiograph', rows: 1576, columns: 1976, spacingMm: [0.15, 0.15] });
    const pixel = (row: number, column: number) =>
      image.kind === 'radiograph' ? image.pixels[row * 1976 + column] : 0;
    const [filling = 0, bone = 0, air = 1] = [pixel(1200, 1210), pixel(1330, 640), pixel(300, 1000)];
    expect(filling).toBeGreaterThan(0.9);
    expect(bone).toBeLessThan(0.8);
    expect(bone).toBeGreaterThan(0.2);
    expect(air).toBeLessThan(0.05);
  });
});
