/** Statistics compared with values computed by hand, or by numpy or R where stated. */
import { describe, expect, it } from 'vitest';
import { isReached, perCase, percentileOf, shareOf, statisticOf, told } from '../../evaluation/metrics.ts';
import {
  areaUnderRoc,
  binaryFigures,
  blandAltman,
  bootstrap,
  confusionMatrix,
  dice,
  exactAgreement,
  frocPoints,
  mean,
  median,
  percentile,
  quadraticKappa,
  sensitivityAt,
  standardDeviation,
  unanimousInterval,
} from '../../evaluation/statistics.ts';

describe('percentiles', () => {
  it.each([
    [2.5, 1.075],
    [25, 1.75],
    [50, 2.5],
    [90, 7.9],
    [0, 1],
    [100, 10],
  ])('are numpy’s: %s %% of 3, 1, 2, 10 is %s', (percent, expected) => {
    expect(percentile([3, 1, 2, 10], percent)).toBeCloseTo(expected, 12);
  });

  it('are not defined without values', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => mean([])).toThrow(RangeError);
  });

  it('do not change the order of their input', () => {
    const values = [3, 1, 2];

    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('the bootstrap', () => {
  const cases = Array.from({ length: 100 }, (_, index) => index);

  it('of a mean has the width of its standard error', () => {
    const [low, high] = bootstrap(cases, mean) ?? [];

    // 29.01 / √100 = 2.90; ± 1.96 of it around 49.5.
    expect(low).toBeCloseTo(49.5 - 1.96 * 2.9, 0);
    expect(high).toBeCloseTo(49.5 + 1.96 * 2.9, 0);
  });

  it('is the same for the same seed, and differs for another', () => {
    expect(bootstrap(cases, mean, { seed: 3 })).toEqual(bootstrap(cases, mean, { seed: 3 }));
    expect(bootstrap(cases, mean, { seed: 3 })).not.toEqual(bootstrap(cases, mean, { seed: 4 }));
  });

  it('leaves out resamples without a value, and gives no interval for fewer than two cases', () => {
    const positives = [true, false, false, false];
    const share = (sample: readonly boolean[]): number => (sample.some((one) => one) ? 1 : Number.NaN);

    expect(bootstrap(positives, share)).toEqual([1, 1]);
    expect(bootstrap([1], mean)).toBeUndefined();
    expect(bootstrap(positives, () => Number.NaN)).toBeUndefined();
  });

  it('resamples whole cases: findings of one case stay together', () => {
    // Ten findings in two cases that disagree: if findings were resampled, the share would hardly ever be 0 or 1.
    const metric = shareOf([{ hits: 5 }, { hits: 0 }], ({ hits }) => [hits, 5]);

    expect(metric).toEqual({ value: 0.5, interval: [0, 1], n: 10 });
  });
});

describe('metrics', () => {
  it('have the exact interval of Clopper and Pearson if all cases agree', () => {
    // R: binom.test(10, 10)$conf.int is 0.6915 to 1; binom.test(0, 10) is 0 to 0.3085.
    expect(unanimousInterval(1, 10)).toEqual([expect.closeTo(0.6915, 4), 1]);
    expect(unanimousInterval(0, 10)).toEqual([0, expect.closeTo(0.3085, 4)]);
    const all = Array.from({ length: 10 }, () => 3);
    expect(shareOf(all, (n) => [n, n])).toEqual({ value: 1, interval: [expect.closeTo(0.6915, 4), 1], n: 30 });
  });

  it('are absent, not 0, if there is nothing to count', () => {
    const none = {
      share: shareOf([1, 2], () => [0, 0]),
      perCase: perCase([], () => 1),
      percentile: percentileOf([1], () => [], 50),
      kappa: statisticOf(
        [1],
        () => [1],
        () => Number.NaN,
      ),
    };

    expect(told(none)).toEqual({});
  });

  it('are pooled over cases', () => {
    const values = [[1, 2, 3], [10], []];

    expect(percentileOf(values, (one) => one, 50, { unit: 'mm' })).toMatchObject({ value: 2.5, n: 4, unit: 'mm' });
    expect(perCase(values, (one) => one.length)).toMatchObject({ value: 4 / 3, n: 3 });
  });

  it('reach their goals or do not', () => {
    const goal = { atLeast: 0.9 };

    expect(isReached({ value: 0.9, n: 1, goal })).toBe(true);
    expect(isReached({ value: 0.89, n: 1, goal })).toBe(false);
    expect(isReached({ value: 0.89, n: 1, goal: { atMost: 0.89 } })).toBe(true);
    expect(isReached({ value: 0.89, n: 1 })).toBeUndefined();
  });
});

describe('agreement', () => {
  const pairs = [
    ['none', 'none', 20],
    ['none', 'mild', 5],
    ['mild', 'none', 3],
    ['mild', 'mild', 10],
    ['mild', 'severe', 2],
    ['severe', 'mild', 4],
    ['severe', 'severe', 6],
  ] as const;
  const answers = pairs.flatMap(([truth, found, count]) => Array.from({ length: count }, () => ({ truth, found })));
  const matrix = confusionMatrix(answers, ['none', 'mild', 'severe']);

  it('is counted in a matrix of truth by finding', () => {
    expect(matrix.counts).toEqual([
      [20, 5, 0],
      [3, 10, 2],
      [0, 4, 6],
    ]);
    expect(exactAgreement(matrix)).toBeCloseTo(36 / 50, 12);
  });

  it('has the weighted kappa that numpy computes by the definition', () => {
    expect(quadraticKappa(matrix)).toBeCloseTo(0.754_385_964_912_280_7, 12);
    expect(
      quadraticKappa({
        labels: ['a', 'b'],
        counts: [
          [2, 0],
          [0, 3],
        ],
      }),
    ).toBe(1);
    expect(
      quadraticKappa({
        labels: ['a', 'b'],
        counts: [
          [1, 1],
          [1, 1],
        ],
      }),
    ).toBe(0);
  });

  it('refuses a label that is not listed', () => {
    expect(() => confusionMatrix([{ truth: 'x', found: 'none' }], ['none'])).toThrow('There is no label x');
  });

  it('of yes and no has sensitivity, specificity and precision', () => {
    const found = binaryFigures([
      { truth: true, found: true },
      { truth: true, found: true },
      { truth: true, found: false },
      { truth: false, found: true },
      { truth: false, found: false },
      { truth: false, found: false },
      { truth: false, found: false },
    ]);

    expect(found).toEqual({ sensitivity: 2 / 3, specificity: 3 / 4, precision: 2 / 3, positives: 3, negatives: 4 });
    expect(binaryFigures([{ truth: false, found: false }]).sensitivity).toBeNaN();
  });

  it('of scores has the area under the curve', () => {
    const truth = true;

    // Pairs: 0.9 beats both, 0.4 beats one and loses to one, 0.5 ties with one and beats the other: (2 + 1 + 1.5) / 6.
    expect(
      areaUnderRoc([
        { truth, score: 0.9 },
        { truth, score: 0.4 },
        { truth, score: 0.5 },
        { truth: false, score: 0.5 },
        { truth: false, score: 0.1 },
      ]),
    ).toBeCloseTo(4.5 / 6, 12);
  });
});

describe('measurements', () => {
  it('have the bias and limits of Bland and Altman (numpy, ddof = 1)', () => {
    const pairs = [1, 2, -1, 0.5].map((difference) => ({ measured: 20 + difference, reference: 20 }));

    const found = blandAltman(pairs);

    expect(found).toEqual({ bias: 0.625, lower: expect.closeTo(-1.825, 9), upper: expect.closeTo(3.075, 9), n: 4 });
    expect(standardDeviation([1, 2, -1, 0.5])).toBeCloseTo(1.25, 12);
  });

  it('have Dice’s coefficient', () => {
    expect(dice([1, 1, 0, 0], [1, 0, 2, 0])).toBe(0.5);
    expect(dice([0, 0], [0, 0])).toBe(1);
    expect(() => dice([1], [1, 0])).toThrow('The masks have 1 and 2 elements');
  });
});

describe('places on pictures', () => {
  const cases = [
    { lesions: 2, detections: [{ score: 0.9, lesion: 'a' }, { score: 0.6 }, { score: 0.5, lesion: 'a' }] },
    { lesions: 1, detections: [{ score: 0.7 }, { score: 0.7, lesion: 'x' }] },
  ];

  it('make a curve in which a lesion counts once and places of equal score form one point', () => {
    expect(frocPoints(cases)).toEqual([
      { threshold: 0.9, falsePerCase: 0, sensitivity: 1 / 3 },
      { threshold: 0.7, falsePerCase: 0.5, sensitivity: 2 / 3 },
      { threshold: 0.6, falsePerCase: 1, sensitivity: 2 / 3 },
      { threshold: 0.5, falsePerCase: 1, sensitivity: 2 / 3 },
    ]);
  });

  it('have a sensitivity at a number of false ones', () => {
    const points = frocPoints(cases);

    expect([0, 0.4, 0.5, 4].map((most) => sensitivityAt(points, most))).toEqual([1 / 3, 1 / 3, 2 / 3, 2 / 3]);
    expect(sensitivityAt([], 1)).toBe(0);
  });
});
