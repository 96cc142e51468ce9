/** What stored values become: their array, their units, and which of them are not values. */
import { describe, expect, it } from 'vitest';
import { volumeGeometry } from '#core/image/volume-geometry.ts';
import { fillSlice, sliceValues, voxelArray } from '#core/image/voxels.ts';
import type { FrameHeader } from '#core/study/frames.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { Dataset } from '#dicom/read.ts';
import { readDicom } from '#dicom/read.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { slice } from '../fixtures/instances.ts';

const datasetOf = (attributes: Attributes = {}): Dataset =>
  readDicom(
    encodeDicom({
      ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '2.25.1' },
      ...{ StudyInstanceUID: '2.25.2', SeriesInstanceUID: '2.25.3', PixelRepresentation: 1, ...attributes },
    }),
  ).dataset;
const LAYOUT = {
  ...{ rows: 1, columns: 4, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 16 },
  ...{ signed: true, photometric: 'MONOCHROME2', planar: false },
};

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof DicomReadError) return error.code;
    throw error;
  }
}

describe('the array of a volume', () => {
  const arrayOf = (Modality: string, change: Partial<InstanceIndex>) =>
    voxelArray(Modality, volumeGeometry([slice(0, change), slice(1), slice(2)]));

  it.each<[string, string, Partial<InstanceIndex>, 'Int16Array' | 'Float32Array']>([
    ['CT', 'CT', {}, 'Int16Array'],
    ['a CT of 16 bits without sign, whose ends are cut off', 'CT', { BitsStored: 16 }, 'Int16Array'],
    ['a CT with a fraction in its slope', 'CT', { RescaleSlope: 0.5 }, 'Float32Array'],
    ['a CT with a fraction in its intercept', 'CT', { RescaleIntercept: 0.5 }, 'Float32Array'],
    ['an MR of 12 bits', 'MR', { RescaleIntercept: 0 }, 'Int16Array'],
    ['an MR of 16 bits without sign', 'MR', { BitsStored: 16, RescaleIntercept: 0 }, 'Float32Array'],
    ['an MR of 16 bits with sign', 'MR', { BitsStored: 16, PixelRepresentation: 1, RescaleIntercept: 0 }, 'Int16Array'],
    ['one that reaches 32767', 'MR', { BitsStored: 15, RescaleIntercept: 0 }, 'Int16Array'],
    ['one that reaches 32768', 'MR', { BitsStored: 15, RescaleIntercept: 1 }, 'Float32Array'],
    ['one that reaches −32768', 'MR', { BitsStored: 12, RescaleIntercept: -32_768 }, 'Int16Array'],
    ['one that reaches −32769', 'MR', { BitsStored: 12, RescaleIntercept: -32_769 }, 'Float32Array'],
    ['one that falls below it', 'MR', { BitsStored: 12, RescaleSlope: -9, RescaleIntercept: 0 }, 'Float32Array'],
  ])('of %s', (_, Modality, change, kind) => {
    const array = arrayOf(Modality, change);

    expect(array.constructor.name).toBe(kind);
    expect(array).toHaveLength(2 * 3 * 3);
  });

  it.each([
    { what: '4 GiB and more', frames: 8, code: 'limit-exceeded' },
    { what: 'more than 4 GiB as fractions', frames: 5, code: 'limit-exceeded', RescaleSlope: 0.5 },
  ])('is none of $what', ({ frames, code, RescaleSlope = 1 }) => {
    const change: Partial<InstanceIndex> = { Rows: 20_000, Columns: 20_000, PixelSpacing: [0.1, 0.1], RescaleSlope };
    const stack = Array.from({ length: frames }, (_, k) => slice(k, change));

    expect(codeOf(() => voxelArray('CT', volumeGeometry(stack)))).toBe(code);
  });
});

