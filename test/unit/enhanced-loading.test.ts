/** Loading enhanced multi-frame objects: rescale, frames and padding. */
import { describe, expect, it } from 'vitest';
import { loadImage } from '#core/image/load.ts';
import { groupImages } from '#core/study/images.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import type { Attributes } from '#dicom/write.ts';
import { withFrames } from '../fixtures/compressed.ts';
import { enhanced, type Section, singleFrames } from '../fixtures/cross-sections.ts';
import { encodeDeflated } from '../fixtures/encoders.ts';
import { loadVolume, MR, sections } from '../fixtures/enhanced-images.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';

const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';

describe('loading an enhanced image', () => {
  it('applies each frame’s own rescale, and keeps fractions', async () => {
    const whole = await loadVolume([enhanced(sections(2, (k) => ({ slope: k + 1, intercept: -k })))]);
    const parts = await loadVolume([
      enhanced(
        sections(2, (k) => ({ slope: 0.5 * (k + 1) })),
        MR,
      ),
    ]);

    expect([...whole.voxels]).toEqual([0, 1, 2, 3, 4, 5, 19, 21, 23, 25, 27, 29]);
    expect(parts.voxels).toBeInstanceOf(Float32Array);
    expect(parts.voxels[1]).toBe(0.5 - 1024);
  });

  it('reads the file once and takes only the frames of the volume', async () => {
    const stack = sections(6, (k) => ({ position: [0, 0, 2 * (k >> 1)], acquisition: 1 + (k % 2) }));
    const { images, read } = phantomStudy('enhanced', [enhanced(stack)]);
    let reads = 0;

    const [, second] = await Promise.all(
      images.map((image) =>
        loadImage(
          image,
          (instance) => {
            reads += 1;
            return read(instance);
          },
          inProcessDecoder,
        ),
      ),
    );

    expect(reads).toBe(images.length);
    expect(second?.kind === 'volume' && [...second.voxels].filter((_, i) => i % 6 === 0)).toEqual([
      10 - 1024,
      30 - 1024,
      50 - 1024,
    ]);
  });

  it('decodes only the frames of the volume', async () => {
    const stack = sections(6, (k) => ({ position: [0, 0, 2 * (k >> 1)], acquisition: 1 + (k % 2) }));
    const frames = stack.map(({ stored }) => encodeDeflated(new Uint8Array(Uint16Array.from(stored).buffer)));
    const { images, read } = phantomStudy('compressed', [withFrames(enhanced(stack), DEFLATED_FRAMES, frames)]);
    const [, second = volumeOf([])] = images;
    let decoded = 0;

    const volume = await loadImage(second, read, {
      decode: (syntax, encoded, layout) => {
        decoded += encoded.length;
        return inProcessDecoder.decode(syntax, encoded, layout);
      },
    });

    expect(decoded).toBe(3);
    expect(volume.kind === 'volume' && volume.voxels[0]).toBe(10 - 1024);
  });

  it('is refused before a byte is read where the volume would not fit any memory', async () => {
    const huge = Array.from({ length: 100 }, (_, k) =>
      slice(k, { Rows: 65_535, Columns: 65_535, PixelSpacing: [0.01, 0.01] }),
    );
    const [image = volumeOf(huge)] = groupImages({ StudyInstanceUID: '1.2.3', instances: huge });

    const loading = loadImage(image, () => Promise.reject(new Error('nothing should be read')), inProcessDecoder);

    await expect(loading).rejects.toMatchObject({ code: 'limit-exceeded' });
  });
});

