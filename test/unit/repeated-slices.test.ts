/** Tests of the search for slices that come twice. */
import { describe, expect, it } from 'vitest';
import { requireDistinctSlices, timesInARow } from '#core/image/repeated-slices.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';

const [ROWS, COLUMNS] = [20, 20];

/** A volume of the given slices; equal numbers are equal slices, 0 is a blank one. */
function volumeOf(kinds: readonly number[]): Volume {
  const slices = kinds.map((kind) => {
    const random = createRandom(kind);
    return Array.from({ length: ROWS * COLUMNS }, () => (kind === 0 ? -1000 : Math.round(40 + 20 * random.next())));
  });
  return { rows: ROWS, columns: COLUMNS, slices: kinds.length, voxels: Int16Array.from(slices.flat()) } as Volume;
}

describe('slices of a scan', () => {
  it.each([
    ['all of which differ', [1, 2, 3, 4, 5, 6]],
    ['of which some are blank', [0, 0, 1, 2, 3, 0, 0]],
    ['computed without noise', [1, 1, 1, 1, 1, 2]],
    ['enlarged slice by slice', [1, 1, 2, 2, 3, 3]],
    ['enlarged by a half', [1, 1, 2, 3, 3, 4, 5, 5, 6]],
  ])('%s are taken', (_name, kinds) => {
    expect(() => requireDistinctSlices(volumeOf(kinds))).not.toThrow();
  });

  it.each([
    ['beside itself', [1, 2, 2, 3, 4, 5, 6, 7, 8], '1 slice shows'],
    ['far away', [1, 2, 3, 4, 5, 1], '1 slice shows'],
    ['with its neighbours', [1, 2, 3, 4, 5, 3, 4, 6, 7], '2 slices show'],
  ])('are refused where one comes again %s', (_name, kinds, words) => {
    expect(() => requireDistinctSlices(volumeOf(kinds))).toThrow(
      expect.objectContaining({ code: 'repeated-slices', message: expect.stringContaining(words) }),
    );
  });
});

describe('how often slices come in a row', () => {
  it.each([
    ['once where all differ', [1, 2, 3, 4, 5, 6], 1],
    ['once where one was stored twice', [1, 2, 2, 3, 4, 5, 6, 7, 8], 1],
    ['twice where all were doubled', [1, 1, 2, 2, 3, 3, 4, 4], 2],
    ['twice where the ends are cut', [1, 2, 2, 3, 3, 4, 4, 5], 2],
    ['twice between blank ones', [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0], 2],
    ['once and a half where enlarged so', [1, 1, 2, 3, 3, 4, 5, 5, 6], 1.5],
    ['once in pictures computed without noise', Array.from({ length: 40 }, (_, k) => (k < 20 ? 1 : 2)), 1],
  ])('is %s', (_name, kinds, times) => {
    expect(timesInARow(volumeOf(kinds))).toBeCloseTo(times, 1);
  });
});
