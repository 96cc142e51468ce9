/** The grid that slices make where the header rounds their positions or directions. */
import { describe, expect, it } from 'vitest';
import { GeometryError } from '#core/errors.ts';
import { type VolumeGeometry, volumeGeometry } from '#core/image/volume-geometry.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { slice } from '../fixtures/instances.ts';

const SLICES = 100;

const stack = (z: (k: number) => number, change: Partial<InstanceIndex> = {}): readonly InstanceIndex[] =>
  Array.from({ length: SLICES }, (_, k) => slice(k, { ImagePositionPatient: [-10.5, -20.25, z(k)], ...change }));

function geometryOf(slices: readonly InstanceIndex[]): VolumeGeometry | string {
  try {
    return volumeGeometry(slices);
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
}

const toMillimetres = (spacing: number) => (k: number) => Math.floor(k * spacing + 0.5);
const without = (missing: number) => (k: number) => (k < missing ? k : k + 1);

describe('positions rounded to whole millimetres', () => {
  it.each([2.5, 3.75, 3.2])('make the grid of slices %f mm apart, whatever else the header says', (spacing) => {
    const geometry = geometryOf(stack(toMillimetres(spacing)));

    expect(geometry).toMatchObject({ roundedMm: 1 });
    if (typeof geometry === 'string') return;
    expect(Math.abs(geometry.spacingMm[2] - spacing) * SLICES).toBeLessThan(0.05);
    expect(Math.abs(geometry.origin[2])).toBeLessThan(0.5);
  });

  it.each([1.25, 1.5, 1.75, 2.5])('make the grid of slices %f mm apart where the header states that', (spacing) => {
    for (const stated of [{ SliceThickness: spacing }, { SpacingBetweenSlices: spacing, SliceThickness: 5 }])
      expect(geometryOf(stack(toMillimetres(spacing), stated))).toMatchObject({ spacingMm: [0.5, 0.8, spacing] });
  });

  it.each<[string, readonly InstanceIndex[], string]>([
    ['1.25 mm apart, which could be 1 mm with slices missing', stack(toMillimetres(1.25)), 'missing-slices'],
    ['1.25 mm apart that are said to be 1 mm', stack(toMillimetres(1.25), { SliceThickness: 1 }), 'missing-slices'],
    ['that share a millimetre', stack(toMillimetres(0.625), { SliceThickness: 0.625 }), 'duplicate-slices'],
    ...[2, 50, 98].flatMap((k) =>
      [1, 2, 3].map((spacing): [string, readonly InstanceIndex[], string] => [
        `${spacing} mm apart without slice ${k}`,
        stack((i) => spacing * without(k)(i), { SliceThickness: spacing }),
        'missing-slices',
      ]),
    ),
    ['2.5 mm apart without a slice', stack((k) => toMillimetres(2.5)(without(50)(k))), 'variable-spacing'],
    [
      'of which one jumps by a millimetre',
      stack((k) => 2 * k + (k > 50 ? 1 : 0), { SliceThickness: 2 }),
      'variable-spacing',
    ],
    ['whose spacing changes', stack((k) => (k < 50 ? 2 * k : 100 + 3 * (k - 50))), 'variable-spacing'],
  ])('do not excuse slices %s', (_, slices, code) => {
    expect(geometryOf(slices)).toBe(code);
  });

  it.each([5, 12])('make the grid of slices turned by %f°, and none without a slice', (degrees) => {
    const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
    const oblique = (place: (k: number) => number) =>
      Array.from({ length: SLICES }, (_, k) =>
        slice(k, {
          ImageOrientationPatient: [1, 0, 0, 0, Number(cos.toFixed(6)), Number(sin.toFixed(6))],
          ImagePositionPatient: [-10.5, Math.round(-20 - 3 * sin * place(k)), Math.round(3 * cos * place(k))],
        }),
      );

    const geometry = geometryOf(oblique((k) => k));

    expect(typeof geometry === 'string' ? geometry : Math.abs(geometry.spacingMm[2] / 3 - 1)).toBeLessThan(0.003);
    expect(geometryOf(oblique(without(50)))).toMatch(/missing-slices|variable-spacing/);
  });

  it('are no rounding where they are exact', () => {
    const geometry = geometryOf(stack((k) => 3 * k, { SliceThickness: 3.2 }));

    expect(geometry).toMatchObject({ spacingMm: [0.5, 0.8, 3] });
    expect(geometry).not.toHaveProperty('roundedMm');
  });
});

it('takes the stated spacing where the positions have few digits', () => {
  const sixDigits = (k: number) => Number((94.3018 + 4 * k).toPrecision(6));

  expect(geometryOf(stack(sixDigits, { SliceThickness: 4 }))).toMatchObject({ spacingMm: [0.5, 0.8, 4] });
});

it('takes positions of thin slices that are rounded to tenths of a millimetre', () => {
  const tenths = (k: number) => Math.round(k * 2.5) / 10;

  expect(geometryOf(stack(tenths, { SliceThickness: 0.25 }))).toMatchObject({
    spacingMm: [0.5, 0.8, 0.25],
    roundedMm: 0.1,
  });
});

describe('direction cosines rounded to two decimals', () => {
  const DEGREES = 3;
  const [sin, cos] = [Math.sin((DEGREES * Math.PI) / 180), Math.cos((DEGREES * Math.PI) / 180)];
  const two = (value: number): number => Math.round(value * 100) / 100;
  const turned = (change: Partial<InstanceIndex>) =>
    Array.from({ length: SLICES }, (_, k) =>
      slice(k, { ImagePositionPatient: [0, -sin * 3 * k, cos * 3 * k], ...change }),
    );

  it('give way to the direction in which the slices follow each other', () => {
    const geometry = geometryOf(turned({ ImageOrientationPatient: [1, 0, 0, 0, two(cos), two(sin)] }));

    if (typeof geometry === 'string') throw new Error(geometry);
    expect(geometry.spacingMm[2]).toBeCloseTo(3, 9);
    expect(geometry.sliceDirection[1]).toBeCloseTo(-sin, 9);
    for (const axis of [geometry.columnDirection, geometry.rowDirection])
      expect(Math.hypot(...axis)).toBeCloseTo(1, 12);
  });

  it('may be longer than one, as far as rounding explains', () => {
    const cosines = (value: number) => ({ ImageOrientationPatient: [1, value, 0, -value, 1, 0] as never });

    expect(geometryOf(stack((k) => 3 * k, cosines(0.05)))).toMatchObject({ spacingMm: [0.5, 0.8, 3] });
    expect(geometryOf(stack((k) => 3 * k, cosines(0.3)))).toBe('missing-geometry');
    expect(geometryOf(stack((k) => 3 * k, cosines(0.0512)))).toBe('missing-geometry');
  });

  it('do not excuse a tilted gantry', () => {
    const tilted = turned({ ImageOrientationPatient: [1, 0, 0, 0, two(cos), two(-sin)] });

    expect(geometryOf(tilted)).toBe('gantry-tilt');
  });
});
