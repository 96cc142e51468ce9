/** How the bench reports its measurements. */
import { describe, expect, it } from 'vitest';
import type { DecodeTimes } from '../../bench/dicom/decode-hilum.ts';
import { sameSamples } from '../../bench/dicom/same-answers.ts';
import type { BenchSyntax } from '../../bench/dicom/syntaxes.ts';
import type { StartTimes } from '../../bench/imports/measurements.ts';
import { describeImports } from '../../bench/imports/report.ts';
import { withSection } from '../../bench/page.ts';
import { median, spread } from '../../bench/statistics.ts';

describe('the page', () => {
  const page = withSection(withSection('', '## A\n\nold\n\n### Part\n\n1\n'), '## B\n\nkept\n');

  it('replaces the section with the same heading', () => {
    const renewed = withSection(page, '## A\n\nnew\n');

    expect(renewed).toContain('## A\n\nnew\n\n## B\n\nkept\n');
    expect(renewed).not.toContain('old');
    expect(renewed).not.toContain('### Part');
  });

  it('appends a section that it does not have', () => {
    expect(withSection(page, '## C\n\nlast\n')).toMatch(/## A\n.*## B\n.*## C\n\nlast\n$/s);
  });

  it('does not change with an unchanged section', () => {
    expect(withSection(page, '## B\n\nkept\n')).toBe(page);
  });
});

describe('several measurements', () => {
  it('have a median, which is the mean of the middle two for an even number', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });

  it('are shown as median, minimum and maximum', () => {
    expect([spread([3, 1, 2]), spread([1.25], 1), spread([])]).toEqual(['2.00 (1.00–3.00)', '1.3', '–']);
  });
});

describe('readers of the same files', () => {
  const syntax: BenchSyntax = { TransferSyntaxUID: '1.2', name: 'Any', lossless: true, plugins: ['gdcm'] };
  const ours: DecodeTimes = { readMs: 1, decodeMs: 1, bytes: 10, sha256: 'a', mean: 100 };
  const compare = (of: BenchSyntax, theirs: Partial<DecodeTimes>) => () =>
    sameSamples(
      of,
      new Map([
        ['hilum', ours],
        ['gdcm', { ...ours, ...theirs }],
      ]),
    );

  it('must agree bit for bit in a lossless syntax', () => {
    expect(compare(syntax, {})).not.toThrow();
    expect(compare(syntax, { sha256: 'b' })).toThrow("Any: the samples of gdcm differ from Hilum's");
  });

  it('must agree in the mean in a lossy one', () => {
    const lossy = { ...syntax, lossless: false };

    expect(compare(lossy, { sha256: 'b', mean: 100.2 })).not.toThrow();
    expect(compare(lossy, { mean: 101 })).toThrow('the samples of gdcm differ');
    expect(compare(lossy, { bytes: 20 })).toThrow('the samples of gdcm differ');
  });
});

describe('the start-up of functions', () => {
  const taking = (...importMs: readonly number[]): readonly StartTimes[] =>
    importMs.map((ms) => ({ importMs: ms, wallMs: ms / 2, processMs: ms + 30 }));
  const section = describeImports({
    functions: [
      { name: 'route', codeBytes: 1_240_000, goalMs: 150, times: taking(110, 90, 130) },
      { name: 'convert', codeBytes: 2_000_000, times: taking(100) },
    ],
    references: [{ name: 'an empty module', times: taking(1) }],
    repetitions: 3,
    leftOut: ['brain-tissue'],
  });

  it('is reported as median and range, with the goal if there is one', () => {
    expect(section).toContain('| route | 1.2 | 110 (90–130) | ≤ 150 | 55 (45–65) | 140 (120–160) |\n');
    expect(section).toContain('| convert | 2.0 | 100 |  | 50 | 130 |\n');
    expect(section).toContain('| an empty module |  | 1 |  | 1 | 31 |\n');
    expect(section).toContain('\nNot measured, because their models are not on this machine: brain-tissue.\n');
  });

  it('is one section of the page', () => {
    expect(withSection('', section)).toContain('3 repetitions');
    expect(section.match(/^## /gm)).toHaveLength(1);
  });
});