describe.each<[string, (stack: readonly Section[], attributes: Attributes) => readonly Uint8Array[]]>([
  ['single-frame', singleFrames],
  ['enhanced', (stack, attributes) => [enhanced(stack, attributes)]],
])('the values of a %s CT', (_, write) => {
  const SCANNED = ['ORIGINAL', 'PRIMARY', 'AXIAL'];
  const signed = { PixelRepresentation: 1, BitsStored: 16 };
  const withPadding = sections(2, () => ({ stored: [63_536, 63_537, 0, 1, 2, 63_536] }));

  it('are air where the scanner stored padding', async () => {
    const volume = await loadVolume(write(withPadding, { ...signed, PixelPaddingValue: -2000 }));

    expect([...volume.voxels.subarray(0, 6)]).toEqual([-1024, -1999 - 1024, -1024, -1023, -1022, -1024]);
  });

  it('are air over the whole range of padding', async () => {
    const volume = await loadVolume(
      write(withPadding, { ...signed, PixelPaddingValue: -2000, PixelPaddingRangeLimit: -1999 }),
    );

    expect([...volume.voxels.subarray(0, 6)]).toEqual([-1024, -1024, -1024, -1023, -1022, -1024]);
  });

  it('are kept where padding has a value of tissue', async () => {
    const water = sections(2, () => ({ intercept: 0, stored: [0, 1, 2, 40, 41, 0] }));

    const volume = await loadVolume(write(water, { ...signed, PixelPaddingValue: 0 }));

    expect([...volume.voxels.subarray(0, 6)]).toEqual([0, 1, 2, 40, 41, 0]);
  });

  it('are kept where the range of padding includes all tissue', async () => {
    const range = { PixelPaddingValue: -2000, PixelPaddingRangeLimit: 6000 };

    const volume = await loadVolume(write(withPadding, { ...signed, ...range }));

    expect([...volume.voxels.subarray(2, 5)]).toEqual([-1024, -1023, -1022]);
  });

  it('are air if padding is brighter than metal', async () => {
    const bright = sections(2, () => ({ stored: [5000, 1024, 1025, 1026, 1027, 5000] }));

    const volume = await loadVolume(write(bright, { ...signed, PixelPaddingValue: 5000 }));

    expect([...volume.voxels.subarray(0, 6)]).toEqual([-1024, 0, 1, 2, 3, -1024]);
  });

  /** Slices with this rescale, stated completely in the instance and in the frames' groups. */
  const rescaled = (
    RescaleType: string,
    {
      type = SCANNED,
      slope = 1,
      intercept = -1024,
    }: { type?: readonly string[]; slope?: number; intercept?: number } = {},
  ): readonly Uint8Array[] => {
    const rescale = { RescaleSlope: slope, RescaleIntercept: intercept, RescaleType };
    const groups = {
      PixelValueTransformationSequence: [rescale],
      CTImageFrameTypeSequence: [{ FrameType: [...type, 'NONE'].slice(0, 4) }],
    };
    return write(
      sections(2, () => ({ groups })),
      { ...rescale, ImageType: type },
    );
  };

  it.each(['HU', 'hu', 'Hounsfield', 'Hounsfield Units', 'HOUNSFIELD UNIT'])(
    'are Hounsfield units where the header has “%s”',
    async (RescaleType) => {
      const volume = await loadVolume(rescaled(RescaleType, { type: ['DERIVED', 'SECONDARY', 'AXIAL'], intercept: 0 }));

      expect(volume.voxels[1]).toBe(1);
    },
  );

  it.each([
    [-1024, ['ORIGINAL', 'PRIMARY', 'AXIAL', 'CT_SOM5']],
    [-1000, ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE']],
  ])(
    'are Hounsfield units where the type is unspecified and the rest is like a scanner’s: %i, %j',
    async (intercept, type) => {
      const volume = await loadVolume(rescaled('US', { intercept, type }));

      expect(volume.voxels[1]).toBe(1 + intercept);
    },
  );

  it.each<[string, readonly Uint8Array[]]>([
    ['unspecified, without offset', rescaled('US', { intercept: 0 })],
    ['unspecified, with a slope', rescaled('US', { slope: 0.5 })],
    ['unspecified, with an offset beyond a scanner’s', rescaled('US', { intercept: -2048 })],
    ['unspecified, derived', rescaled('US', { type: ['DERIVED', 'PRIMARY', 'AXIAL'] })],
    ['unspecified, secondary', rescaled('US', { type: ['ORIGINAL', 'SECONDARY', 'AXIAL'] })],
    ['unspecified, of tomosynthesis', rescaled('US', { type: ['ORIGINAL', 'PRIMARY', 'TOMO'] })],
    ['unspecified, of perfusion', rescaled('US', { type: ['ORIGINAL', 'PRIMARY', 'AXIAL', 'PERFUSION'] })],
    ['of a density', rescaled('MGML')],
    ['of another text', rescaled('mL/100g')],
  ])('are refused if they are not Hounsfield units: %s', async (_, files) => {
    await expect(loadVolume(files)).rejects.toMatchObject({ code: 'not-hounsfield' });
  });

  it('do not depend on a window, and are the same in MONOCHROME1', async () => {
    const plain = await loadVolume(write(sections(2), {}));
    const shown = await loadVolume(
      write(sections(2), { WindowCenter: 0, WindowWidth: 10, PhotometricInterpretation: 'MONOCHROME1' }),
    );

    expect(shown.voxels).toEqual(plain.voxels);
  });

  it('are refused if the slope is zero', async () => {
    await expect(
      loadVolume(
        write(
          sections(2, () => ({ slope: 0 })),
          {},
        ),
      ),
    ).rejects.toMatchObject({ code: 'malformed' });
  });
});
