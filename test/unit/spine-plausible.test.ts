/** Sentences about volumes that are too coarse for heights: they name what is coarse. */
import { expect, it } from 'vitest';
import { requireThinSlices } from '#tools/vertebral-fracture/plausible.ts';

it.each<[string, readonly [number, number, number], RegExp]>([
  ['slices', [0.8, 0.8, 5], /^The slices are 5\.0 mm apart\..* thinner slices can be/],
  [
    'rows',
    [0.8, 5, 0.8],
    /^The rows of the pictures are 5\.0 mm apart\..* finer reconstruction of the scan itself can/,
  ],
  ['columns', [4.004, 0.8, 0.8], /^The columns of the pictures are 4\.004 mm apart\./],
  [
    'all',
    [5, 4.5, 6],
    /^The columns of the pictures are 5\.0 mm and the rows of the pictures 4\.5 mm and the slices 6\.0 mm apart\./,
  ],
])('a volume with coarse %s is refused for that', (_, spacingMm, message) => {
  expect(() => requireThinSlices({ spacingMm })).toThrow(
    expect.objectContaining({ code: 'slices-too-thick', message: expect.stringMatching(message) }),
  );
});

it('a volume at the limit is not', () => {
  expect(() => requireThinSlices({ spacingMm: [4, 4, 4] })).not.toThrow();
});
