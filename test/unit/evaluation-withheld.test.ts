/** Tests of the figures about what the spine tool withholds, and about its certainty. */
import { describe, expect, it } from 'vitest';
import { told } from '#evaluation/metrics.ts';
import { certaintyMetrics, equalBins } from '#evaluation/vertebral-fracture/certainty.ts';
import { withheldMetrics, withheldTable } from '#evaluation/vertebral-fracture/withheld.ts';

describe('what is withheld', () => {
  const cases = [
    [
      { grade: 0, lossPercent: 0, given: 0, reason: '' },
      { grade: 0, lossPercent: 5, reason: 'lowest' },
      { grade: 3, lossPercent: 45, given: 2, reason: '' },
    ],
    [
      { grade: 0, lossPercent: 0, given: 0, reason: '' },
      { grade: 0, lossPercent: 0, given: 1, reason: '' },
      { grade: 2, lossPercent: 33, reason: 'lowest' },
      { grade: 2, lossPercent: 26, given: 0, reason: '' },
    ],
  ];

  it('is compared between sound and fractured bodies', () => {
    const metrics = withheldMetrics(cases, (one) => one);

    expect(metrics['withheldSound']?.value).toBeCloseTo(1 / 4);
    expect(metrics['withheldFractured']?.value).toBeCloseTo(1 / 3);
    expect(metrics['withheldRatio']?.value).toBeCloseTo(4 / 3);
    expect(metrics['calledFrom30']).toMatchObject({ value: 0.5, n: 2 });
  });

  it('is counted by reason', () => {
    expect(withheldTable(cases, (one) => one).rows).toEqual([['lowest', '1', '0', '1']]);
  });
});

describe('certainty', () => {
  const answers = [0.5, 0.5, 0.6, 0.8, 0.8, 0.8, 0.9, 0.9, 0.9].map((certainty, index) => ({
    certainty,
    right: index > 1,
  }));

  it('is compared with the share of right answers in three bins of equal size', () => {
    expect(equalBins(answers).map(({ n }) => n)).toEqual([3, 3, 3]);
    expect(equalBins(answers)[0]?.right).toBeCloseTo(1 / 3);
    const metrics = certaintyMetrics([answers], (one) => one);
    expect(metrics['certaintyBinError']?.value).toBeCloseTo(1.6 / 3 - 1 / 3);
    expect(metrics['certaintyBin3Mean']).toEqual({ value: 0.9, n: 3 });
    expect(metrics['certaintyBin2Right']).toEqual({ value: 1, n: 3 });
  });

  it('has no figure if none is given', () => {
    expect(told(certaintyMetrics([[]], (one) => one))).toEqual({});
  });
});