describe('the units of a CT', () => {
  const scanned: Partial<FrameHeader> = { RescaleType: 'US', ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'] };
  const isTaken = (change: Partial<FrameHeader>, attributes: Attributes = {}) =>
    codeOf(() => sliceValues('CT', { ...slice(0), ...change }, datasetOf(attributes), LAYOUT)) === undefined;

  it.each<[string, boolean, Partial<FrameHeader>]>([
    ['a rescale without a type', true, {}],
    ['HU', true, { RescaleType: 'HU' }],
    ['other units', false, { RescaleType: 'HU_MOD' }],
    ['no slope', false, { RescaleSlope: undefined }],
    ['no intercept', false, { RescaleIntercept: undefined }],
    ['unspecified units, and all else as scanned', true, scanned],
    ['unspecified units of a volume', true, { ...scanned, ImageType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'FC51'] }],
    ['of an enhanced one', true, { ...scanned, SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1' }],
    ['of another SOP Class', false, { ...scanned, SOPClassUID: '1.2.840.10008.5.1.4.1.1.4' }],
    ['of a derived one', false, { ...scanned, ImageType: ['DERIVED', 'PRIMARY', 'AXIAL'] }],
    ['of a secondary one', false, { ...scanned, ImageType: ['ORIGINAL', 'SECONDARY', 'AXIAL'] }],
    ['of another plane', false, { ...scanned, ImageType: ['ORIGINAL', 'PRIMARY', 'REFORMATTED'] }],
    ['without an Image Type', false, { ...scanned, ImageType: undefined }],
    ['of a perfusion map', false, { ...scanned, ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL', 'X', 'CT_PERF'] }],
    ['of another slope', false, { ...scanned, RescaleSlope: 2 }],
    ['of an intercept of −1100', true, { ...scanned, RescaleIntercept: -1100 }],
    ['of one below', false, { ...scanned, RescaleIntercept: -1101 }],
    ['of an intercept of −900', true, { ...scanned, RescaleIntercept: -900 }],
    ['of one above', false, { ...scanned, RescaleIntercept: -899 }],
  ])('%s: taken is %s', (_, taken, change) => {
    expect(isTaken(change)).toBe(taken);
  });

  it.each([
    { type: 'HU', taken: true },
    { type: 'US', taken: false },
  ])('of a table of $type: taken is $taken', ({ type, taken }) => {
    const table = { LUTDescriptor: [2, 0, 16], LUTData: [1, 2], ModalityLUTType: type };

    expect(isTaken({}, { ModalityLUTSequence: [table] })).toBe(taken);
  });

  it('are not checked in an MR', () => {
    const header = { ...slice(0), RescaleSlope: undefined, RescaleIntercept: undefined };

    expect(sliceValues('MR', header, datasetOf(), LAYOUT)).toMatchObject({ outside: 0, saturates: false });
  });
});

describe('padding', () => {
  const paddingOf = (Modality: string, low: number, high = low) =>
    sliceValues(
      Modality,
      { ...slice(0), RescaleIntercept: 0 },
      datasetOf({ PixelPaddingValue: low, ...(high === low ? {} : { PixelPaddingRangeLimit: high }) }),
      LAYOUT,
    ).padding;
  const NONE = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };

  it.each([
    { what: 'as air', low: -1000, high: -1000, kept: true },
    { what: 'as tissue', low: -999, high: -999, kept: false },
    { what: 'as water', low: 0, high: 0, kept: false },
    { what: 'below metal', low: 2999, high: 2999, kept: false },
    { what: 'as metal', low: 3000, high: 3000, kept: true },
    { what: 'over a range of air', low: -2000, high: -1000, kept: true },
    { what: 'over a range that ends in tissue', low: -2000, high: -999, kept: false },
    { what: 'over a range that is told backwards', low: -1500, high: -2000, kept: true },
  ])('of a CT, $what: is padding is $kept', ({ low, high, kept }) => {
    const range = { low: Math.min(low, high), high: Math.max(low, high) };

    expect(paddingOf('CT', low, high)).toEqual(kept ? range : NONE);
  });

  it('of an MR follows its header', () => {
    expect(paddingOf('MR', 0)).toEqual({ low: 0, high: 0 });
  });
});

describe('filling a slice', () => {
  const line = (slope: number, intercept: number) => ({ kind: 'linear', slope, intercept }) as const;
  const none = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
  const ct = { padding: none, outside: -1024, saturates: true };
  const mr = { padding: none, outside: 0, saturates: false };

  it('rescales, and clamps values to 16 bits', () => {
    const target = new Int16Array(4);

    fillSlice(target, [1, -1, 20_000, -20_000], { ...ct, transform: line(2, 10) });

    expect([...target]).toEqual([12, 8, 32_767, -32_768]);
  });

  it('replaces padding, from its lowest value to its highest', () => {
    const target = new Float32Array(5);

    fillSlice(target, [4, 5, 6, 7, 8], { ...mr, outside: -7, padding: { low: 5, high: 7 }, transform: line(1, 0.5) });

    expect([...target]).toEqual([4.5, -7, -7, -7, 8.5]);
  });

  it('uses a table, with its end values beyond it, and not for padding', () => {
    const target = new Int16Array(6);
    const transform = { kind: 'table', first: 10, values: [100, 200, 300], type: 'HU' } as const;

    fillSlice(target, [9, 10, 11, 12, 13, 14], { ...ct, padding: { low: 14, high: 14 }, transform });

    expect([...target]).toEqual([100, 100, 200, 300, 300, -1024]);
  });

  it('clamps a table’s values to 16 bits in a CT, and refuses them elsewhere', () => {
    const transform = { kind: 'table', first: 0, values: [32_767, 32_768], type: 'HU' } as const;
    const target = new Int16Array(2);

    fillSlice(target, [0, 1], { ...ct, transform });

    expect([...target]).toEqual([32_767, 32_767]);
    expect(codeOf(() => fillSlice(target, [0, 1], { ...mr, transform }))).toBe('unsupported-pixel-format');
    expect(codeOf(() => fillSlice(target, [0], { ...mr, transform: { ...transform, values: [32_767] } }))).toBe(
      undefined,
    );
  });

  it.each([
    { what: 'values that are no numbers', stored: [1, Number.NaN], slope: 1 },
    { what: 'values without end', stored: [1, 1e300], slope: 1e300 },
  ])('refuses $what', ({ stored, slope }) => {
    expect(codeOf(() => fillSlice(new Float32Array(2), stored, { ...mr, transform: line(slope, 0) }))).toBe(
      'malformed',
    );
    expect(codeOf(() => fillSlice(new Float32Array(2), [1, 2], { ...mr, transform: line(slope, 0) }))).toBe(
      slope === 1 ? undefined : 'malformed',
    );
  });

  it('treats missing pixels as 0', () => {
    const target = new Int16Array(2).fill(9);

    fillSlice(target, [1], { ...mr, transform: line(1, 5) });

    expect([...target]).toEqual([6, 5]);
  });
});
