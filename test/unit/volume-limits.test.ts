/** The limits of a regular grid: just within them there is a volume, and just beyond them a refusal. */
import { describe, expect, it } from 'vitest';
import { GeometryError } from '#core/errors.ts';
import { volumeGeometry } from '#core/image/volume-geometry.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { slice } from '../fixtures/instances.ts';

type Change = Partial<InstanceIndex>;
type Six = NonNullable<InstanceIndex['ImageOrientationPatient']>;

/** Ten slices, 2 mm apart, of 2 × 3 pixels. The change applies to the slice at `k`, or to all. */
const stack = (change: (k: number) => Change, count = 10): readonly InstanceIndex[] =>
  Array.from({ length: count }, (_, k) => slice(k, change(k)));
const fifth =
  (change: Change) =>
  (k: number): Change =>
    k === 5 ? change : {};
const at = (z: number, x = -10, y = -20): Change => ({ ImagePositionPatient: [x, y, z] });

function refusalOf(instances: readonly InstanceIndex[]): Pick<GeometryError, 'code' | 'facts' | 'message'> | undefined {
  try {
    volumeGeometry(instances);
    return undefined;
  } catch (error) {
    if (error instanceof GeometryError) return error;
    throw error;
  }
}
const codeOf = (change: (k: number) => Change, count?: number) => refusalOf(stack(change, count))?.code;

/** Cosines of a slice that is rotated about the patient's x axis. */
const turned = (degrees: number): Six => {
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return [1, 0, 0, 0, cos, sin];
};

describe('a regular grid', () => {
  it('has its axes, spacings and first voxel from the slices', () => {
    const { frames, ...geometry } = volumeGeometry(stack(() => ({})).toReversed());

    expect(geometry).toEqual({
      ...{ rows: 2, columns: 3, origin: [-10, -20, 100], spacingMm: [0.5, 0.8, 2] },
      ...{ columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], sliceDirection: [0, 0, 1] },
    });
    expect(frames.map(({ ImagePositionPatient }) => ImagePositionPatient?.[2])).toEqual(
      Array.from({ length: 10 }, (_, k) => 100 + 2 * k),
    );
  });

  it('has perpendicular unit vectors if the cosines are rounded', () => {
    const { columnDirection, rowDirection, sliceDirection } = volumeGeometry(
      stack(() => ({ ImageOrientationPatient: [1.0005, 0, 0, 0.0005, 0.9995, 0] })),
    );

    for (const axis of [columnDirection, rowDirection, sliceDirection]) expect(Math.hypot(...axis)).toBeCloseTo(1, 12);
    expect(columnDirection).toEqual([1, 0, 0]);
    expect(rowDirection[0]).toBeCloseTo(0, 12);
  });

  it('has the mean of the distances between its slices', () => {
    const { spacingMm } = volumeGeometry(stack((k) => at(100 + 2 * k + (k === 9 ? 0.1 : 0))));

    expect(spacingMm[2]).toBeCloseTo(18.1 / 9, 12);
  });
});

describe('what a grid needs', () => {
  it.each<[string, string | undefined, (k: number) => Change, number?]>([
    ['two slices', undefined, () => ({}), 2],
    ['one slice', 'too-few-slices', () => ({}), 1],
    ['no slice', 'too-few-slices', () => ({}), 0],
    ['no position', 'missing-geometry', fifth({ ImagePositionPatient: undefined })],
    ['no orientation', 'missing-geometry', fifth({ ImageOrientationPatient: undefined })],
    ['no rows', 'missing-geometry', fifth({ Rows: undefined })],
    ['no columns', 'missing-geometry', fifth({ Columns: undefined })],
    ['no spacing', 'pixel-spacing-unknown', fifth({ PixelSpacing: undefined })],
    ['no spacing of columns', 'pixel-spacing-unknown', fifth({ PixelSpacing: [0.8, 0] })],
    ['a spacing of a nanometre', undefined, () => ({ PixelSpacing: [1e-6, 1e-6] })],
    ['less than a nanometre', 'pixel-spacing-unknown', () => ({ PixelSpacing: [0.8, 0.9e-6] })],
    ['slices 10 m from the origin', undefined, (k) => at(-10_000 + 2 * k)],
    ['slices farther than that', 'missing-geometry', (k) => at(-10_001 + 2 * k)],
    ['rows of 10 m', undefined, () => ({ Rows: 10_000, PixelSpacing: [1, 1] })],
    ['rows of more', 'missing-geometry', () => ({ Rows: 10_001, PixelSpacing: [1, 1] })],
    ['columns of more', 'missing-geometry', () => ({ Columns: 10_001, PixelSpacing: [0.1, 1] })],
    ['cosines that are none', 'missing-geometry', () => ({ ImageOrientationPatient: [2.1, 0, 0, 0, 1, 0] })],
    ['positions that are no numbers', 'missing-geometry', fifth({ ImagePositionPatient: [Number.NaN, 0, 0] })],
  ])('%s: %s', (_, code, change, count) => {
    expect(codeOf(change, count)).toBe(code);
  });
});

