import { describe, expect, it } from 'vitest';
import { makeBitewing, makePanoramic, makePeriapical, radiographOf, scoreLesions } from '#phantoms/dental.ts';

const COARSE_BITEWING_MM = 0.08;
const COARSE_PANORAMIC_MM = 0.25;

describe('a dental phantom', () => {
  it('is the same for the same seed and differs for another', () => {
    const [first, again, other] = [5, 5, 6].map((seed) => makeBitewing({ seed, spacingMm: COARSE_BITEWING_MM }));

    expect(again).toEqual(first);
    expect(other?.pixels).not.toEqual(first?.pixels);
  });

  it('has the promised sizes and 12 bits', () => {
    const { rows, columns, pixels, spacingMm } = makeBitewing({ seed: 1 });

    expect([rows, columns, pixels.length]).toEqual([750, 1000, 750_000]);
    expect(spacingMm).toEqual([0.04, 0.04]);
    expect(pixels.every((value) => value <= 4095)).toBe(true);
    expect(new Set(pixels).size).toBeGreaterThan(500);
  });

  it.each([
    ['bitewing', () => makeBitewing({ seed: 11, cariesRate: 0.5, spacingMm: COARSE_BITEWING_MM })],
    ['periapical', () => makePeriapical({ seed: 11, cariesRate: 0.6, spacingMm: COARSE_BITEWING_MM })],
    ['panoramic', () => makePanoramic({ seed: 11, cariesRate: 0.3, spacingMm: COARSE_PANORAMIC_MM })],
  ])('has the true lesions of a %s', (_kind, make) => {
    const { truth, columns } = make();

    expect(truth.lesions.length).toBeGreaterThan(3);
    for (const { number, fdi, box, pixels, centre } of truth.lesions) {
      const own = truth.lesionLabels.reduce((count, label) => count + (label === number ? 1 : 0), 0);
      const tooth = truth.teeth.find((candidate) => candidate.fdi === fdi);
      expect(own).toBe(pixels);
      expect(centre[0]).toBeGreaterThan(box.left);
      expect(centre[0]).toBeLessThan(box.right + 1);
      expect(tooth).toBeDefined();
      expect(truth.lesionLabels[box.top * columns + box.left]).toBeDefined();
    }
  });

  it('puts mesial caries on the side of the midline and distal caries away from it', () => {
    const phantoms = [1, 2, 3].map((seed) => makePanoramic({ seed, cariesRate: 0.5, spacingMm: COARSE_PANORAMIC_MM }));

    const proximal = phantoms.flatMap(({ truth }) =>
      truth.lesions.filter(({ surface }) => surface !== 'occlusal').map((lesion) => ({ lesion, truth })),
    );
    const wrong = proximal.filter(({ lesion, truth }) => {
      const tooth = truth.teeth.find(({ fdi }) => fdi === lesion.fdi);
      const onPatientsRight = Math.floor(lesion.fdi / 10) % 4 <= 1;
      const towardsRight = lesion.centre[0] > (tooth?.centre[0] ?? 0);
      return towardsRight !== ((lesion.surface === 'mesial') === onPatientsRight);
    });

    expect(proximal.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('shows the teeth of one jaw from cusp to apex on a periapical, upright for front teeth', () => {
    const phantoms = Array.from({ length: 12 }, (_, seed) => makePeriapical({ seed, spacingMm: 0.2 }));

    for (const { truth, rows, columns } of phantoms) {
      const upright = rows > columns;
      const positions = truth.teeth.map(({ fdi }) => fdi % 10);
      expect(new Set(truth.teeth.map(({ fdi }) => fdi < 30)).size).toBe(1);
      expect(positions.every((position) => (upright ? position <= 4 : position >= 3))).toBe(true);
      expect(truth.teeth.some(({ box }) => (box.bottom - box.top) * 0.2 > 18)).toBe(true);
    }
    expect(new Set(phantoms.map(({ rows, columns }) => rows > columns)).size).toBe(2);
  });

  it('shows caries in dentin darker than the tooth around it', () => {
    const { truth, pixels, columns } = makeBitewing({ seed: 21, cariesRate: 1, spacingMm: COARSE_BITEWING_MM });
    const margin = Math.round(0.6 / COARSE_BITEWING_MM);
    const mean = (indices: readonly number[]): number =>
      indices.reduce((sum, index) => sum + (pixels[index] ?? 0), 0) / Math.max(1, indices.length);

    const contrasts = truth.lesions
      .filter(({ depth }) => depth.startsWith('D'))
      .map(({ number, fdi, box }) => {
        const around = [...pixels.keys()].filter((index) => {
          const column = index % columns;
          const row = (index - column) / columns;
          const near = column >= box.left - margin && column <= box.right + margin;
          return near && row >= box.top - margin && row <= box.bottom + margin && truth.toothLabels[index] === fdi;
        });
        const inside = around.filter((index) => truth.lesionLabels[index] === number);
        const outside = around.filter((index) => truth.lesionLabels[index] === 0 && truth.restorations[index] === 0);
        return mean(inside) - mean(outside);
      });

    expect(contrasts.length).toBeGreaterThan(5);
    expect(contrasts.filter((contrast) => contrast > 0)).toEqual([]);
  });

  it('has no caries at rate 0', () => {
    expect(makeBitewing({ seed: 21, cariesRate: 0, spacingMm: COARSE_BITEWING_MM }).truth.lesions).toEqual([]);
  });

  it('numbers both jaws as a reader sees them: the patient’s right on the picture’s left', () => {
    const { truth } = makePanoramic({ seed: 2, spacingMm: COARSE_PANORAMIC_MM });

    const inOrder = (quadrants: readonly number[]): readonly number[] =>
      truth.teeth
        .filter(({ fdi }) => quadrants.includes(Math.floor(fdi / 10)))
        .toSorted((a, b) => a.centre[0] - b.centre[0])
        .map(({ fdi }) => Math.floor(fdi / 10));
    expect(inOrder([1, 2])).toEqual(inOrder([1, 2]).toSorted());
    expect(inOrder([3, 4])).toEqual(inOrder([3, 4]).toSorted((a, b) => b - a));
  });
});

describe('the score of an answer', () => {
  it('counts found, missed and wrong places', () => {
    const phantom = makeBitewing({ seed: 11, cariesRate: 0.5, spacingMm: COARSE_BITEWING_MM });
    const [first, ...rest] = phantom.truth.lesions;
    const hit = [...phantom.truth.lesionLabels.keys()].filter(
      (index) => phantom.truth.lesionLabels[index] === first?.number,
    );

    const score = scoreLesions(phantom.truth, [hit, [0, 1, 2]]);

    expect(score.found).toEqual([first]);
    expect(score.missed).toEqual(rest);
    expect(score.wrong).toEqual([1]);
    expect(score.matches).toEqual([first, undefined]);
  });
});

describe('a phantom as radiograph', () => {
  it('runs from 0 to 1', () => {
    const { pixels } = radiographOf(makeBitewing({ seed: 3, spacingMm: COARSE_BITEWING_MM }), 3);

    expect(pixels.reduce((least, value) => Math.min(least, value))).toBe(0);
    expect(pixels.reduce((most, value) => Math.max(most, value))).toBe(1);
  });
});
