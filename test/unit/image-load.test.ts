import { describe, expect, it } from 'vitest';
import { GeometryError } from '#core/errors.ts';
import { loadImage } from '#core/image/load.ts';
import { volumeGeometry } from '#core/image/volume-geometry.ts';
import { groupImages } from '#core/study/images.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { slice } from '../fixtures/instances.ts';
import { picture, type RawElement, words } from '../fixtures/part10.ts';
import { at, fileOf, load, modalityTable, rescale, type SliceFile } from '../fixtures/slice-files.ts';

function series(count: number, change: (k: number) => Partial<InstanceIndex> = () => ({})): readonly InstanceIndex[] {
  return Array.from({ length: count }, (_, k) => slice(k, change(k)));
}

function geometryCode(instances: readonly InstanceIndex[]): string | undefined {
  try {
    volumeGeometry(instances);
    return undefined;
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
}

function sliceFile(
  k: number,
  values: readonly number[],
  more: readonly RawElement[] = [],
  { modality = 'CT', signed = false } = {},
): SliceFile {
  const ds = (tag: string, value: string): RawElement => ({ tag, vr: 'DS', value });
  return fileOf(
    [
      ...picture({ bitsStored: 12, signed }),
      { tag: '00080060', vr: 'CS', value: modality },
      { tag: '00200052', vr: 'UI', value: '1.2.3.9' },
      ds('00200032', `0\\0\\${2 * k}`),
      ds('00200037', '1\\0\\0\\0\\1\\0'),
      ds('00280030', '0.8\\0.5'),
      ...more,
      { tag: '7FE00010', vr: 'OW', value: words(values) },
    ],
    `1.2.3.1.${k}`,
  );
}

/** The same file with another High Bit (0028,0102). */
function withHighBit(file: Uint8Array, highBit: number): Uint8Array {
  const bytes = Buffer.from(file);
  bytes.writeUInt16LE(highBit, bytes.indexOf(Buffer.from([0x28, 0x00, 0x02, 0x01, 0x55, 0x53])) + 8);
  return bytes;
}

describe('volumeGeometry', () => {
  it('sorts slices along the normal, for any order and direction', () => {
    const sagittal = series(4, (k) => ({
      ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
      ImagePositionPatient: [30 - 2.5 * k, 5, 6],
    }));

    const geometry = volumeGeometry([3, 0, 2, 1].map((k) => sagittal[k] ?? slice(k)));

    expect(geometry.sliceDirection.map((c) => c + 0)).toEqual([-1, 0, 0]);
    expect(geometry.frames.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual([
      '1.2.3.1.1',
      '1.2.3.1.2',
      '1.2.3.1.3',
      '1.2.3.1.4',
    ]);
    expect(geometry.origin).toEqual([30, 5, 6]);
    expect(geometry.spacingMm).toEqual([0.5, 0.8, 2.5]);
  });

  it('accepts rounded positions', () => {
    const rounded = series(300, (k) => at(Number((0.625 * k).toFixed(1))));

    expect(volumeGeometry(rounded).spacingMm[2]).toBeCloseTo(0.625, 3);
  });

  it('counts missing slices', () => {
    const gap = series(10).filter((_, k) => k !== 4 && k !== 7);

    expect(() => volumeGeometry(gap)).toThrow(
      expect.objectContaining({ code: 'missing-slices', facts: expect.objectContaining({ missing: 2, spacingMm: 2 }) }),
    );
  });

  it.each<[string, readonly InstanceIndex[]]>([
    ['too-few-slices', series(1)],
    ['missing-geometry', [slice(0), { ...slice(1), ImagePositionPatient: undefined } as InstanceIndex]],
    ['missing-geometry', series(3, () => ({ ImageOrientationPatient: [1, 0, 0, 1, 0, 0] }))],
    ['pixel-spacing-unknown', series(3, () => ({ PixelSpacing: [0, 1] }))],
    ['mixed-orientation', series(3, (k) => (k === 1 ? { ImageOrientationPatient: [1, 0, 0, 0, 0, -1] } : {}))],
    ['mixed-matrix', series(3, (k) => (k === 1 ? { Rows: 4 } : {}))],
    ['mixed-matrix', series(3, (k) => (k === 1 ? { PixelSpacing: [0.8, 0.6] } : {}))],
    ['duplicate-slices', series(5, (k) => at(k === 3 ? 4 : 2 * k))],
    ['duplicate-slices', series(3, () => at(0))],
    ['variable-spacing', series(10, (k) => at(k < 5 ? 2 * k : 10 + 3.5 * (k - 5)))],
    ['variable-spacing', series(10, (k) => at(k < 5 ? 2 * k : 10 + 2.5 * (k - 5)))],
    ['gantry-tilt', series(10, (k) => ({ ImagePositionPatient: [0, 0.4 * k, 2 * k] }))],
    ['gantry-tilt', series(5, () => ({ GantryDetectorTilt: 15 }))],
  ])('refuses %s', (code, instances) => {
    expect(geometryCode(instances)).toBe(code);
  });

  it.each([15, 0, undefined])(
    'takes a tilt that the orientation shows and the positions follow (the header: %s°)',
    (tilt) => {
      const [cos, sin] = [Math.cos(Math.PI / 12), Math.sin(Math.PI / 12)];
      const oblique = series(5, (k) => ({
        GantryDetectorTilt: tilt,
        ImageOrientationPatient: [1, 0, 0, 0, cos, sin],
        ImagePositionPatient: [0, -2 * k * sin, 2 * k * cos],
      }));

      expect(geometryCode(oblique)).toBeUndefined();
    },
  );
});

describe('loadImage of a volume', () => {
  it('gives Hounsfield units, slice by slice along the normal', async () => {
    const files = [2, 0, 1].map((k) => sliceFile(k, [0, 1024, 2048, 3000, 4095, k], rescale('1', '-1024')));

    const volume = await load(files);

    expect(volume).toMatchObject({
      kind: 'volume',
      rows: 2,
      columns: 3,
      slices: 3,
      Modality: 'CT',
      spacingMm: [0.5, 0.8, 2],
    });
    expect(volume).toMatchObject({
      frames: ['1.2.3.1.0', '1.2.3.1.1', '1.2.3.1.2'].map((SOPInstanceUID) => ({ SOPInstanceUID })),
    });
    expect(volume.kind === 'volume' && volume.voxels).toEqual(
      Int16Array.from([0, 1, 2].flatMap((k) => [-1024, 0, 1024, 1976, 3071, k - 1024])),
    );
  });

  it('keeps fractions as Float32', async () => {
    const files = [0, 1].map((k) => sliceFile(k, [0, 1, 2, 3, 4, 5], rescale('0.5', '0'), { modality: 'PT' }));

    const volume = await load(files);

    expect(volume.kind === 'volume' && volume.voxels).toEqual(
      Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5, 0, 0.5, 1, 1.5, 2, 2.5),
    );
  });

  it('refuses a CT without rescale, and a file of another instance', async () => {
    const noRescale = [0, 1].map((k) => sliceFile(k, [0, 1, 2, 3, 4, 5]));
    const [first, second] = [0, 1].map((k) => sliceFile(k, [0, 1, 2, 3, 4, 5], rescale('1', '0')));
    if (first === undefined || second === undefined) throw new Error('There are two files');

    await expect(load(noRescale)).rejects.toMatchObject({ code: 'not-hounsfield' });
    await expect(load([first, { ...second, bytes: first.bytes }])).rejects.toMatchObject({ code: 'malformed' });
  });

  it('recognises the padding of signed pixels that a writer gave as unsigned', async () => {
    const padding: RawElement = { tag: '00280120', vr: 'US', value: words([63_536]) };
    const files = [0, 1].map((k) =>
      sliceFile(k, [-2000, 0, 1, 2, 3, -2000], [...rescale('1', '-1024'), padding], { signed: true }),
    );

    const volume = await load(files);

    expect(volume.kind === 'volume' && [...volume.voxels.subarray(0, 6)]).toEqual([
      -1024, -1024, -1023, -1022, -1021, -1024,
    ]);
  });

  it('refuses a Modality LUT whose values the volume cannot hold', async () => {
    const table = modalityTable([0, 100, 60_000]);
    const files = [0, 1].map((k) => sliceFile(k, [10, 11, 12, 10, 11, 12], [table], { modality: 'MR' }));

    await expect(load(files)).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });

  it('shifts samples down that are stored under High Bit', async () => {
    const files = [0, 1].map((k) => sliceFile(k, [0, 16, 32, 48, 64, 0xfff0], rescale('1', '-1024')));
    const shifted = files.map(({ index, bytes }) => ({ index, bytes: withHighBit(bytes, 15) }));

    const volume = await load(shifted);

    expect(volume.kind === 'volume' && [...volume.voxels.subarray(0, 6)]).toEqual([
      -1024, -1023, -1022, -1021, -1020, 3071,
    ]);
  });

  it('refuses samples that are neither in the lowest bits nor under High Bit', async () => {
    const files = [0, 1].map((k) => sliceFile(k, [1, 16, 32, 48, 64, 0xfff0], rescale('1', '-1024')));
    const unclear = files.map(({ index, bytes }) => ({ index, bytes: withHighBit(bytes, 15) }));

    await expect(load(unclear)).rejects.toMatchObject({ code: 'unsupported-pixel-format' });
  });

  it('keeps metal where the padding is a value that no sample can have', async () => {
    const padding: RawElement = { tag: '00280120', vr: 'US', value: words([65_535]) };
    const files = [0, 1].map((k) => sliceFile(k, [0, 1, 2, 3, 4094, 4095], [...rescale('1', '-1024'), padding]));

    const volume = await load(files);

    expect(volume.kind === 'volume' && [...volume.voxels.subarray(4, 6)]).toEqual([3070, 3071]);
  });

  it('reads a few files at a time and stops when one fails', async () => {
    const files = Array.from({ length: 40 }, (_, k) => sliceFile(k, [0, 1, 2, 3, 4, 5], rescale('1', '0')));
    const [image] = groupImages({ StudyInstanceUID: '1.2.3', instances: files.map(({ index }) => index) });
    let underWay = 0;
    let most = 0;
    let read = 0;
    const reading = loadImage(
      image as ImageIndex,
      async () => {
        underWay += 1;
        read += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, 1));
        underWay -= 1;
        throw new RangeError('the bucket is gone');
      },
      inProcessDecoder,
    );

    await expect(reading).rejects.toThrow('the bucket is gone');
    expect(most).toBeLessThanOrEqual(8);
    expect(read).toBeLessThanOrEqual(8);
  });
});