describe('how far slices may differ', () => {
  it.each<[string, string | undefined, (k: number) => Change]>([
    ['a row longer than 1 by 0.0009', undefined, () => ({ ImageOrientationPatient: [1.0009, 0, 0, 0, 1, 0] })],
    ['a row longer than 1 by 0.0011', 'missing-geometry', () => ({ ImageOrientationPatient: [1.0011, 0, 0, 0, 1, 0] })],
    ['a column shorter by 0.0011', 'missing-geometry', () => ({ ImageOrientationPatient: [1, 0, 0, 0, 0.9989, 0] })],
    ['no right angle by 0.0011', 'missing-geometry', () => ({ ImageOrientationPatient: [1, 0, 0, 0.0011, 1, 0] })],
    ['one turned by a cosine of 0.0009', undefined, fifth({ ImageOrientationPatient: [1, 0.0009, 0, 0, 1, 0] })],
    ['one turned by 0.0011', 'mixed-orientation', fifth({ ImageOrientationPatient: [1, 0, 0, 0, 1, 0.0011] })],
    ['a row spacing wider by 0.09 %', undefined, fifth({ PixelSpacing: [0.8 * 1.0009, 0.5] })],
    ['a row spacing wider by 0.11 %', 'mixed-matrix', fifth({ PixelSpacing: [0.8 * 1.0011, 0.5] })],
    ['a column spacing closer by 0.11 %', 'mixed-matrix', fifth({ PixelSpacing: [0.8, 0.5 * 0.9989] })],
    ['a row more', 'mixed-matrix', fifth({ Rows: 3 })],
    ['a column more', 'mixed-matrix', fifth({ Columns: 4 })],
    ['a slice 0.19 mm off its place', undefined, fifth(at(110.19))],
    ['a slice 0.21 mm off its place', 'variable-spacing', fifth(at(110.21))],
    ['a slice within a tenth of the way to the next', 'duplicate-slices', fifth(at(108.19))],
    ['a slice a bit farther than that', 'missing-slices', fifth(at(108.21))],
    ['a slice in the place of another', 'duplicate-slices', fifth(at(108))],
    ['a slice left out', 'missing-slices', (k) => at(100 + 2 * (k < 5 ? k : k + 1))],
    ['a gap of 1.2 slices and none of 1.5', 'variable-spacing', (k) => at(100 + 2 * (k < 5 ? k : k + 0.5))],
    ['a gap that is no whole number of slices', 'variable-spacing', (k) => at(100 + 2 * (k < 5 ? k : k + 1.3))],
    ['a gap that is one, but for rounding', 'missing-slices', (k) => at(100 + 2 * (k < 5 ? k : k + 1.19))],
    ['slices that shift by a pixel in all', undefined, (k) => at(100 + 2 * k, -10 + (0.5 * k) / 9)],
    ['slices that shift by more', 'gantry-tilt', (k) => at(100 + 2 * k, -10 + (0.51 * k) / 9)],
    ['slices that shift along the column by a pixel', undefined, (k) => at(100 + 2 * k, -10, -20 + (0.79 * k) / 9)],
    ['slices that shift along the column by more', 'gantry-tilt', (k) => at(100 + 2 * k, -10, -20 - (0.82 * k) / 9)],
  ])('%s: %s', (_, code, change) => {
    expect(codeOf(change)).toBe(code);
  });

  it('counts missing slices, and the number of gaps', () => {
    const places = [0, 1, 2, 4, 5, 6, 9, 10, 11, 12];

    const refusal = refusalOf(stack((k) => at(100 + 2 * (places[k] ?? 0))));

    expect(refusal).toMatchObject({
      code: 'missing-slices',
      message: '3 slices are missing in 2 places',
      facts: { gaps: 2, missing: 3, spacingMm: 2, widestMm: 6 },
    });
  });

  it('states how far the gantry was tilted, and at which slice that shows', () => {
    const refusal = refusalOf(stack((k) => at(100 + 2 * k, -10, -20 + 2 * k * Math.tan((15 * Math.PI) / 180))));

    expect(refusal?.facts).toMatchObject({ SOPInstanceUID: '1.2.3.1.3', degrees: 15, shiftPixels: 1.34 });
  });
});

describe('a nominal tilt', () => {
  it.each<[string, string | undefined, Change]>([
    ['of half a degree', undefined, { GantryDetectorTilt: 0.5 }],
    ['of a degree that nothing shows', undefined, { GantryDetectorTilt: 1 }],
    ['of more that nothing shows', 'gantry-tilt', { GantryDetectorTilt: 1.1 }],
    ['to the other side that nothing shows', 'gantry-tilt', { GantryDetectorTilt: -1.1 }],
    ['that the orientation shows', undefined, { GantryDetectorTilt: 20, ImageOrientationPatient: turned(20) }],
    [
      'that the orientation shows but for a degree',
      undefined,
      { GantryDetectorTilt: 20.9, ImageOrientationPatient: turned(20) },
    ],
    [
      'that the orientation shows otherwise',
      'gantry-tilt',
      { GantryDetectorTilt: 21.2, ImageOrientationPatient: turned(20) },
    ],
    [
      'of slices at 30°, which a gantry may have',
      'gantry-tilt',
      { GantryDetectorTilt: 20, ImageOrientationPatient: turned(30) },
    ],
    [
      'of slices at 32°, which are reformatted',
      undefined,
      { GantryDetectorTilt: 20, ImageOrientationPatient: turned(32) },
    ],
  ])('%s: %s', (_, code, change) => {
    const [, , , , cos = 1, sin = 0] = change.ImageOrientationPatient ?? [];
    const along = (k: number) => at(100 + 2 * k * cos, -10, -20 - 2 * k * sin);

    expect(codeOf((k) => ({ ...along(k), ...change }))).toBe(code);
  });

  it('is checked for every slice', () => {
    expect(codeOf(fifth({ GantryDetectorTilt: 5 }))).toBe('gantry-tilt');
  });
});
