/** Patient Orientation in its three states, and the turn that makes a projection upright. */
import { describe, expect, it } from 'vitest';
import { storedIndex, turned, UNTURNED, uprightOf } from '#core/image/upright.ts';
import { patientOrientation } from '#core/study/patient-orientation.ts';
import { makeImage } from '../fixtures/dental-image.ts';
import { picture, type RawElement } from '../fixtures/part10.ts';
import { fileOf } from '../fixtures/slice-files.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';

/** What the index of a file with these values says. */
function readFrom(values: readonly string[], ...more: readonly RawElement[]) {
  const orientation: RawElement = { tag: '00200020', vr: 'CS', value: values.join('\\') };
  return patientOrientation(fileOf([...more, orientation, ...picture()], '1.2.3.5', CR).index);
}

describe('Patient Orientation', () => {
  it.each([
    [['L', 'F'], 'L', 'F'],
    [['r', 'h'], 'R', 'H'],
    [['al', 'fp'], 'AL', 'FP'],
    [['LPH', 'FRA'], 'LPH', 'FRA'],
    [['RIGHT', 'Feet'], 'R', 'F'],
  ])('%j is read', (values, row, column) => {
    expect(readFrom(values)).toEqual({ state: 'said', row, column });
  });

  it('may say nothing', () => {
    expect(readFrom([])).toEqual({ state: 'unsaid' });
    expect(patientOrientation({})).toEqual({ state: 'unsaid' });
  });

  it.each([
    [['L'], 'one value'],
    [['L', 'F', 'A'], 'more than two values'],
    [['LR', 'F'], 'the first value is not a direction'],
    [['L', 'X'], 'the second value is not a direction'],
    [['L', 'FF'], 'the second value is not a direction'],
    [['', 'F'], 'the first value is not a direction'],
    [['RT', 'V'], 'neither value is a direction'],
    [['L', 'R'], 'one axis, L\\R'],
    [['F', 'F'], 'one axis'],
  ])('%j cannot be read, for a reason', (values, why) => {
    const orientation = readFrom(values);

    expect(orientation).toMatchObject({ state: 'unreadable' });
    expect(orientation).toHaveProperty('why', expect.stringContaining(why));
  });

  it('of an animal is no person’s', () => {
    expect(readFrom(['L', 'F'], { tag: '00102210', vr: 'CS', value: 'QUADRUPED' })).toMatchObject({
      state: 'unreadable',
    });
  });
});

describe('an upright picture', () => {
  /** 2 × 3 pixels: the first row runs to the patient's left, the columns to the feet. */
  const upright = makeImage({ rows: 2, columns: 3, pixels: Float32Array.of(1, 2, 3, 4, 5, 6), spacingMm: [0.1, 0.2] });
  const said = (row: string, column: string) => uprightOf({ state: 'said', row, column });

  it.each([
    ['L', 'F', [2, 3], [1, 2, 3, 4, 5, 6]],
    ['R', 'F', [2, 3], [3, 2, 1, 6, 5, 4]],
    ['L', 'H', [2, 3], [4, 5, 6, 1, 2, 3]],
    ['R', 'H', [2, 3], [6, 5, 4, 3, 2, 1]],
    ['F', 'L', [3, 2], [1, 4, 2, 5, 3, 6]],
    ['F', 'R', [3, 2], [3, 6, 2, 5, 1, 4]],
    ['H', 'L', [3, 2], [4, 1, 5, 2, 6, 3]],
    ['H', 'R', [3, 2], [6, 3, 5, 2, 4, 1]],
  ] as const)('comes of one that is stored with %s\\%s', (row, column, [rows, columns], pixels) => {
    const stored = makeImage({
      rows,
      columns,
      pixels: Float32Array.from(pixels),
      spacingMm: rows === 2 ? [0.1, 0.2] : [0.2, 0.1],
    });
    const { turn = UNTURNED, sidesKnown } = said(row, column) ?? {};

    const { pixels: found, rows: height, spacingMm } = turned(stored, turn);

    expect([...found]).toEqual([...upright.pixels]);
    expect([height, spacingMm, sidesKnown]).toEqual([2, [0.1, 0.2], true]);
    const back = storedIndex(turn, upright);
    expect([...upright.pixels].map((_, index) => stored.pixels[back(index)])).toEqual([...upright.pixels]);
  });

  it('has unknown sides if its rows run forwards or backwards, or if it says nothing', () => {
    expect(said('A', 'F')).toMatchObject({ turn: UNTURNED, sidesKnown: false });
    expect(said('AL', 'F')).toMatchObject({ sidesKnown: true });
    expect(uprightOf({ state: 'unsaid' })).toEqual({ turn: UNTURNED, sidesKnown: false });
  });

  it('does not come of a view from above or below', () => {
    expect(said('L', 'P')).toBeUndefined();
    expect(said('AF', 'LH')).toBeUndefined();
  });
});
