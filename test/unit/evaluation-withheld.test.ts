/** Tests of the figures about what the spine tool withholds. */
import { describe, expect, it } from 'vitest';
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
